// StartLiveTail: events of up to ten groups while they come, a message a second.
#include "api/logs/service.h"
#include "codec/json.h"
#include "wire/event_stream.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace gust::api {
namespace {

namespace json = boost::json;
namespace store = gust::logs;

constexpr std::size_t kMostOfUpdate = 500, kAtOnce = 5000;  // events; more is sampled, as on the service
constexpr std::chrono::seconds kPeriod{1};
constexpr std::chrono::hours kLength{3};

struct Followed {
  store::GroupKey key;
  std::string identifier;  // ACCOUNT:NAME, as updates name it
  std::uint64_t from = 1;
};

struct Session {
  std::vector<Followed> groups;
  std::vector<std::string> names, prefixes;  // of streams; none: all
  std::shared_ptr<const store::FilterPattern> pattern;
  std::string start;  // the JSON of sessionStart

  bool wants(const store::Event& event) const {
    const auto is_prefix = [&](const std::string& prefix) { return event.stream.starts_with(prefix); };
    const bool stream = (names.empty() && prefixes.empty()) || std::ranges::find(names, event.stream) != names.end() ||
                        std::ranges::any_of(prefixes, is_prefix);
    return stream && pattern->matches(event.message);
  }
};

json::object to_json(const Followed& group, const store::Event& event) {
  return {{"logGroupIdentifier", group.identifier},
          {"logStreamName", event.stream},
          {"message", event.message},
          {"timestamp", event.at_ms},
          {"ingestionTime", event.ingested_ms}};
}

// The stream of one session; it ends with the client, the daemon, or after three hours.
class LiveTail final : public async::ByteSource {
 public:
  LiveTail(store::EventStore& events, Session session, std::shared_ptr<const bool> stopping)
      : events_(events), session_(std::move(session)), stopping_(std::move(stopping)) {
    text_ = wire::event_message("initial-response", "application/x-amz-json-1.1", "{}") +
            wire::event_message("sessionStart", "application/json", session_.start);
  }

  async::Task<std::size_t> read(std::span<std::byte> out) override {
    const auto now = std::chrono::steady_clock::now();
    if (text_.empty()) {
      if (*stopping_ || now >= end_) co_return 0;
      next_ = std::max(next_ + kPeriod, now);
      GUST_CO_CHECK(co_await async::sleep_until(next_));
      GUST_CO_CHECK(co_await update());
    }
    const auto n = std::min(out.size(), text_.size());
    std::memcpy(out.data(), text_.data(), n);
    text_.erase(0, n);
    co_return n;
  }

 private:
  async::Task<void> update() {
    json::array results;
    bool sampled = false;
    GUST_CO_CHECK(co_await events_.flush());
    for (auto& group : session_.groups) {
      const auto some = co_await events_.since(group.key, group.from, kAtOnce);
      if (!some && some.error().code == Code::kNotFound) continue;  // it was deleted
      if (!some) co_return std::unexpected(some.error());
      if (!some->empty()) group.from = some->back().sequence + 1;
      for (const auto& event : *some) {
        if (!session_.wants(event)) continue;
        if (results.size() < kMostOfUpdate) results.push_back(to_json(group, event));
        else sampled = true;
      }
    }
    const json::object message{{"sessionMetadata", json::object{{"sampled", sampled}}},
                               {"sessionResults", std::move(results)}};
    text_ = wire::event_message("sessionUpdate", "application/json", codec::to_json(message));
    co_return Result<void>{};
  }

  store::EventStore& events_;
  Session session_;
  std::shared_ptr<const bool> stopping_;
  std::string text_;
  SteadyTime next_ = std::chrono::steady_clock::now(), end_ = next_ + kLength;
};

json::array array_of(const std::vector<std::string>& texts) {
  json::array out;
  for (const auto& text : texts) out.push_back(json::value(text));
  return out;
}

}  // namespace

LogsReply<logs::StartLiveTailResponse> LogsService::start_live_tail(wire::Call call,
                                                                    logs::StartLiveTailRequest request) {
  Session session;
  session.names = request.log_stream_names.value_or(std::vector<std::string>());
  session.prefixes = request.log_stream_name_prefixes.value_or(std::vector<std::string>());
  if (!session.names.empty() && !session.prefixes.empty())
    co_return invalid_logs_request("logStreamNames and logStreamNamePrefixes are mutually exclusive parameters.");
  if ((!session.names.empty() || !session.prefixes.empty()) && request.log_group_identifiers.size() != 1)
    co_return invalid_logs_request("Streams may be named of one log group only.");
  const auto pattern = request.log_event_filter_pattern.value_or("");
  GUST_CO_TRY(session.pattern, store::parse_filter_pattern(pattern));
  for (const auto& identifier : request.log_group_identifiers) {
    Followed group;
    GUST_CO_TRY(group.key, group_key(call, std::nullopt, identifier));
    GUST_CO_TRY(group.from, co_await events_.next_sequence(group.key));
    group.identifier = fmt::format("{}:{}", group.key.account, group.key.name);
    session.groups.push_back(std::move(group));
  }
  const auto& id = call.context.request_id.str();
  session.start = codec::to_json(json::object{{"requestId", id},
                                              {"sessionId", id},
                                              {"logGroupIdentifiers", array_of(request.log_group_identifiers)},
                                              {"logStreamNames", array_of(session.names)},
                                              {"logStreamNamePrefixes", array_of(session.prefixes)},
                                              {"logEventFilterPattern", pattern}});
  logs::StartLiveTailResponse out;
  out.response_stream = std::make_unique<LiveTail>(events_, std::move(session), stopping_);
  co_return out;
}

void LogsService::add_live_tail() {
  service_.on<logs::StartLiveTail>(
      [this](auto call, auto r) { return start_live_tail(std::move(call), std::move(r)); });
}

}  // namespace gust::api
