#include "logs/event_store.h"

#include "base/log.h"
#include "logs/open_group.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

namespace gust::logs {
namespace {

constexpr std::size_t kMaxWaiting = 16 << 20;  // bytes that nobody waits for; past it events are lost
constexpr Millis kPause{5};                    // what comes within it goes together

std::unexpected<Error> no_group() {
  return fail(Code::kNotFound, "The specified log group does not exist.", "group");
}

}  // namespace

// Of a group, what nobody waits for.
struct EventStore::Added {
  std::vector<NewEvent> events;
  std::uint64_t lost = 0;
  std::uint64_t given = 0, settled = 0;  // events: added so far, and of these written or given up
  SteadyTime written_at{};
  bool writing = false;
  std::optional<async::Event> came;
};

EventStore::EventStore(async::Executor executor, Groups& groups, env::Clock& clock, std::string folder,
                       GroupFolder::Limits limits)
    : executor_(executor),
      groups_(groups),
      clock_(clock),
      folder_(std::move(folder)),
      limits_(limits),
      writer_("logs", 1, 100'000),
      searchers_("log-search", 2, 64),
      tasks_(executor, "logs") {}

EventStore::~EventStore() = default;

async::Task<EventStore::Shared> EventStore::open(GroupKey key) {
  const auto* const row = groups_.find(key);
  if (row == nullptr) co_return no_group();
  auto& slot = open_[key];
  if (!slot || slot->id != row->id) slot = std::make_shared<Open>(executor_, *row, folder_, limits_);
  const auto group = slot;
  if (!group->loaded && !std::exchange(group->loading, true)) {
    const auto loaded = co_await load(group);
    group->loading = false;
    if (!loaded) {
      group->ready.pulse();
      co_return std::unexpected(loaded.error());
    }
    group->loaded = true;
    group->ready.set();
  }
  if (!group->loaded) GUST_CO_CHECK(co_await group->ready.wait());
  if (!group->loaded) co_return fail(Code::kUnavailable, "the log group could not be read; see the log", "group");
  co_return group;
}

async::Task<void> EventStore::load(Shared group) {
  GUST_CO_TRY(const auto rows, co_await groups_.streams(group->id));
  std::uint64_t least = 1;
  for (const auto& row : rows) least = std::max(least, row.below_block);
  auto job = [group, least]() -> Result<GroupFolder::Content> { return group->folder.open(least); };
  GUST_CO_TRY(auto content, co_await writer_.run(std::move(job)));
  if (const auto* const row = groups_.find(group->key); row != nullptr) {
    for (const auto& each : row->subscriptions) content.next_sequence = std::max(content.next_sequence, each.delivered);
  }
  group->take(std::move(content), rows);
  co_return Result<void>{};
}

async::Task<void> EventStore::write(Shared group, std::vector<NewEvent> events) {
  if (events.empty()) co_return Result<void>{};
  auto batch = std::make_shared<Batch>();
  const auto now = to_epoch_ms(clock_.now());
  for (auto& event : events) {
    batch->push_back({event.at_ms, now, group->next_sequence++, std::move(event.stream), std::move(event.request_id),
                      std::move(event.message)});
  }
  SharedBatch shared = std::move(batch);
  auto job = [group, shared]() -> Result<SharedBlock> { return group->folder.append(shared); };
  GUST_CO_TRY(const auto block, co_await writer_.run(std::move(job)));
  group->publish(shared);
  if (block) group->seal(block);
  if (stored_) std::ranges::for_each(*shared, [&](const Event& event) { stored_(group->key, event); });
  co_return Result<void>{};
}

async::Task<void> EventStore::put(GroupKey key, std::vector<NewEvent> events) {
  GUST_CO_TRY(const auto group, co_await open(std::move(key)));
  co_return co_await write(group, std::move(events));
}

void EventStore::add(const GroupKey& key, NewEvent event) {
  auto& slot = added_[key];
  if (!slot) {
    slot = std::make_unique<Added>();
    slot->came.emplace(executor_);
  }
  if (waiting_ >= kMaxWaiting) {
    ++slot->lost;
    return;
  }
  if (slot->lost > 0) {
    const auto told = fmt::format("{} lines were lost: they came faster than the disk takes them", slot->lost);
    slot->events.push_back({event.at_ms, event.stream, "", told});
    slot->lost = 0;
  }
  waiting_ += event.message.size() + kEventOverhead;
  slot->events.push_back(std::move(event));
  ++slot->given;
  if (!std::exchange(slot->writing, true)) tasks_.spawn(write_added(key));
}

// At once after a while of silence. Under load what comes within a pause goes together: a wake-up of the writer costs
// more than the lines of an invocation.
async::Task<void> EventStore::write_added(GroupKey key) {
  auto& added = *added_.at(key);
  while (!added.events.empty()) {
    [[maybe_unused]] const auto slept = co_await async::sleep_until(added.written_at + kPause);
    added.written_at = std::chrono::steady_clock::now();
    auto events = std::exchange(added.events, {});
    const auto until = added.given;
    std::size_t size = 0;
    for (const auto& event : events) size += event.message.size() + kEventOverhead;
    auto row = co_await groups_.ensure(key);
    auto done = row ? Result<void>() : std::unexpected(row.error());
    if (done) done = co_await put(key, std::move(events));
    waiting_ -= std::min(waiting_, size);
    if (!done) GUST_WARN("logs: lines of {} are lost: {}", key.name, done.error().message);
    added.settled = until;
    added.came->pulse();
  }
  added.writing = false;
  co_return Result<void>{};
}

async::Task<void> EventStore::flush() {
  std::vector<std::pair<Added*, std::uint64_t>> wanted;
  for (auto& [key, added] : added_) wanted.emplace_back(added.get(), added->given);
  for (const auto& [added, until] : wanted) {
    while (added->settled < until) GUST_CO_CHECK(co_await added->came->wait());
  }
  co_return Result<void>{};
}

void EventStore::limit_to_retention(const Open& group, SearchQuery& query) const {
  const auto* const row = groups_.find(group.key);
  if (row == nullptr || !row->retention_days) return;
  const auto oldest = to_epoch_ms(clock_.now() - std::chrono::days(*row->retention_days));
  query.low = std::max(query.low, Position{oldest, 0});
}

Corpus EventStore::corpus_of(const Open& group, const SearchQuery& query) const {
  Corpus out;
  for (const auto& block : group.blocks) {
    if (block->header.last_ms >= query.low.at_ms && block->header.first_ms <= query.high.at_ms)
      out.blocks.push_back(block);
  }
  out.tail = group.tail;
  out.below_block = group.below_block;
  return out;
}

async::Task<SearchResult> EventStore::search(GroupKey key, SearchQuery query) {
  GUST_CO_TRY(const auto group, co_await open(std::move(key)));
  limit_to_retention(*group, query);
  auto job = [corpus = corpus_of(*group, query), query]() -> Result<SearchResult> {
    return logs::search(corpus, query);
  };
  co_return co_await searchers_.run(std::move(job));
}

async::Task<ScanStatistics> EventStore::scan(GroupKey key, SearchQuery query, std::function<bool(Event)> take) {
  GUST_CO_TRY(const auto group, co_await open(std::move(key)));
  limit_to_retention(*group, query);
  auto job = [corpus = corpus_of(*group, query), query, take = std::move(take)]() -> Result<ScanStatistics> {
    return logs::scan(corpus, query, take);
  };
  co_return co_await searchers_.run(std::move(job));
}

async::Task<std::vector<Event>> EventStore::since(GroupKey key, std::uint64_t from, std::size_t limit) {
  GUST_CO_TRY(const auto group, co_await open(std::move(key)));
  if (group->tail.empty() ? from >= group->published : from >= group->tail.front()->front().sequence)
    co_return group->of_tail(from, limit);
  Corpus corpus = corpus_of(*group, {});
  std::erase_if(corpus.blocks, [&](const auto& block) { return block->header.last_sequence < from; });
  // Blocks follow one another as their events came; each is in the order of time.
  auto job = [corpus = std::move(corpus), from, limit]() -> Result<std::vector<Event>> {
    return events_since(corpus, from, limit);
  };
  co_return co_await searchers_.run(std::move(job));
}

async::Task<std::uint64_t> EventStore::next_sequence(GroupKey key) {
  GUST_CO_TRY(const auto group, co_await open(std::move(key)));
  co_return group->published;
}

async::Task<void> EventStore::wait(GroupKey key, std::uint64_t seen, SteadyTime deadline) {
  GUST_CO_TRY(const auto group, co_await open(std::move(key)));
  if (group->published > seen) co_return Result<void>{};
  co_return co_await group->came.wait(deadline);
}

async::Task<std::vector<StreamInfo>> EventStore::streams(GroupKey key) {
  GUST_CO_TRY(const auto group, co_await open(std::move(key)));
  std::vector<StreamInfo> out;
  for (const auto& [name, info] : group->streams) out.push_back(info);
  co_return out;
}

async::Task<std::optional<StreamInfo>> EventStore::stream(GroupKey key, std::string name) {
  GUST_CO_TRY(const auto group, co_await open(std::move(key)));
  const auto found = group->streams.find(name);
  co_return found == group->streams.end() ? std::nullopt : std::optional(found->second);
}

async::Task<std::uint64_t> EventStore::stored_bytes(GroupKey key) {
  GUST_CO_TRY(const auto group, co_await open(std::move(key)));
  std::uint64_t out = 0;
  for (const auto& [name, info] : group->streams) out += info.share.bytes;
  co_return out;
}

async::Task<void> EventStore::create_stream(GroupKey key, std::string name) {
  GUST_CO_TRY(const auto group, co_await open(std::move(key)));
  if (!group->streams.try_emplace(name).second)
    co_return fail(Code::kAlreadyExists, "The specified log stream already exists", "stream");
  StreamRow row;
  row.name = name;
  row.created_ms = to_epoch_ms(clock_.now());
  if (const auto gone = group->below_block.find(name); gone != group->below_block.end()) row.below_block = gone->second;
  auto& info = group->streams[name];
  info.name = name;
  info.created_ms = row.created_ms;
  const auto kept = co_await groups_.put_stream(group->id, row);
  if (!kept) group->streams.erase(name);
  co_return kept;
}

async::Task<void> EventStore::remove_stream(GroupKey key, std::string name) {
  GUST_CO_TRY(const auto group, co_await open(std::move(key)));
  if (!group->streams.contains(name))
    co_return fail(Code::kNotFound, "The specified log stream does not exist.", "stream");
  // Blocks end here, so that "in blocks below" means what came before now.
  auto job = [group]() -> Result<SharedBlock> { return group->folder.seal(); };
  GUST_CO_TRY(const auto block, co_await writer_.run(std::move(job)));
  if (block) group->seal(block);
  StreamRow row;
  row.name = name;
  row.state = StreamRow::State::kDeleted;
  row.below_block = group->blocks.empty() ? 0 : group->blocks.back()->header.number + 1;
  GUST_CO_CHECK(co_await groups_.put_stream(group->id, row));
  group->below_block[name] = row.below_block;
  group->streams.erase(name);
  co_return Result<void>{};
}

}  // namespace gust::logs
