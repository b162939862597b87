#include "daemon/trace_export.h"

#include "base/log.h"
#include "traces/otlp.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace gust::daemon {
namespace {

constexpr std::size_t kMostWaiting = 50'000, kMostAtOnce = 1000;
constexpr Millis kPause{500}, kLongestPause{30'000}, kPatience{10'000};

}  // namespace

Result<Collector> parse_collector(std::string_view url) {
  const auto bad = [&] {
    return fail(Code::kInvalid,
                fmt::format("'{}' is not a collector's address; expected http://HOST[:PORT][/PATH]", url), "collector");
  };
  constexpr std::string_view kScheme = "http://";
  if (!url.starts_with(kScheme)) return bad();
  Collector out;
  auto rest = url.substr(kScheme.size());
  if (const auto slash = rest.find('/'); slash != std::string_view::npos) {
    if (rest.size() > slash + 1) out.path = rest.substr(slash);
    rest = rest.substr(0, slash);
  }
  if (const auto colon = rest.rfind(':'); colon != std::string_view::npos && rest.find(']', colon) == rest.npos) {
    const auto digits = rest.substr(colon + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out.port);
    if (error != std::errc() || end != digits.data() + digits.size() || out.port == 0) return bad();
    rest = rest.substr(0, colon);
  }
  if (rest.starts_with('[') && rest.ends_with(']')) rest = rest.substr(1, rest.size() - 2);
  if (rest.empty()) return bad();
  out.host = rest;
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
  request.headers.add("Host", fmt::format("{}:{}", collector_.host, collector_.port));
  request.headers.add("Content-Type", "application/x-protobuf");
  request.content_length = body.size();
  request.body = async::from_string(std::move(body));
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  GUST_CO_TRY(auto response, co_await client_->send(collector_.host, collector_.port, std::move(request), deadline));
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
      GUST_WARN("traces: sending {} spans to {}:{}: {}", spans.size(), collector_.host, collector_.port,
                sent.error().message);
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
