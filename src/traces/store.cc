#include "traces/store.h"

#include "base/log.h"

#include <algorithm>
#include <utility>

namespace gust::traces {
namespace {

constexpr std::size_t kLeastSegments = 8;      // that the bytes are shared out to: what expires is one of them
constexpr std::size_t kMostOfMap = 300'000;    // spans that a map is drawn from

}  // namespace

Result<std::unique_ptr<Store>> Store::open(async::Executor executor, env::Files& files, env::Clock& clock,
                                           std::string folder, StoreSettings settings) {
  settings.segment_bytes = std::min<std::size_t>(settings.segment_bytes, settings.most_bytes / kLeastSegments);
  settings.block_bytes = std::min(settings.block_bytes, settings.segment_bytes);
  GUST_TRY(auto segments, Segments::open(files, std::move(folder), settings));
  return std::unique_ptr<Store>(new Store(executor, clock, std::move(segments), settings));
}

Store::Store(async::Executor executor, env::Clock& clock, std::unique_ptr<Segments> segments, StoreSettings settings)
    : clock_(clock),
      settings_(settings),
      segments_(std::move(segments)),
      tasks_(executor, "traces"),
      writer_("traces", 1, settings.most_waiting),
      reader_("trace queries", 1, 64) {}

void Store::record(const Span& span) {
  if (span.trace.empty()) return;
  const std::lock_guard lock(mutex_);
  block_.add(span);
  recorded_.fetch_add(1, std::memory_order_relaxed);
  if (!feeds_.empty() && begins(span)) {
    std::erase_if(feeds_, [](const auto& feed) { return feed.expired(); });
    for (const auto& weak : feeds_) {
      if (const auto feed = weak.lock()) tell(*feed, span.trace);
    }
  }
  if (block_.bytes() >= settings_.block_bytes) hand_over();
}

void Store::tell(Feed& feed, const TraceId& trace) {
  if (!feed.told_.insert(trace).second) return;
  feed.last_.push_back(trace);
  if (feed.last_.size() > Feed::kRemembered) {
    feed.told_.erase(feed.last_.front());
    feed.last_.pop_front();
  }
  if (feed.heard_.ids.size() < Feed::kMost)
    feed.heard_.ids.push_back(trace);
  else
    ++feed.heard_.left_out;
}

void Store::hand_over() {
  if (block_.empty()) return;
  const auto spans = block_.spans();
  auto job = [this, block = std::exchange(block_, BlockWriter())]() mutable {
    auto written = segments_->append(block.finish());
    if (written) written = segments_->expire(to_epoch_ms(clock_.now()) * 1000);
    if (!written) GUST_WARN("traces: {}", written.error().message);
  };
  if (!writer_.submit(std::move(job))) dropped_.fetch_add(spans, std::memory_order_relaxed);
}

void Store::start() {
  tasks_.spawn(keep_flushing());
  (void)writer_.submit([this] {
    auto done = segments_->expire(to_epoch_ms(clock_.now()) * 1000);
    if (done) done = segments_->tidy();
    if (!done) GUST_WARN("traces: {}", done.error().message);
  });
}

async::Task<void> Store::keep_flushing() {
  for (;;) {
    GUST_CO_CHECK(co_await async::sleep_for(settings_.flush_every));
    const std::lock_guard lock(mutex_);
    hand_over();
  }
}

async::Task<void> Store::stop() {
  GUST_CO_CHECK(co_await tasks_.stop());
  co_return co_await flush();
}

async::Task<void> Store::flush() {
  {
    const std::lock_guard lock(mutex_);
    hand_over();
  }
  auto nothing = []() -> Result<void> { return {}; };  // behind what was handed over
  co_return co_await writer_.run(std::move(nothing));
}

async::Task<std::vector<View>> Store::views() {
  GUST_CO_CHECK(co_await flush());
  co_return segments_->views();
}

async::Task<Trace> Store::find(TraceId id, AccountId account) {
  GUST_CO_TRY(auto views, co_await this->views());
  auto job = [views = std::move(views), id, account = std::move(account)]() -> Result<Trace> {
    return find_trace(views, id, account);
  };
  co_return co_await reader_.run(std::move(job));
}

async::Task<Page> Store::search(Query query) {
  GUST_CO_TRY(auto views, co_await this->views());
  auto job = [views = std::move(views), query = std::move(query)]() -> Result<Page> {
    return traces::search(views, query);
  };
  co_return co_await reader_.run(std::move(job));
}

async::Task<Map> Store::map(Query query) {
  GUST_CO_TRY(auto views, co_await this->views());
  auto job = [views = std::move(views), query = std::move(query)]() -> Result<Map> {
    return map_of(spans_between(views, query, kMostOfMap));
  };
  co_return co_await reader_.run(std::move(job));
}

std::shared_ptr<Feed> Store::listen() {
  auto feed = std::make_shared<Feed>();
  const std::lock_guard lock(mutex_);
  feeds_.push_back(feed);
  return feed;
}

Feed::Heard Store::take(Feed& feed) {
  const std::lock_guard lock(mutex_);
  return std::exchange(feed.heard_, {});
}

}  // namespace gust::traces
