// What EventStore drops: what is older than its group's retention, and the folders of groups that are gone.
#include "base/log.h"
#include "logs/open_group.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

namespace gust::logs {

namespace fs = std::filesystem;

void EventStore::start(Millis tidy_period) {
  tasks_.spawn([](EventStore& self, Millis period) -> async::Task<void> {
    GUST_CO_CHECK(co_await self.remove_orphans());
    for (;;) {
      const auto done = co_await self.tidy();
      if (!done && done.error().code == Code::kCancelled) co_return done;
      if (!done) GUST_WARN("logs: {}; trying again", done.error().message);
      GUST_CO_CHECK(co_await async::sleep_for(period));
    }
  }(*this, tidy_period));
}

async::Task<void> EventStore::stop() { co_return co_await tasks_.stop(); }

async::Task<void> EventStore::drop(Group group) {
  const auto found = open_.find(group.key);
  if (found != open_.end() && found->second->id == group.id) open_.erase(found);
  auto job = [folder = GroupFolder(folder_ + "/" + group.id, limits_)]() mutable -> Result<void> {
    return folder.remove();
  };
  co_return co_await writer_.run(std::move(job));
}

// A crash between a group's row and its folder leaves one.
async::Task<void> EventStore::remove_orphans() {
  std::set<std::string> known;
  for (const auto& [key, group] : groups_.all()) known.insert(group.id);
  auto job = [folder = folder_, known = std::move(known)]() -> Result<void> {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
      if (!known.contains(entry.path().filename().string())) fs::remove_all(entry.path(), error);
    }
    return {};
  };
  co_return co_await writer_.run(std::move(job));
}

async::Task<void> EventStore::tidy() {
  std::vector<std::pair<GroupKey, int>> limited;
  for (const auto& [key, group] : groups_.all()) {
    if (group.retention_days) limited.emplace_back(key, *group.retention_days);
  }
  for (const auto& [key, days] : limited) {
    const auto oldest = to_epoch_ms(clock_.now() - std::chrono::days(days));
    auto group = co_await open(key);
    if (!group && group.error().code == Code::kNotFound) continue;
    if (!group) co_return std::unexpected(group.error());
    GUST_CO_CHECK(co_await tidy_group(*group, oldest));
  }
  co_return Result<void>{};
}

// Files go whole; the newest stays, for it says which number comes next.
async::Task<void> EventStore::tidy_group(Shared group, std::int64_t oldest_ms) {
  if (group->blocks.empty()) co_return Result<void>{};
  std::set<std::string> keep{group->blocks.back()->file}, all;
  for (const auto& block : group->blocks) {
    all.insert(block->file);
    if (block->header.last_ms >= oldest_ms) keep.insert(block->file);
  }
  std::vector<std::string> old;
  std::ranges::set_difference(all, keep, std::back_inserter(old));
  if (old.empty()) co_return Result<void>{};
  auto job = [group, old]() -> Result<void> { return group->folder.remove_files(old); };
  GUST_CO_CHECK(co_await writer_.run(std::move(job)));
  std::erase_if(group->blocks, [&](const auto& block) { return !keep.contains(block->file); });
  group->count_streams();
  co_return Result<void>{};
}

}  // namespace gust::logs
