// What `gust logs` and the console ask: a group's newest events, and those that come. What is asked for is a function's
// name or a group's that begins with a slash; with of=group it is a group's, whatever it begins with.
#include "daemon/admin.h"

#include "codec/json.h"
#include "codec/url.h"
#include "daemon/function_logs.h"

#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace gust::daemon {
namespace {

namespace json = boost::json;

constexpr Millis kLook{500};             // how often a follower looks whether the daemon stops
constexpr std::size_t kAtOnce = 1000;    // events of one look
constexpr std::size_t kMostBytes = 64 << 20;

std::string line_of(const logs::Event& event) {
  return codec::to_json(json::object{{"time_ms", event.at_ms},
                                     {"stream", event.stream},
                                     {"request_id", event.request_id},
                                     {"message", event.message}}) +
         "\n";
}

std::string query_text(const codec::QueryPairs& query, std::string_view name) {
  const auto found = std::ranges::find(query, name, [](const auto& pair) { return pair.first; });
  return found == query.end() ? "" : found->second;
}

std::int64_t query_number(const codec::QueryPairs& query, std::string_view name, std::int64_t otherwise) {
  const auto text = query_text(query, name);
  if (!text.empty()) std::from_chars(text.data(), text.data() + text.size(), otherwise);
  return otherwise;
}

// The lines that are there, then those that come, until the reader goes or the daemon stops.
class Follow final : public async::ByteSource {
 public:
  Follow(logs::EventStore& events, logs::GroupKey key, logs::SearchQuery query, std::string text, std::uint64_t from,
         std::shared_ptr<const bool> stopping)
      : events_(events),
        key_(std::move(key)),
        query_(std::move(query)),
        text_(std::move(text)),
        from_(from),
        stopping_(std::move(stopping)) {}

  async::Task<std::size_t> read(std::span<std::byte> out) override {
    while (text_.empty()) {
      if (*stopping_) co_return 0;
      const auto deadline = std::chrono::steady_clock::now() + kLook;
      const auto came = co_await events_.wait(key_, from_, deadline);
      if (!came && came.error().code == Code::kNotFound) {  // its group is made with its first event
        GUST_CO_CHECK(co_await async::sleep_until(deadline));
        continue;
      }
      if (!came && came.error().code != Code::kTimeout) co_return 0;
      GUST_CO_CHECK(co_await take());
    }
    const auto n = std::min(out.size(), text_.size());
    std::memcpy(out.data(), text_.data(), n);
    text_.erase(0, n);
    co_return n;
  }

 private:
  async::Task<void> take() {
    GUST_CO_TRY(const auto events, co_await events_.since(key_, from_, kAtOnce));
    for (const auto& event : events) {
      from_ = event.sequence + 1;
      if (query_.stream && !query_.stream(event.stream)) continue;
      const bool matches = !query_.pattern || query_.pattern->matches(event.message);
      if (matches && (query_.request_id.empty() || event.request_id == query_.request_id)) text_ += line_of(event);
    }
    co_return Result<void>{};
  }

  logs::EventStore& events_;
  logs::GroupKey key_;
  logs::SearchQuery query_;
  std::string text_;
  std::uint64_t from_;
  std::shared_ptr<const bool> stopping_;
};

}  // namespace

// The group of a function's name, or a group's own name, which begins with a slash.
async::Task<Admin::LogPlace> Admin::log_place(AccountId account, std::string name, NameIs is) {
  if (is == NameIs::kGroup) co_return LogPlace{{account, std::move(name)}};
  if (name == "dynamodb-imports") co_return LogPlace{{account, std::string(kImportsGroup)}};
  GUST_CO_TRY(const auto ref, functions::parse_function_name(name, "", account));
  if (ref.key.account != account) co_return fail(Code::kDenied, "the function is another account's");
  LogPlace out{{account, functions::default_log_group(ref.key.name)}};
  const auto function = co_await parts_.registry.get(ref.key);  // what one that is gone printed is still there
  if (function && !function->logging.group.empty()) {
    out.group.name = function->logging.group;
    out.only = ref.key.name;
  }
  if (!ref.qualifier.empty()) {
    GUST_CO_TRY(const auto version, co_await parts_.registry.get_version(ref));
    out.version = version.version;
  }
  co_return out;
}

async::Task<http::Response> Admin::logs(RequestContext context, http::Request request, std::string name) {
  const auto account = context.principal.account;
  GUST_CO_TRY(const auto query, codec::parse_query(request.query));
  const auto is = name.starts_with('/') || query_text(query, "of") == "group" ? NameIs::kGroup : NameIs::kFunction;
  GUST_CO_TRY(const auto place, co_await log_place(account, name, is));
  const auto& key = place.group;
  logs::SearchQuery search;
  search.low = {query_number(query, "since_ms", 0), 0};
  if (const auto until = query_number(query, "until_ms", -1); until >= 0) search.high = {until, 0};
  search.limit = static_cast<std::size_t>(std::clamp<std::int64_t>(query_number(query, "limit", 1000), 1, 100'000));
  search.direction = logs::Direction::kBackward;
  search.max_bytes = kMostBytes;
  search.request_id = query_text(query, "request_id");
  if (place.only || !place.version.empty()) {
    const auto version = place.version.empty() ? "" : fmt::format("[{}]", place.version);
    search.stream = [of = place.only, version](std::string_view stream) {
      return stream.contains(version) && (!of || functions::is_stream_of(stream, *of));
    };
  }
  GUST_CO_TRY(search.pattern, logs::parse_filter_pattern(query_text(query, "filter")));
  GUST_CO_CHECK(co_await parts_.events.flush());
  const auto next = co_await parts_.events.next_sequence(key);
  if (!next && next.error().code != Code::kNotFound) co_return std::unexpected(next.error());
  const std::uint64_t from = next.value_or(1);
  logs::SearchResult found;
  if (next) {
    GUST_CO_TRY(found, co_await parts_.events.search(key, search));
  } else if (is == NameIs::kGroup) {
    co_return fail(Code::kNotFound, fmt::format("there is no log group '{}'", name));
  } else if (key.name != kImportsGroup) {
    GUST_CO_TRY(const auto ref, functions::parse_function_name(name, "", account));
    GUST_CO_CHECK(co_await parts_.registry.get(ref.key));
  }
  std::string text;
  for (auto it = found.events.rbegin(); it != found.events.rend(); ++it) {
    if (it->sequence < from) text += line_of(*it);
  }
  http::Response response;
  response.headers.add("Content-Type", "application/x-ndjson");
  if (query_text(query, "follow") == "1") {
    response.stream = std::make_unique<Follow>(parts_.events, key, std::move(search), std::move(text), from,
                                               parts_.stopping);
  } else {
    response.body = std::move(text);
  }
  co_return response;
}

}  // namespace gust::daemon
