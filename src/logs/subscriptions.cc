#include "logs/subscriptions.h"

#include "base/log.h"
#include "codec/base64.h"
#include "codec/gzip.h"
#include "codec/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace gust::logs {
namespace {

namespace json = boost::json;

constexpr std::size_t kAtOnce = 2000;                // events of one look
constexpr std::size_t kPayloadMessages = 160 << 10;  // bytes of messages in one payload: packed, it is not too large
constexpr Millis kWait{500}, kPauseAfterFailure{1000};

const Subscription* find_subscription(const Group& group, const std::string& name) {
  const auto found = std::ranges::find(group.subscriptions, name, &Subscription::name);
  return found == group.subscriptions.end() ? nullptr : &*found;
}

// Of one stream each, in their order, and none too large.
std::vector<std::vector<Event>> parts_of(std::vector<Event> events) {
  std::vector<std::vector<Event>> out;
  std::map<std::string, std::pair<std::size_t, std::size_t>> open;  // of a stream: its last part, and its bytes
  for (auto& event : events) {
    const auto size = event.message.size() + kEventOverhead;
    auto [it, fresh] = open.try_emplace(event.stream, out.size(), 0);
    if (fresh || it->second.second + size > kPayloadMessages) {
      it->second = {out.size(), 0};
      out.emplace_back();
    }
    it->second.second += size;
    out[it->second.first].push_back(std::move(event));
  }
  return out;
}

}  // namespace

std::string subscription_payload(const GroupKey& key, const std::string& filter, const std::vector<Event>& events) {
  json::array list;
  for (const auto& event : events) {
    list.push_back(json::object{{"id", fmt::format("{:020}{:036}", event.at_ms, event.sequence)},
                                {"timestamp", event.at_ms},
                                {"message", event.message}});
  }
  const json::object message{{"messageType", "DATA_MESSAGE"},
                             {"owner", key.account.str()},
                             {"logGroup", key.name},
                             {"logStream", events.empty() ? "" : events.front().stream},
                             {"subscriptionFilters", json::array{json::value(filter)}},
                             {"logEvents", std::move(list)}};
  codec::Gzip gzip;
  std::string packed;
  gzip.add(codec::to_json(message), packed);
  gzip.finish(packed);
  return codec::to_json(json::object{{"awslogs", json::object{{"data", codec::to_base64(packed)}}}});
}

Subscriptions::Subscriptions(async::Executor executor, Groups& groups, EventStore& events, Deliveries& deliveries)
    : groups_(groups), events_(events), deliveries_(deliveries), tasks_(executor, "log subscriptions") {}

void Subscriptions::start() {
  for (const auto& [key, group] : groups_.all()) {
    for (const auto& each : group.subscriptions) ensure_running(key, each.name);
  }
}

async::Task<void> Subscriptions::stop() { co_return co_await tasks_.stop(); }

void Subscriptions::ensure_running(const GroupKey& key, const std::string& name) {
  if (running_.emplace(key, name).second) tasks_.spawn(run({key, name}));
}

async::Task<void> Subscriptions::put(GroupKey key, Subscription wanted, std::string region) {
  GUST_CO_CHECK(parse_filter_pattern(wanted.pattern));
  // From now on; one that is changed goes on from where it was.
  GUST_CO_TRY(wanted.delivered, co_await events_.next_sequence(key));
  GUST_CO_CHECK(co_await deliveries_.check(key, wanted.destination_arn, std::move(region)));
  auto change = [wanted](Group& group) -> Result<void> {
    const auto found = std::ranges::find(group.subscriptions, wanted.name, &Subscription::name);
    if (found != group.subscriptions.end()) {
      const auto delivered = found->delivered;
      const auto created_ms = found->created_ms;
      *found = wanted;
      found->delivered = delivered;
      found->created_ms = created_ms;
      return {};
    }
    if (group.subscriptions.size() >= kMaxOfGroup) return fail(Code::kTooLarge, "Resource limit exceeded.", "limit");
    group.subscriptions.push_back(wanted);
    return {};
  };
  GUST_CO_CHECK(co_await groups_.update(key, std::move(change)));
  ensure_running(key, wanted.name);
  co_return Result<void>{};
}

async::Task<void> Subscriptions::remove(GroupKey key, std::string name) {
  auto change = [name](Group& group) -> Result<void> {
    const auto gone = std::erase_if(group.subscriptions, [&](const auto& each) { return each.name == name; });
    if (gone > 0) return {};
    return fail(Code::kNotFound, "The specified subscription filter does not exist.", "subscription");
  };
  co_return co_await groups_.update(std::move(key), std::move(change));
}

async::Task<void> Subscriptions::run(Id id) {
  for (;;) {
    const auto there = co_await look(id);
    if (!there && there.error().code == Code::kCancelled) co_return std::unexpected(there.error());
    if (there && !*there) break;
    if (there) continue;
    GUST_WARN("logs: the subscription {} of {}: {}; trying again", id.second, id.first.name, there.error().message);
    GUST_CO_CHECK(co_await async::sleep_for(kPauseAfterFailure));
  }
  running_.erase(id);
  co_return Result<void>{};
}

async::Task<bool> Subscriptions::look(Id id) {
  const auto* const group = groups_.find(id.first);
  const auto* const found = group == nullptr ? nullptr : find_subscription(*group, id.second);
  if (found == nullptr) co_return false;
  const auto subscription = *found;
  const auto group_id = group->id;
  const auto waited =
      co_await events_.wait(id.first, subscription.delivered, std::chrono::steady_clock::now() + kWait);
  if (!waited && waited.error().code == Code::kTimeout) co_return true;
  if (!waited && waited.error().code != Code::kNotFound) co_return std::unexpected(waited.error());
  GUST_CO_TRY(auto events, co_await events_.since(id.first, subscription.delivered, kAtOnce));
  if (events.empty()) co_return true;
  const auto next = events.back().sequence + 1;
  GUST_CO_TRY(const auto pattern, parse_filter_pattern(subscription.pattern));
  std::erase_if(events, [&](const Event& event) { return !pattern->matches(event.message); });
  for (const auto& part : parts_of(std::move(events))) {
    auto payload = subscription_payload(id.first, id.second, part);
    auto delivery = fmt::format("{}-{}-{}", group_id, id.second, part.front().sequence);
    const auto done = co_await deliveries_.deliver(id.first, subscription.destination_arn, std::move(payload),
                                                   std::move(delivery));
    if (!done && done.error().code != Code::kNotFound) co_return std::unexpected(done.error());
    if (!done) {
      GUST_WARN("logs: {} events of {} are not delivered: {}", part.size(), id.first.name, done.error().message);
    }
  }
  GUST_CO_CHECK(co_await groups_.note_delivered(id.first, id.second, next));
  co_return true;
}

}  // namespace gust::logs
