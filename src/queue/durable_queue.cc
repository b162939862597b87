#include "queue/durable_queue.h"

#include "base/log.h"
#include "kv/key.h"
#include "queue/rows.h"

#include <fmt/format.h>

#include <algorithm>

namespace gust::queue {
namespace {

constexpr std::size_t kScan = 256;
constexpr Millis kPoll{60'000};  // how long to wait when nothing is known to become available

}  // namespace

DurableQueue::DurableQueue(async::Executor executor, kv::Store& store, env::Clock& clock, std::string name)
    : executor_(executor),
      store_(store),
      clock_(clock),
      prefix_("q/" + std::move(name) + "/"),
      changed_(executor),
      frontier_(std::make_shared<kv::Frontier>(prefix_ + "r/")) {}

std::string DurableQueue::ready_key(WallTime at, std::string_view id) const {
  std::string key = prefix_ + "r/";
  kv::append_number(key, static_cast<std::uint64_t>(to_epoch_ms(at)));
  key += id;
  return key;
}

std::string DurableQueue::message_key(std::string_view id) const { return prefix_ + "m/" + std::string(id); }
std::string DurableQueue::dead_key(std::string_view id) const { return prefix_ + "d/" + std::string(id); }

async::Task<void> DurableQueue::open() {
  // Leases are only in memory, so that nothing has to be undone: every row that is there is available at its time.
  held_.clear();
  frontier_->begin_again();
  GUST_CO_TRY(const auto now, co_await depth());
  if (now.waiting > 0) GUST_INFO("queue {}: {} messages are waiting from before", prefix_, now.waiting);
  co_return Result<void>{};
}

void DurableQueue::notify() {
  ++changes_;
  changed_.pulse();
}

Result<void> DurableQueue::enqueue(kv::Transaction& tx, const Message& message, WallTime available_at) {
  GUST_TRY(const auto there, tx.get(message_key(message.id)));
  if (there) return {};
  auto ready = ready_key(available_at, message.id);
  tx.put(message_key(message.id), encode_message(message, available_at));
  tx.put(ready, "");
  kv::Frontier::appears_with(tx, frontier_, std::move(ready));
  return {};
}

void DurableQueue::release_expired() {
  const auto now = clock_.now();
  std::erase_if(held_, [&](const auto& held) {
    if (held.second.until > now) return false;
    frontier_->appeared(ready_key(held.second.available_at, held.first));
    return true;
  });
}

async::Task<std::vector<Lease>> DurableQueue::take(std::size_t max, Millis duration) {
  std::vector<Lease> leases;
  release_expired();
  const auto now = clock_.now();
  if (now < last_take_) frontier_->begin_again();  // the clock was set back
  last_take_ = now;
  kv::Frontier::Scan scan(*frontier_);
  kv::Range range{.begin = scan.from(), .end = ready_key(now + Millis(1), ""), .limit = kScan};
  while (leases.size() < max && range.begin < range.end) {
    GUST_CO_TRY(const auto rows, co_await store_.scan(range));
    range.begin = rows.size() < kScan ? range.end : rows.back().key + '\0';
    for (const auto& row : rows) {
      if (leases.size() == max) {
        range.begin = row.key;
        break;
      }
      GUST_CO_TRY(auto lease, co_await take_one(row.key, now, duration));
      if (lease) leases.push_back(*std::move(lease));
    }
  }
  scan.passed(std::move(range.begin));
  co_return leases;
}

async::Task<std::optional<Lease>> DurableQueue::take_one(std::string ready, WallTime now, Millis duration) {
  const auto id = ready.substr(prefix_.size() + 2 + 8);
  if (held_.contains(id)) co_return std::nullopt;
  const auto token = next_token_++;
  held_[id] = Held{token, now + duration, now};  // before the wait below: no other worker takes it meanwhile
  const auto bytes = co_await store_.get(message_key(id));
  auto stored = bytes && *bytes ? decode_message(**bytes) : fail(Code::kNotFound, "settled between the two reads");
  if (!stored || ready_key(stored->available_at, id) != ready) {
    if (!stored && stored.error().code == Code::kCorrupt) {
      GUST_ERROR("queue {}: message {}: {}; it is left where it is", prefix_, id, stored.error().message);
      held_[id].until = WallTime::max();  // the others are not held up by it
      co_return std::nullopt;
    }
    held_.erase(id);
    // While it was held another scan may have passed it.
    if (stored) frontier_->appeared(ready_key(stored->available_at, id));
    if (bytes) co_return std::nullopt;
    frontier_->appeared(ready);
    co_return std::unexpected(bytes.error());
  }
  held_[id].available_at = stored->available_at;
  ++stored->message.attempts;
  co_return Lease{std::move(stored->message), token, now + duration};
}

async::Task<SteadyTime> DurableQueue::next_change(SteadyTime deadline) {
  const auto now = clock_.now();
  auto next = now + kPoll;
  for (const auto& [id, held] : held_) next = std::min(next, held.until);
  kv::Range range{.begin = ready_key(now + Millis(1), ""), .end = kv::after_prefix(prefix_ + "r/"), .limit = 1};
  GUST_CO_TRY(const auto rows, co_await store_.scan(range));
  if (!rows.empty()) {
    std::string_view key = std::string_view(rows[0].key).substr(prefix_.size() + 2);
    std::uint64_t at = 0;
    if (kv::take_number(key, at)) next = std::min(next, from_epoch_ms(static_cast<std::int64_t>(at)));
  }
  const auto wait = std::max<Millis>(next - now, Millis(1));
  co_return std::min(deadline, std::chrono::steady_clock::now() + wait);
}

async::Task<std::vector<Lease>> DurableQueue::lease(std::size_t max, Millis duration, SteadyTime deadline) {
  for (;;) {
    const auto seen = changes_;
    GUST_CO_TRY(auto leases, co_await take(max, duration));
    if (!leases.empty()) co_return leases;
    GUST_CO_TRY(const auto until, co_await next_change(deadline));
    if (seen != changes_) continue;  // something came while looking
    const auto woken = co_await changed_.wait(until);
    if (!woken && woken.error().code != Code::kTimeout) co_return std::unexpected(woken.error());
    if (!woken && std::chrono::steady_clock::now() >= deadline) co_return std::vector<Lease>{};
  }
}

async::Task<void> DurableQueue::settle(Lease lease, std::function<Result<void>(kv::Transaction&)> end) {
  release_expired();
  const auto held = held_.find(lease.message.id);
  if (held == held_.end() || held->second.token != lease.token) {
    co_return fail(Code::kPrecondition, fmt::format("message {}: the lease is not held any more", lease.message.id),
                   "lease");
  }
  const auto ready = ready_key(held->second.available_at, lease.message.id);
  held->second.until = WallTime::max();  // cannot expire while the rows are being written
  kv::Store::Body body = [end = std::move(end), ready](kv::Transaction& tx) -> Result<void> {
    tx.erase(ready);
    return end(tx);
  };
  const auto done = co_await store_.transact(std::move(body));
  if (const auto again = held_.find(lease.message.id); again != held_.end() && again->second.token == lease.token) {
    if (done) {
      held_.erase(again);
    } else {
      again->second.until = lease.until;
    }
  }
  notify();
  co_return done;
}

async::Task<void> DurableQueue::acknowledge(Lease lease) {
  auto end = [key = message_key(lease.message.id)](kv::Transaction& tx) -> Result<void> {
    tx.erase(key);
    return {};
  };
  co_return co_await settle(std::move(lease), std::move(end));
}

async::Task<void> DurableQueue::retry(Lease lease, WallTime available_at) {
  const auto id = lease.message.id;
  const auto ready = ready_key(available_at, id);
  auto end = [message = lease.message, available_at, key = message_key(id),
              ready](kv::Transaction& tx) -> Result<void> {
    tx.put(key, encode_message(message, available_at));
    tx.put(ready, "");
    return {};
  };
  const auto done = co_await settle(std::move(lease), std::move(end));
  frontier_->appeared(ready);  // only now: it was held while the rows were written
  co_return done;
}

async::Task<void> DurableQueue::bury(Lease lease, std::string reason) {
  const auto id = lease.message.id;
  auto end = [row = encode_dead({lease.message, std::move(reason), clock_.now()}), key = message_key(id),
              dead = dead_key(id)](kv::Transaction& tx) -> Result<void> {
    tx.erase(key);
    tx.put(dead, row);
    return {};
  };
  co_return co_await settle(std::move(lease), std::move(end));
}

async::Task<Lease> DurableQueue::extend(Lease lease, Millis duration) {
  release_expired();
  const auto held = held_.find(lease.message.id);
  if (held == held_.end() || held->second.token != lease.token) {
    co_return fail(Code::kPrecondition, fmt::format("message {}: the lease is not held any more", lease.message.id),
                   "lease");
  }
  held->second.until = lease.until = clock_.now() + duration;
  co_return lease;
}

async::Task<std::vector<DeadLetter>> DurableQueue::dead(std::string after_id, std::size_t max) {
  auto range = kv::Range::prefix(prefix_ + "d/", max);
  if (!after_id.empty()) range.begin = dead_key(after_id) + '\0';
  GUST_CO_TRY(const auto rows, co_await store_.scan(range));
  std::vector<DeadLetter> letters;
  for (const auto& row : rows) {
    GUST_CO_TRY(auto letter, decode_dead(row.value));
    letters.push_back(std::move(letter));
  }
  co_return letters;
}

async::Task<void> DurableQueue::revive(std::string id, std::string body) {
  const auto now = clock_.now();
  kv::Store::Body put_back = [this, id, body, now](kv::Transaction& tx) -> Result<void> {
    GUST_TRY(const auto row, tx.get(dead_key(id)));
    if (!row) return fail(Code::kNotFound, fmt::format("there is no dead letter '{}'", id), "dead letter");
    GUST_TRY(auto letter, decode_dead(*row));
    letter.message.attempts = 0;
    letter.message.body = body;
    letter.message.enqueued_at = now;  // its age begins again
    tx.erase(dead_key(id));
    return enqueue(tx, letter.message, now);
  };
  GUST_CO_CHECK(co_await store_.transact(std::move(put_back)));
  notify();
  co_return Result<void>{};
}

async::Task<void> DurableQueue::drop(std::string id) {
  kv::Store::Body body = [this, id](kv::Transaction& tx) -> Result<void> {
    GUST_TRY(const auto row, tx.get(dead_key(id)));
    if (!row) return fail(Code::kNotFound, fmt::format("there is no dead letter '{}'", id), "dead letter");
    tx.erase(dead_key(id));
    return {};
  };
  co_return co_await store_.transact(std::move(body));
}

async::Task<std::uint64_t> DurableQueue::count(std::string prefix) {
  std::uint64_t n = 0;
  auto range = kv::Range::prefix(std::move(prefix));
  for (;;) {
    GUST_CO_TRY(const auto rows, co_await store_.scan(range));
    n += rows.size();
    if (rows.size() < range.limit) co_return n;
    range.begin = rows.back().key + '\0';
  }
}

async::Task<Queue::Depth> DurableQueue::depth() {
  GUST_CO_TRY(const auto messages, co_await count(prefix_ + "m/"));
  GUST_CO_TRY(const auto letters, co_await count(prefix_ + "d/"));
  const auto leased = std::min<std::uint64_t>(held_.size(), messages);
  co_return Depth{.waiting = messages - leased, .leased = leased, .dead = letters};
}

}  // namespace gust::queue
