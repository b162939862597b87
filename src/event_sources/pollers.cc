#include "event_sources/pollers.h"

#include "base/log.h"

#include <algorithm>

namespace gust::event_sources {

Pollers::Pollers(async::Executor executor, Parts parts)
    : executor_(executor),
      parts_(parts),
      counts_(parts.metrics),
      tasks_(std::make_shared<async::TaskGroup>(executor, "event sources")),
      changed_(executor) {}

async::Task<void> Pollers::start() {
  parts_.mappings.on_change([this](Mapping mapping, Mappings::Became became) { change(std::move(mapping), became); });
  GUST_CO_TRY(const auto all, co_await parts_.mappings.all());
  for (const auto& mapping : all) change(mapping, Mappings::Became::kWanted);
  co_return Result<void>{};
}

async::Task<void> Pollers::stop(SteadyTime deadline) {
  stopping_ = true;
  for (auto& [id, kept] : kept_) {
    ++kept.changes;
    kept.wanted.reset();
    for (const auto& poller : kept.pollers) poller->stop();
  }
  changed_.pulse();
  if (!co_await tasks_->drain(deadline))
    GUST_INFO("event sources: batches at work are cut off; they come again after the start");
  co_return co_await tasks_->stop();
}

void Pollers::change(Mapping mapping, Mappings::Became became) {
  if (stopping_) return;
  const auto id = mapping.id;
  const bool wanted = became == Mappings::Became::kWanted && mapping.enabled;
  if (!wanted && !kept_.contains(id)) return;
  auto& kept = kept_[id];
  ++kept.changes;
  kept.wanted = wanted ? std::optional(std::move(mapping)) : std::nullopt;
  for (const auto& poller : kept.pollers) poller->stop();
  changed_.pulse();
  if (kept.at_work) return;
  kept.at_work = true;
  tasks_->spawn(keep(id));
}

bool Pollers::is_stale(const std::string& id, std::uint64_t changes) const {
  const auto it = kept_.find(id);
  return stopping_ || it == kept_.end() || it->second.changes != changes;
}

// A mapping's life: what is wanted is polled until that changes, then what is wanted then.
async::Task<void> Pollers::keep(std::string id) {
  while (kept_.at(id).wanted) {
    const auto changes = kept_.at(id).changes;
    auto mapping = *kept_.at(id).wanted;
    GUST_CO_CHECK(co_await poll(std::move(mapping), changes));
    while (!is_stale(id, changes)) GUST_CO_CHECK(co_await changed_.wait());  // its shards are over
  }
  kept_.erase(id);
  co_return Result<void>{};
}

async::Task<void> Pollers::poll(Mapping mapping, std::uint64_t changes) {
  std::vector<std::string> shards;
  for (std::uint32_t tries = 1; !is_stale(mapping.id, changes); ++tries) {
    auto found = co_await parts_.source.shards(mapping.account, mapping.source_arn);
    if (found) {
      shards = *std::move(found);
      break;
    }
    if (found.error().code == Code::kCancelled) co_return std::unexpected(found.error());
    if (tries == 1) GUST_WARN("event source mapping {}: {}", mapping.id, found.error().message);
    GUST_CO_CHECK(co_await parts_.timing.wait(changed_, parts_.timing.now() + pause_before(tries)));
  }
  if (is_stale(mapping.id, changes)) co_return Result<void>{};
  const Poller::Parts parts{parts_.source, parts_.target, parts_.failures, parts_.mappings,
                            parts_.timing, parts_.random, counts_, parts_.tracer};
  auto& pollers = kept_.at(mapping.id).pollers;
  for (const auto& shard : shards) pollers.push_back(std::make_shared<Poller>(executor_, parts, mapping, shard));
  const auto mine = pollers;
  for (const auto& poller : mine) tasks_->spawn(poll_shard(poller, tasks_));
  for (const auto& poller : mine) GUST_CO_CHECK(co_await poller->over().wait());
  kept_.at(mapping.id).pollers.clear();
  co_return Result<void>{};
}

async::Task<void> Pollers::poll_shard(std::shared_ptr<Poller> poller, std::shared_ptr<async::TaskGroup> tasks) {
  auto done = co_await poller->run(tasks);
  poller->over().set();
  co_return done;
}

Pollers::Doing Pollers::doing(const Mapping& mapping) const {
  const auto it = kept_.find(mapping.id);
  if (it == kept_.end()) return Doing::kSettled;
  if (!mapping.enabled) return it->second.pollers.empty() ? Doing::kSettled : Doing::kDisabling;
  const auto stopping = [](const auto& poller) { return poller->stopping(); };
  return std::ranges::any_of(it->second.pollers, stopping) ? Doing::kUpdating : Doing::kSettled;
}

async::Task<std::string> Pollers::last_result(Mapping mapping) {
  std::string result;
  const auto add = [&](const std::string& one) {
    if (result.empty() || result == kOk) result = one.empty() ? result : one;
  };
  if (const auto it = kept_.find(mapping.id); it != kept_.end()) {
    for (const auto& poller : it->second.pollers) add(poller->result());
  }
  if (result.empty()) {
    GUST_CO_TRY(const auto places, co_await parts_.mappings.places(mapping));
    for (const auto& place : places) add(place.result);
  }
  co_return result.empty() ? std::string(kNothingYet) : result;
}

Pollers::Status Pollers::status() const {
  Status out;
  const auto now = parts_.timing.now();
  for (const auto& [id, kept] : kept_) {
    out.enabled += kept.wanted ? 1 : 0;
    for (const auto& poller : kept.pollers) {
      if (const auto oldest = poller->oldest()) out.oldest = std::max(out.oldest, now - *oldest);
    }
  }
  return out;
}

}  // namespace gust::event_sources
