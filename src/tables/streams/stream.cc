#include "tables/streams/stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

namespace gust::tables {
namespace {

constexpr std::size_t kSequenceDigits = 21;  // the service's have as many, or more

}  // namespace

std::size_t size_of(const StreamRecord& record) {
  std::size_t sum = size_of(record.keys);
  if (record.before) sum += size_of(*record.before);
  if (record.after) sum += size_of(*record.after);
  return sum;
}

std::string_view name_of(EventName event) {
  switch (event) {
    case EventName::kInsert: return "INSERT";
    case EventName::kModify: return "MODIFY";
    case EventName::kRemove: return "REMOVE";
  }
  return "";
}

std::string sequence_text(std::uint64_t sequence) { return fmt::format("1{:020}", sequence); }

Result<std::uint64_t> parse_sequence(std::string_view text) {
  std::uint64_t sequence = 0;
  const auto* end = text.data() + text.size();
  const bool known = text.size() == kSequenceDigits && text[0] == '1' && text[1] >= '0' && text[1] <= '9';
  if (known) {
    const auto [stopped, error] = std::from_chars(text.data() + 1, end, sequence);
    if (error == std::errc() && stopped == end) return sequence;
  }
  return fail(Code::kInvalid, fmt::format("'{}' is no sequence number of this stream", text), "sequence");
}

std::uint64_t sequence_at(WallTime time) {
  const auto ms = to_epoch_ms(time);
  return ms <= 0 ? 0 : (static_cast<std::uint64_t>(ms) << 16) - 1;
}

std::shared_ptr<Sequences::Ticket> Sequences::open() {
  std::lock_guard lock(mutex_);
  return std::make_shared<Ticket>(shared_from_this(), ++steps_);
}

void Sequences::Ticket::end(End how) {
  if (first_ != 0) owner_->end(*this, how);
}

void Sequences::end(Ticket& ticket, End how) {
  std::vector<std::string> settled;
  {
    std::lock_guard lock(mutex_);
    close(ticket, how);
    if (!listener_) return;
    // One that waits for another's end is told of then.
    for (const auto& stream : ticket.streams_) unsettled_[stream] = ticket.last_;
    ticket.streams_.clear();
    std::erase_if(unsettled_, [&](const auto& one) {
      if (!open_.empty() && one.second >= *open_.begin()) return false;
      settled.push_back(one.first);
      return true;
    });
  }
  for (const auto& stream : settled) listener_(stream);
}

void Sequences::close(Ticket& ticket, End how) {
  const auto first = std::exchange(ticket.first_, 0);
  if (how == End::kInDoubt) {
    doubts_[++steps_] = first;
  } else {
    open_.erase(open_.find(first));
  }
  if (how != End::kCommitted) return;
  const auto cleared = doubts_.lower_bound(ticket.opened_);
  for (auto doubt = doubts_.begin(); doubt != cleared; ++doubt) open_.erase(open_.find(doubt->second));
  doubts_.erase(doubts_.begin(), cleared);
}

std::uint64_t Sequences::next(Ticket& ticket, const StreamName& stream, WallTime now) {
  std::lock_guard lock(mutex_);
  last_ = std::max(sequence_at(now), last_) + 1;
  // Of a body that runs again the numbers before stay open, too: they are lower.
  if (ticket.first_ == 0) {
    ticket.first_ = last_;
    open_.insert(last_);
  }
  ticket.last_ = last_;
  if (listener_) ticket.streams_.insert(text(stream));
  return last_;
}

std::uint64_t Sequences::settled(WallTime now) {
  std::lock_guard lock(mutex_);
  if (!open_.empty()) return *open_.begin() - 1;
  last_ = std::max(last_, sequence_at(now));
  return last_;
}

bool Sequences::knows(const StreamName& stream) const {
  std::lock_guard lock(mutex_);
  return known_.contains(text(stream));
}

void Sequences::learn(const StreamName& stream, std::uint64_t last) {
  std::lock_guard lock(mutex_);
  last_ = std::max(last_, last);
  known_.insert(text(stream));
}

}  // namespace gust::tables
