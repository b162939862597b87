// EventStore: the events of all log groups: written in batches that survive kill -9 once they are acknowledged,
// searched, followed as they come, and dropped when their group's retention says so. Groups and their settings are in
// Groups.
// Loop thread only; the disk is a pool's.
#pragma once

#include "async/blocking_pool.h"
#include "async/event.h"
#include "async/task_group.h"
#include "env/clock.h"
#include "logs/groups.h"
#include "logs/search.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gust::logs {

struct StreamInfo {
  std::string name;
  std::int64_t created_ms = 0;
  StreamShare share;  // of no events: none was written yet
};

// An event as its writer gives it.
struct NewEvent {
  std::int64_t at_ms = 0;
  std::string stream, request_id, message;
};

class EventStore {
 public:
  // `folder` is made when it is not there. `groups` outlives this, and is open.
  EventStore(async::Executor executor, Groups& groups, env::Clock& clock, std::string folder,
             GroupFolder::Limits limits);
  ~EventStore();

  // Hears of every event once it is stored. Before the first; cheap.
  using Stored = std::function<void(const GroupKey&, const Event&)>;
  void on_stored(Stored stored) { stored_ = std::move(stored); }

  // Begins to tidy: folders without a group go now, what is too old from time to time.
  void start(Millis tidy_period);
  async::Task<void> stop();

  // Writes events of one group, in this order; answered when they survive kill -9. The group is there.
  // kNotFound "group", kThrottled, kNoSpace.
  async::Task<void> put(GroupKey key, std::vector<NewEvent> events);
  // Keeps an event that is of now and nobody waits for; written soon, in order. The group is made where there is none.
  // While too much waits for the disk events are lost, and an event says how many.
  void add(const GroupKey& key, NewEvent event);
  // Returns when all that was added is written.
  async::Task<void> flush();

  async::Task<SearchResult> search(GroupKey key, SearchQuery query);
  async::Task<ScanStatistics> scan(GroupKey key, SearchQuery query, std::function<bool(Event)> take);
  // Up to `limit` events from the sequence `from` on, in the order in which they came. Answers fewer only where there
  // are no more.
  async::Task<std::vector<Event>> since(GroupKey key, std::uint64_t from, std::size_t limit);
  // The sequence that the next event will have.
  async::Task<std::uint64_t> next_sequence(GroupKey key);
  // Returns when events of the group came after this call began, or before it and from `seen` on. kTimeout.
  async::Task<void> wait(GroupKey key, std::uint64_t seen, SteadyTime deadline);

  // In the order of their names. kNotFound "group".
  async::Task<std::vector<StreamInfo>> streams(GroupKey key);
  async::Task<std::optional<StreamInfo>> stream(GroupKey key, std::string name);
  async::Task<std::uint64_t> stored_bytes(GroupKey key);
  // kAlreadyExists "stream".
  async::Task<void> create_stream(GroupKey key, std::string name);
  // With its events. kNotFound "stream".
  async::Task<void> remove_stream(GroupKey key, std::string name);
  // What is left of a group that was removed from Groups.
  async::Task<void> drop(Group group);
  // Drops what is too old, of every group.
  async::Task<void> tidy();

 private:
  struct Open;
  using Shared = std::shared_ptr<Open>;

  // The group with its index read. kNotFound "group".
  async::Task<Shared> open(GroupKey key);
  async::Task<void> load(Shared group);
  async::Task<void> write(Shared group, std::vector<NewEvent> events);
  async::Task<void> write_added(GroupKey key);
  async::Task<void> remove_orphans();
  async::Task<void> tidy_group(Shared group, std::int64_t oldest_ms);
  Corpus corpus_of(const Open& group, const SearchQuery& query) const;
  void limit_to_retention(const Open& group, SearchQuery& query) const;

  struct Added;
  async::Executor executor_;
  Groups& groups_;
  env::Clock& clock_;
  std::string folder_;
  GroupFolder::Limits limits_;
  Stored stored_;
  std::map<GroupKey, Shared> open_;
  std::map<GroupKey, std::unique_ptr<Added>> added_;  // what nobody waits for and is not written yet
  std::size_t waiting_ = 0;                           // its bytes
  async::BlockingPool writer_;                        // one thread: batches stay in order
  async::BlockingPool searchers_;
  async::TaskGroup tasks_;
};

}  // namespace gust::logs
