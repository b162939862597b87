#include "functions/pool.h"

#include <algorithm>
#include <utility>

namespace gust::functions {

static constexpr auto kMaxAge = std::chrono::hours(5);  // an instance's keys live for twelve

bool Pool::is_current(const Instance& instance) const {
  const bool known = !stale || instance.function().version != kLatest;
  return known && instance.function().generation == function.generation &&
         std::chrono::steady_clock::now() - instance.started_at() < kMaxAge;
}

std::shared_ptr<Instance> Pool::take_place() {
  std::erase_if(shared, [&](const auto& each) { return each->free_places() == 0 || !is_current(*each); });
  if (!shared.empty()) {
    const auto fullest = *std::ranges::max_element(shared, {}, &Instance::load_of);
    fullest->promise_place();
    return fullest;
  }
  while (!idle.empty()) {
    auto instance = std::move(idle.back());
    idle.pop_back();
    if (instance->free_places() == 0 || !is_current(*instance)) {
      instance->end();
      continue;
    }
    instance->promise_place();
    if (instance->free_places() > 0) shared.push_back(instance);
    return instance;
  }
  return nullptr;
}

std::size_t Pool::places_to_come(Patience patience) const {
  std::size_t soon = 0;
  for (const auto& instance : all) {
    if (patience == Patience::kSome || instance->settling()) soon += instance->places_to_come();
  }
  return soon;
}

void Pool::has_place(std::shared_ptr<Instance> instance) {
  std::erase(shared, instance);
  if (instance->load() > 0) {
    shared.push_back(std::move(instance));
  } else if (instance->free_places() < 2 || !std::ranges::count(idle, instance)) {
    idle.push_back(std::move(instance));  // not twice: each of its places comes here
  }
}

void Pool::forget(const std::shared_ptr<Instance>& instance) {
  std::erase(all, instance);
  std::erase(idle, instance);
  std::erase(shared, instance);
}

void Pool::end_idle() {
  for (const auto& instance : std::exchange(idle, {})) instance->end();
}

}  // namespace gust::functions
