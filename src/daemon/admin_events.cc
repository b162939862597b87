// What `gust events` and `gust replay` ask: GET /_gust/events, GET /_gust/events/ID and POST /_gust/replay/ID.
#include "daemon/admin.h"

#include "codec/json.h"
#include "codec/url.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

namespace gust::daemon {
namespace {

namespace json = boost::json;
using functions::Arrival;
using functions::KeptEvents;
using functions::Fate;

constexpr std::size_t kMostRows = 1000;

std::string_view name_of(Arrival arrival) {
  switch (arrival) {
    case Arrival::kStream:
      return "stream";
    case Arrival::kEvent:
      return "event";
    case Arrival::kBatch:
      return "batch";
    default:
      return "request";
  }
}

std::string_view name_of(Fate fate) {
  switch (fate) {
    case Fate::kFailed:
      return "failed";
    case Fate::kRefused:
      return "refused";
    case Fate::kRetrying:
      return "retrying";
    case Fate::kGivenUp:
      return "given_up";
    default:
      return "ok";
  }
}

void add_outcome(json::object& out, const functions::KeptOutcome& outcome) {
  out["status"] = name_of(outcome.fate);
  out["ended_at"] = to_epoch_ms(outcome.at);
  out["duration_us"] = outcome.duration_us;
  if (!outcome.version.empty()) out["version"] = outcome.version;
  if (!outcome.error.empty()) out["error"] = outcome.error;
}

json::object to_json(const functions::KeptEvent& event) {
  json::object out{{"id", event.id},
                   {"function", event.function.key.name.str()},
                   {"at", to_epoch_ms(event.at)},
                   {"kind", name_of(event.arrival)},
                   {"bytes", event.bytes}};
  if (!event.function.qualifier.empty()) out["qualifier"] = event.function.qualifier;
  if (!event.trace_id.empty()) out["trace_id"] = event.trace_id;
  if (!event.replay_of.empty()) out["replay_of"] = event.replay_of;
  return out;
}

json::object to_json(const KeptEvents::Row& row) {
  auto out = to_json(row.event);
  out["attempts"] = row.attempts;
  out["status"] = row.cut_off ? "cut_off" : "running";
  if (row.outcome) add_outcome(out, *row.outcome);
  return out;
}

// One line for each event that is accepted and for each end.
json::object to_json(const KeptEvents::News& news) {
  if (news.event) {
    auto out = to_json(*news.event);
    out["status"] = "accepted";
    return out;
  }
  json::object out{{"id", news.outcome->id}, {"function", news.function.name.str()}};
  add_outcome(out, *news.outcome);
  return out;
}

// News of an account's functions, or of one, as they come; until the reader goes or the daemon stops.
class Tail final : public async::ByteSource {
 public:
  Tail(std::shared_ptr<KeptEvents::Follower> follower, AccountId account, std::string function,
       std::shared_ptr<const bool> stopping)
      : follower_(std::move(follower)),
        account_(std::move(account)),
        function_(std::move(function)),
        stopping_(std::move(stopping)) {}

  async::Task<std::size_t> read(std::span<std::byte> out) override {
    while (text_.empty()) {
      if (*stopping_) co_return 0;
      take();
      if (!text_.empty()) break;
      const auto waited = co_await follower_->came.wait(std::chrono::steady_clock::now() + Millis(500));
      if (!waited && waited.error().code != Code::kTimeout) co_return 0;
    }
    const auto n = std::min(out.size(), text_.size());
    std::memcpy(out.data(), text_.data(), n);
    text_.erase(0, n);
    co_return n;
  }

 private:
  void take() {
    if (const auto missed = std::exchange(follower_->missed, 0); missed > 0)
      text_ += codec::to_json(json::object{{"status", "missed"}, {"count", missed}}) + "\n";
    for (const auto& news : std::exchange(follower_->news, {})) {
      if (news.function.account != account_) continue;
      if (function_.empty() || news.function.name.str() == function_) text_ += codec::to_json(to_json(news)) + "\n";
    }
  }

