#include "logs/open_group.h"

#include "logs/block_search.h"

#include <algorithm>

namespace gust::logs {
namespace {

void add_share(std::map<std::string, StreamInfo, std::less<>>& streams, const StreamShare& share) {
  auto& info = streams[share.name];
  if (info.name.empty()) {
    info.name = share.name;
    info.created_ms = share.first_ingested_ms;
  }
  info.share.add(share);
}

}  // namespace

void EventStore::Open::take(GroupFolder::Content content, const std::vector<StreamRow>& rows) {
  blocks = std::move(content.blocks);
  next_sequence = published = content.next_sequence;
  for (const auto& row : rows) {
    if (row.below_block > 0) below_block[row.name] = row.below_block;
    if (row.state == StreamRow::State::kDeleted) continue;
    auto& info = streams[row.name];
    info.name = row.name;
    info.created_ms = row.created_ms;
  }
  tail = std::move(content.tail);
  count_streams();
}

void EventStore::Open::count_streams() {
  for (auto& [name, info] : streams) info.share = {};
  for (const auto& block : blocks) {
    for (const auto& share : block->header.streams) {
      const auto gone = below_block.find(share.name);
      if (gone == below_block.end() || block->header.number >= gone->second) add_share(streams, share);
    }
  }
  for (const auto& batch : tail) {
    for (const auto& event : *batch) {
      StreamShare share;
      share.name = event.stream;
      share.add(event);
      add_share(streams, share);
    }
  }
}

void EventStore::Open::publish(const SharedBatch& batch) {
  tail.push_back(batch);
  published = batch->back().sequence + 1;
  for (const auto& event : *batch) {
    const auto found = streams.find(event.stream);
    if (found != streams.end()) {
      found->second.share.add(event);
      continue;
    }
    StreamShare share;
    share.name = event.stream;
    share.add(event);
    add_share(streams, share);
  }
  came.pulse();
}

void EventStore::Open::seal(const SharedBlock& block) {
  blocks.push_back(block);
  std::erase_if(tail, [&](const auto& batch) { return batch->back().sequence <= block->header.last_sequence; });
}

std::vector<Event> EventStore::Open::of_tail(std::uint64_t from, std::size_t limit) const {
  std::vector<Event> out;
  for (const auto& batch : tail) {
    if (batch->back().sequence < from) continue;
    for (const auto& event : *batch) {
      if (out.size() >= limit) return out;
      if (event.sequence >= from) out.push_back(event);
    }
  }
  return out;
}

std::vector<Event> events_since(const Corpus& corpus, std::uint64_t from, std::size_t limit) {
  std::vector<Event> out;
  for (const auto& block : corpus.blocks) {
    if (out.size() >= limit) break;
    std::vector<Event> some;
    each_match(*block, corpus, {}, "", [&](Event event) {
      if (event.sequence >= from) some.push_back(std::move(event));
      return true;
    });
    std::ranges::sort(some, {}, &Event::sequence);
    std::ranges::move(some, std::back_inserter(out));
  }
  for (const auto& batch : corpus.tail) {
    for (const auto& event : *batch) {
      if (event.sequence >= from) out.push_back(event);
    }
  }
  if (out.size() > limit) out.resize(limit);
  return out;
}

}  // namespace gust::logs
