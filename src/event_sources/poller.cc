#include "event_sources/poller.h"

#include "base/log.h"
#include "codec/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

namespace gust::event_sources {
namespace {

constexpr std::size_t kReadAtOnce = 1000;
constexpr std::size_t kDeepestRecord = 200;  // an item has 32 levels, each of which is two in JSON
constexpr std::size_t kSkipsSaved = 1000;  // records that nobody wants cost no row each

}  // namespace

Counts::Counts(telemetry::Metrics& metrics)
    : batches(metrics.counter("gust_event_source_batches_total", "Batches that functions were invoked with.")),
      failed_batches(
          metrics.counter("gust_event_source_failed_batches_total", "Of these, those that failed, at least in part.")),
      records(metrics.counter("gust_event_source_records_total", "Records that functions have done.")),
      filtered(metrics.counter("gust_event_source_filtered_records_total", "Records that no filter wanted.")),
      given_up(metrics.counter("gust_event_source_given_up_records_total",
                               "Records that were given up: too old, or tried too often.")) {}

class Poller::Busy {
 public:
  explicit Busy(std::shared_ptr<Poller> poller) : poller_(std::move(poller)) {}
  ~Busy() {
    --poller_->busy_;
    poller_->left_.pulse();
  }
  Busy(const Busy&) = delete;