  std::shared_ptr<KeptEvents::Follower> follower_;
  AccountId account_;
  std::string function_, text_;
  std::shared_ptr<const bool> stopping_;
};

Result<std::int64_t> number_in(const http::Request& request, std::string_view name, std::int64_t otherwise) {
  GUST_TRY(const auto text, query_parameter(request, name));
  if (text.empty()) return otherwise;
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size() || out < 0)
    return fail(Code::kInvalid, fmt::format("{}={}: expected a whole number", name, text), std::string(name));
  return out;
}

std::unexpected<Error> nothing_is_kept() {
  return fail(Code::kNotFound,
              "no events are kept: GUST_EVENTS_MB is 0 in the daemon's environment; start gust up without it");
}

}  // namespace

Result<std::string> query_parameter(const http::Request& request, std::string_view name) {
  GUST_TRY(const auto query, codec::parse_query(request.query));
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return std::string();
}

async::Task<http::Response> Admin::events(RequestContext context, http::Request request, std::string id) {
  if (!parts_.kept_events.keeps()) co_return nothing_is_kept();
  const auto& account = context.principal.account;
  if (!id.empty()) {
    GUST_CO_TRY(const auto row, co_await parts_.kept_events.look(account, id));
    auto out = to_json(row);
    if (row.event.payload.size() == row.event.bytes) out["payload"] = row.event.payload;
    co_return admin_answer(out);
  }
  KeptEvents::Query query{.account = account};
  GUST_CO_TRY(query.function, query_parameter(request, "function"));
  if (const auto colon = query.function.find(':'); colon != std::string::npos) {
    query.qualifier = query.function.substr(colon + 1);
    query.function.resize(colon);
  }
  GUST_CO_TRY(const auto follow, query_parameter(request, "follow"));
  if (follow == "1") {
    if (!query.qualifier.empty()) {
      co_return fail(Code::kInvalid,
                     fmt::format("events are followed of all versions of a function: '{}' without ':{}'",
                                 query.function, query.qualifier),
                     "function");
    }
    http::Response response;
    response.headers.add("Content-Type", "application/x-ndjson");
    response.stream = std::make_unique<Tail>(parts_.kept_events.follow(), account, query.function, parts_.stopping);
    co_return response;
  }
  GUST_CO_TRY(const auto since, number_in(request, "since", 0));
  GUST_CO_TRY(const auto limit, number_in(request, "limit", 100));
  query.since = from_epoch_ms(since);
  query.limit = std::clamp<std::size_t>(static_cast<std::size_t>(limit), 1, kMostRows);
  GUST_CO_TRY(const auto rows, co_await parts_.kept_events.list(std::move(query)));
  json::array list;
  for (const auto& row : rows) list.push_back(to_json(row));
  co_return admin_answer(json::object{{"events", std::move(list)}, {"lost", parts_.kept_events.lost()}});
}

// Sent once and waited for, whichever way it came first: its caller wants to see what happens.
async::Task<http::Response> Admin::replay(RequestContext context, http::Request request, std::string id) {
  if (!parts_.kept_events.keeps()) co_return nothing_is_kept();
  GUST_CO_TRY(const auto version, query_parameter(request, "version"));
  GUST_CO_TRY(auto event, co_await parts_.kept_events.find(context.principal.account, id));
  if (event.payload.size() != event.bytes) {
    co_return fail(Code::kTooLarge,
                   fmt::format("the event '{}' of {} bytes is too large to be kept; {} are kept at most", id,
                               event.bytes, KeptEvents::kMaxPayload),
                   "event");
  }
  auto target = event.function;
  if (!version.empty()) target.qualifier = version;
  functions::Invocation invocation;
  invocation.payload = std::move(event.payload);
  invocation.client_context = std::move(event.client_context);
  invocation.log_tail = functions::LogTail::kTail;
  invocation.replay_of = id;
  const auto new_id = context.request_id.str();
  GUST_CO_TRY(auto result, co_await parts_.invoker.invoke(std::move(context), target, std::move(invocation)));
  json::object out{{"id", new_id},
                   {"replay_of", id},
                   {"function", target.key.name.str()},
                   {"version", result.executed_version},
                   {"status", result.function_error.empty() ? "ok" : "failed"},
                   {"billed_ms", result.billed_ms},
                   {"payload", result.payload},
                   {"log", result.log_tail}};
  if (!result.function_error.empty()) out["error"] = result.error_type;
  co_return admin_answer(out);
}

}  // namespace gust::daemon
