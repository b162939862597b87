// A group whose index is in memory: its blocks, its events that are in none, its streams. Loop thread only, but for
// `folder`, which is the writer's.
#pragma once

#include "logs/event_store.h"

namespace gust::logs {

struct EventStore::Open {
  Open(async::Executor executor, const Group& row, const std::string& root, GroupFolder::Limits limits)
      : key(row.key), id(row.id), folder(root + "/" + row.id, limits), ready(executor), came(executor) {}

  // What was on the disk, and the rows of its streams.
  void take(GroupFolder::Content content, const std::vector<StreamRow>& rows);
  // A batch that was written: it can be read now.
  void publish(const SharedBatch& batch);
  // What was in the journal is in a block.
  void seal(const SharedBlock& block);
  // Its streams' sizes and times anew, after blocks went.
  void count_streams();
  std::vector<Event> of_tail(std::uint64_t from, std::size_t limit) const;

  GroupKey key;
  std::string id;
  GroupFolder folder;
  bool loading = false, loaded = false;
  async::Event ready, came;
  std::vector<SharedBlock> blocks;
  std::vector<SharedBatch> tail;
  std::uint64_t next_sequence = 1;  // of the next event that is written
  std::uint64_t published = 1;      // events below it can be read
  std::map<std::string, std::uint64_t, std::less<>> below_block;
  std::map<std::string, StreamInfo, std::less<>> streams;
};

// Up to `limit` events from a sequence on, in the order in which they came. Blocks the thread.
std::vector<Event> events_since(const Corpus& corpus, std::uint64_t from, std::size_t limit);

}  // namespace gust::logs
