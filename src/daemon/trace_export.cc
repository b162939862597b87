#include "daemon/trace_export.h"

#include "base/log.h"
#include "codec/url.h"
#include "traces/otlp.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>
#include <utility>

namespace gust::daemon {
namespace {

constexpr std::size_t kMostWaiting = 50'000, kMostAtOnce = 1000;
constexpr std::uint16_t kOtlpPort = 4318;
// RFC 9110, section 5.6.2.
constexpr std::string_view kOfTokens =
    "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr Millis kPause{500}, kLongestPause{30'000}, kPatience{10'000};

}  // namespace

Result<Collector> parse_collector(std::string_view url, std::string_view headers) {
  Collector out;
  const auto host = url.find("://");
  const auto slash = host == url.npos ? url.npos : url.find('/', host + 3);
  out.path = slash == url.npos || slash + 1 == url.size() ? "/v1/traces" : url.substr(slash);
  GUST_TRY(out.origin, http::parse_origin(url.substr(0, slash), kOtlpPort));
  if (std::ranges::any_of(out.path, [](char c) { return c <= ' '; }))
    return fail(Code::kInvalid, fmt::format("'{}' has a path that is not percent-encoded", url), "address");
  for (const auto& each : std::views::split(headers, ',')) {
    std::string_view one(each);
    one.remove_prefix(std::min(one.find_first_not_of(' '), one.size()));
    if (one.empty()) continue;
    const auto equals = std::min(one.find('='), one.size());
    const auto name = one.substr(0, equals);
    if (equals == one.size() || name.empty() || name.find_first_not_of(kOfTokens) != name.npos)
      return fail(Code::kInvalid, "the headers are not NAME=VALUE, separated by commas", "headers");
    GUST_TRY(auto value, codec::percent_decode(one.substr(equals + 1)));
    if (std::ranges::any_of(value, [](char c) { return static_cast<unsigned char>(c) < ' '; }))
      return fail(Code::kInvalid, fmt::format("the header {} has a line break", name), "headers");
    out.headers.emplace_back(name, std::move(value));
  }
  return out;
}

TraceExport::TraceExport(async::Executor executor, telemetry::Tracer& next, Collector collector)
    : next_(next),
      collector_(std::move(collector)),
      client_(http::make_client(executor)),
      tasks_(executor, "trace export") {}

void TraceExport::record(const telemetry::Span& span) {
  next_.record(span);
  const std::lock_guard lock(mutex_);
  if (waiting_.size() < kMostWaiting)
    waiting_.push_back(span);
  else
    ++lost_;
}

std::uint64_t TraceExport::lost() {
  const std::lock_guard lock(mutex_);
  return lost_;
}

std::vector<telemetry::Span> TraceExport::take() {
  const std::lock_guard lock(mutex_);
  const auto count = static_cast<std::ptrdiff_t>(std::min(waiting_.size(), kMostAtOnce));
  std::vector<telemetry::Span> out(std::make_move_iterator(waiting_.begin()),
                                   std::make_move_iterator(waiting_.begin() + count));
  waiting_.erase(waiting_.begin(), waiting_.begin() + count);
  return out;
}

async::Task<void> TraceExport::send(std::vector<telemetry::Span> spans) {
  auto body = traces::write_otlp(spans);
  http::Request request;
  request.method = "POST";
  request.target = request.path = collector_.path;
  request.headers.add("Content-Type", "application/x-protobuf");
  for (const auto& [name, value] : collector_.headers) request.headers.set(name, value);
  request.content_length = body.size();
  request.body = async::from_string(std::move(body));
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  GUST_CO_TRY(auto response, co_await client_->send(collector_.origin, std::move(request), deadline));
  if (response.stream) GUST_CO_CHECK(co_await async::read_all(*response.stream, 1 << 20));
  if (response.status / 100 == 2) co_return Result<void>{};
  const auto code = response.status == 429 || response.status >= 500 ? Code::kUnavailable : Code::kInvalid;
  co_return fail(code, fmt::format("the collector answered {}", response.status), "collector");
}

async::Task<void> TraceExport::run() {
  auto pause = kPause;
  for (;;) {
    GUST_CO_CHECK(co_await async::sleep_for(pause));
    for (auto spans = take(); !spans.empty(); spans = take()) {
      auto copy = spans;
      const auto sent = co_await send(std::move(copy));
      if (sent) {
        pause = kPause;
        continue;
      }
      if (sent.error().code == Code::kCancelled) co_return std::unexpected(sent.error());
      GUST_WARN("traces: sending {} spans to {}: {}", spans.size(), collector_.origin.url(), sent.error().message);
      const std::lock_guard lock(mutex_);
      if (!is_retryable(sent.error().code)) {
        lost_ += spans.size();
        continue;
      }
      waiting_.insert(waiting_.begin(), std::make_move_iterator(spans.begin()), std::make_move_iterator(spans.end()));
      pause = std::min(pause * 2, kLongestPause);
      break;
    }
  }
}

async::Task<void> TraceExport::stop() {
  GUST_CO_CHECK(co_await tasks_.stop());
  auto spans = take();
  if (spans.empty()) co_return Result<void>{};
  co_return co_await send(std::move(spans));
}

}  // namespace gust::daemon