 private:
  std::shared_ptr<Poller> poller_;
};

Poller::Poller(async::Executor executor, Parts parts, Mapping mapping, std::string shard)
    : parts_(parts),
      mapping_(std::move(mapping)),
      shard_(std::move(shard)),
      changes_(parts.source.changes(mapping_.source_arn)),
      room_(executor),
      stopped_(executor),
      left_(executor),
      over_(executor) {
  for (const auto& text : mapping_.settings.filters) {
    // They were checked when they were set.
    if (auto filter = events::Pattern::parse(text)) filters_.push_back(*std::move(filter));
  }
  for (std::uint32_t i = 0; i < std::max(1u, mapping_.settings.lanes); ++i) lanes_.emplace_back(executor);
}

void Poller::stop() {
  stopping_ = true;
  stopped_.set();
  wake_all();
}

void Poller::wake_all() {
  changes_->set();
  room_.pulse();
  for (auto& lane : lanes_) lane.changed.pulse();
}

std::optional<WallTime> Poller::oldest() const { return progress_ ? progress_->oldest() : std::nullopt; }

async::Task<void> Poller::run(std::shared_ptr<async::TaskGroup> tasks) {
  GUST_CO_CHECK(co_await load());
  const auto self = shared_from_this();
  busy_ = lanes_.size() + 1;
  for (auto& lane : lanes_) tasks->spawn(work(self, lane));
  tasks->spawn(read_all(self));
  while (busy_ > 0) GUST_CO_CHECK(co_await left_.wait());
  if (skipped_ > 0) GUST_CO_CHECK(co_await save());
  co_return Result<void>{};
}

async::Task<void> Poller::load() {
  for (std::uint32_t tries = 1;; ++tries) {
    auto found = co_await parts_.checkpoints.load(mapping_, shard_);
    if (!found && found.error().code == Code::kCancelled) co_return std::unexpected(found.error());
    if (found) {
      const auto checkpoint = found->value_or(Checkpoint{});
      result_ = checkpoint.result;
      read_to_ = checkpoint.position;
      progress_.emplace(checkpoint.position);
      co_return Result<void>{};
    }
    GUST_WARN("event source mapping {}: {}; trying again", mapping_.id, found.error().message);
    GUST_CO_CHECK(co_await pause(tries));
  }
}

async::Task<void> Poller::read_all(std::shared_ptr<Poller> self) {
  const Busy busy(self);
  auto& poller = *self;
  std::uint32_t failures = 0;
  while (!poller.stopping_) {
    if (poller.is_stuffed()) {
      GUST_CO_CHECK(co_await poller.parts_.timing.wait(poller.room_, Timing::kNever));
      continue;
    }
    poller.changes_->reset();
    auto piece =
        co_await poller.parts_.source.read(poller.mapping_.source_arn, poller.shard_, poller.read_to_, kReadAtOnce);
    if (!piece && piece.error().code == Code::kCancelled) co_return std::unexpected(piece.error());
    if (!piece) {
      if (++failures == 1) GUST_WARN("event source mapping {}: {}", poller.mapping_.id, piece.error().message);
      GUST_CO_CHECK(co_await poller.note(kSourceFailed));
      GUST_CO_CHECK(co_await poller.pause(failures));
      continue;
    }
    failures = 0;
    const bool ended = piece->ended, more = piece->more;
    poller.take(*std::move(piece));
    if (poller.skipped_ >= kSkipsSaved) GUST_CO_CHECK(co_await poller.save());
    if (ended) break;
    if (!more) GUST_CO_CHECK(co_await poller.parts_.timing.wait(*poller.changes_, Timing::kNever));
  }
  poller.ended_ = true;
  poller.wake_all();
  co_return Result<void>{};
}

bool Poller::is_wanted(const Record& record) const {
  if (filters_.empty()) return true;
  const auto document = codec::parse_json(record.json, kDeepestRecord);
  return !document || std::ranges::any_of(filters_, [&](const auto& filter) { return filter.matches(*document); });
}

void Poller::take(Source::Piece piece) {
  const auto now = parts_.timing.now();
  std::size_t dropped = 0;
  for (auto& record : piece.records) {
    if (!is_wanted(record)) {
      ++dropped;
      progress_->skip(record.position);
      continue;
    }
    auto& lane = lanes_[std::hash<std::string>()(record.key) % lanes_.size()];
    const auto number = progress_->add(record.position, record.at);
    const auto bytes = record.json.size() + 1;
    ++buffered_;
    buffered_bytes_ += bytes;
    lane.bytes += bytes;
    lane.waiting.push_back({std::move(record), number, now});
  }
  if (dropped > 0) parts_.counts.filtered.add(dropped);
  skipped_ += dropped;
  if (dropped < piece.records.size()) {
    for (auto& lane : lanes_) lane.changed.pulse();
  }
  read_to_ = std::move(piece.next);
}

// What waits is bounded, and yet is enough for a whole batch of each lane.
bool Poller::is_stuffed() const {
  const std::size_t most = std::max<std::size_t>(2 * mapping_.settings.batch_size, 100) * lanes_.size();
  return buffered_ >= most || buffered_bytes_ >= kMaxEventBytes + kMaxEventBytes / 2 * lanes_.size();
}

bool Poller::is_full(const Lane& lane) const {
  return lane.waiting.size() >= mapping_.settings.batch_size || lane.bytes + kEventFrame >= kMaxEventBytes;
}

async::Task<Batch> Poller::collect(Lane& lane) {
  auto& timing = parts_.timing;
  while (lane.waiting.empty() && !stopping_ && !ended_)
    GUST_CO_CHECK(co_await timing.wait(lane.changed, Timing::kNever));
  if (stopping_ || lane.waiting.empty()) co_return Batch{};
  const auto begin = std::max(lane.free_at, lane.waiting.front().seen);
  const auto until = begin + std::chrono::seconds(mapping_.settings.window_s);
  while (!is_full(lane) && timing.now() < until && !stopping_ && !ended_)
    GUST_CO_CHECK(co_await timing.wait(lane.changed, until));
  if (stopping_) co_return Batch{};
  co_return cut(lane);
}

Batch Poller::cut(Lane& lane) {
  Batch out;
  for (std::size_t bytes = kEventFrame; !lane.waiting.empty() && out.size() < mapping_.settings.batch_size;) {
    auto& next = lane.waiting.front();
    const auto size = next.record.json.size() + 1;
    if (!out.empty() && bytes + size > kMaxEventBytes) break;
    bytes += size;
    lane.bytes -= size;
    out.records.push_back(std::move(next.record));
    out.numbers.push_back(next.number);
    lane.waiting.pop_front();
  }
  return out;
}

async::Task<void> Poller::work(std::shared_ptr<Poller> self, Lane& lane) {
  const Busy busy(self);
  while (!self->stopping_) {
    GUST_CO_TRY(auto batch, co_await self->collect(lane));
    if (batch.empty()) break;
    GUST_CO_CHECK(co_await self->deliver(std::move(batch)));
    lane.free_at = self->parts_.timing.now();
  }
  co_return Result<void>{};
}

}  // namespace gust::event_sources
