#include "metrics/metric_store.h"

#include "base/log.h"
#include "kv/key.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace gust::metrics {
namespace {

constexpr std::size_t kGroup = 5000;              // samples of one transaction
constexpr std::int64_t kSavedWithin = 3'600'000;  // how exactly a row knows its metric's latest value
constexpr std::int64_t kMetricKept_s = 455 * rows::kDay;
constexpr std::size_t kPage = 1000;
constexpr Millis kPause{20};  // between two pages that are dropped: others come first

std::int64_t floor_to(std::int64_t time, std::int64_t step) { return time - time % step; }

// The coarsest level whose pieces make up those that are asked for.
const rows::Level& level_of(const PiecesQuery& query) {
  const auto* out = &rows::kLevels.front();
  if (query.period_s < 60) return *out;
  for (const auto& level : rows::kLevels) {
    if (level.step_s >= 60 && query.period_s % level.step_s == 0 && query.from_s % level.step_s == 0) out = &level;
  }
  return *out;
}

// Blocking.
Result<std::vector<FoundPiece>> read_pieces(kv::Reader& reader, const PiecesQuery& query, std::uint64_t metric,
                                            std::int64_t oldest_s) {
  const auto& level = level_of(query);
  std::map<std::pair<std::int64_t, Unit>, Summary> found;
  const auto from = std::max(query.from_s, floor_to(std::max<std::int64_t>(oldest_s - level.kept_s, 0), level.step_s));
  for (auto partition = rows::partition_of(level, from); partition * level.partition_s < query.to_s; ++partition) {
    const auto first = std::max(from, partition * level.partition_s);
    const auto prefix = rows::partition_prefix(level, partition, metric);
    kv::Range range{prefix, kv::after_prefix(prefix), kPage, kv::Order::kForward, kv::Caching::kKeep};
    kv::append_number(range.begin, static_cast<std::uint64_t>(first));
    if (const auto last = (partition + 1) * level.partition_s; query.to_s < last) {
      range.end = prefix;
      kv::append_number(range.end, static_cast<std::uint64_t>(query.to_s));
    }
    for (;;) {
      GUST_TRY(const auto page, reader.scan(range));
      for (const auto& row : page) {
        const auto piece = rows::parse_data_key(level, row.key);
        if (!piece) return fail(Code::kCorrupt, "a row of metric data has another key than was written", "metric");
        if (query.unit && *query.unit != piece->unit) continue;
        GUST_TRY(const auto summary, decode_summary(row.value));
        const auto start = query.from_s + floor_to(piece->start_s - query.from_s, query.period_s);
        found[{start, piece->unit}].merge(summary);
      }
      if (page.size() < range.limit) break;
      range.begin = page.back().key + '\0';
    }
  }
  std::vector<FoundPiece> out;
  out.reserve(found.size());
  for (auto& [place, summary] : found) out.push_back({place.first, place.second, std::move(summary)});
  return out;
}

}  // namespace

struct MetricStore::Work {
  std::vector<Shared> batches;
  std::vector<std::vector<std::uint64_t>> ids;  // of each batch's samples
  std::vector<std::pair<std::uint64_t, rows::MetricRow>> metrics;

  // Blocking; may run again.
  Result<void> write(kv::Transaction& tx) const {
    for (const auto& [id, row] : metrics) tx.put(rows::metric_key(id), rows::encode(row));
    std::map<std::string, Summary> changed;
    for (std::size_t i = 0; i < batches.size(); ++i) {
      for (std::size_t j = 0; j < batches[i]->samples.size(); ++j) {
        const auto& sample = batches[i]->samples[j];
        const auto at_s = to_epoch_ms(sample.at) / 1000;
        for (const auto& level : rows::kLevels) {
          if (level.step_s < 60 && sample.resolution != Resolution::kSecond) continue;
          changed[rows::data_key(level, {ids[i][j], floor_to(at_s, level.step_s), sample.unit})].merge(sample.summary);
        }
      }
    }
    for (auto& [key, summary] : changed) {
      GUST_TRY(const auto row, tx.get(key));
      if (row) {
        GUST_TRY(auto before, decode_summary(*row));
        before.merge(summary);
        tx.put(key, encode(before));
      } else {
        tx.put(key, encode(summary));
      }
    }
    return {};
  }
};

MetricStore::MetricStore(async::Executor executor, kv::Store& store, env::Clock& clock, Limits limits)
    : executor_(executor),
      store_(store),
      clock_(clock),
      limits_(limits),
      idle_(executor),
      readers_("metrics", 1),
      tasks_(executor, "metrics") {}

async::Task<void> MetricStore::open() {
  auto range = kv::Range::prefix(std::string(rows::kMetrics));
  for (;;) {
    GUST_CO_TRY(const auto page, co_await store_.scan(range));
    for (const auto& row : page) {
      const auto id = rows::metric_id(row.key);
      if (!id) co_return fail(Code::kCorrupt, "a metric's row has another key than was written", "metric");
      GUST_CO_TRY(auto metric, rows::decode_metric(row.value));
      next_id_ = std::max(next_id_, *id + 1);
      ++of_account_[metric.metric.account];
      metrics_.emplace(std::move(metric.metric), Known{*id, metric.last_ms, metric.last_ms});
    }
    if (page.size() < range.limit) co_return Result<void>{};
    range.begin = page.back().key + '\0';
  }
}

void MetricStore::start(Millis tidy_period) { tasks_.spawn(run(tidy_period)); }

async::Task<void> MetricStore::stop() {
  const auto written = co_await flush();
  const auto stopped = co_await tasks_.stop();
  co_return written ? stopped : written;
}

async::Task<void> MetricStore::run(Millis period) {
  for (;;) {
    GUST_CO_CHECK(co_await async::sleep_for(period));
    const auto done = co_await tidy();
    if (!done && done.error().code == Code::kCancelled) co_return done;
    if (!done) GUST_WARN("metrics: {}; trying again", done.error().message);
  }
}

Result<void> MetricStore::make_room(const std::vector<Sample>& samples) {
  if (samples.size() + waiting_samples_ > limits_.waiting)
    return fail(Code::kThrottled, "More metric data is put than the disk takes; try again later", "metrics");
  std::map<AccountId, std::size_t> fresh;
  std::set<MetricKey> unknown;
  for (const auto& sample : samples) {
    if (metrics_.contains(sample.metric) || !unknown.insert(sample.metric).second) continue;
    ++fresh[sample.metric.account];
  }
  for (const auto& [account, count] : fresh) {
    const auto there = of_account_.find(account);
    if (count + (there == of_account_.end() ? 0 : there->second) > limits_.metrics_of_account) {
      return fail(Code::kTooLarge,
                  fmt::format("The account has {} metrics, which is the most; put fewer different dimensions",
                              limits_.metrics_of_account),
                  "limit");
    }
  }
  for (const auto& metric : unknown) {
    metrics_.emplace(metric, Known{next_id_++, 0, -1});
    ++of_account_[metric.account];
  }
  return {};
}

Result<MetricStore::Shared> MetricStore::queue(std::vector<Sample> samples) {
  GUST_CHECK(make_room(samples));
  waiting_samples_ += samples.size();
  auto batch = std::make_shared<Batch>(executor_, std::move(samples));
  waiting_.push_back(batch);
  if (std::exchange(writer_, Writer::kBusy) == Writer::kIdle) tasks_.spawn(write_waiting());
  return batch;
}

async::Task<void> MetricStore::put(std::vector<Sample> samples) {
  if (samples.empty()) co_return Result<void>{};
  GUST_CO_TRY(const auto batch, queue(std::move(samples)));
  GUST_CO_CHECK(co_await batch->done.wait());
  co_return batch->result;
}

void MetricStore::add(std::vector<Sample> samples) {
  if (samples.empty()) return;
  const auto size = samples.size();
  const auto queued = queue(std::move(samples));
  if (queued) return;
  if (lost_ == 0) GUST_WARN("metrics: values are lost: {}", queued.error().message);
  lost_ += size;
}

async::Task<void> MetricStore::flush() {
  while (writer_ == Writer::kBusy) GUST_CO_CHECK(co_await idle_.wait());
  co_return Result<void>{};
}

async::Task<void> MetricStore::write_waiting() {
  while (!waiting_.empty()) {
    std::vector<Shared> batches;
    std::size_t size = 0;
    while (!waiting_.empty() && (batches.empty() || size + waiting_.front()->samples.size() <= kGroup)) {
      size += waiting_.front()->samples.size();
      batches.push_back(waiting_.front());
      waiting_.erase(waiting_.begin());
    }
    const auto done = co_await write(batches);
    waiting_samples_ -= size;
    if (!done) GUST_WARN("metrics: {} values are not written: {}", size, done.error().message);
    for (const auto& batch : batches) {
      batch->result = done;
      batch->done.set();
    }
  }
  lost_ = 0;
  writer_ = Writer::kIdle;
  idle_.pulse();
  co_return Result<void>{};
}

async::Task<void> MetricStore::write(std::vector<Shared> batches) {
  auto work = std::make_shared<Work>();
  work->batches = std::move(batches);
  std::map<const MetricKey*, Known*> used;
  for (const auto& batch : work->batches) {
    auto& ids = work->ids.emplace_back();
    for (const auto& sample : batch->samples) {
      const auto known = metrics_.find(sample.metric);
      auto& row = known->second;
      row.last_ms = std::max(row.last_ms, to_epoch_ms(sample.at));
      ids.push_back(row.id);
      used.emplace(&known->first, &row);
    }
  }
  for (const auto& [metric, known] : used) {
    if (known->saved_ms < 0 || known->last_ms - known->saved_ms >= kSavedWithin)
      work->metrics.push_back({known->id, {*metric, known->last_ms}});
  }
  kv::Store::Body body = [work](kv::Transaction& tx) { return work->write(tx); };
  GUST_CO_CHECK(co_await store_.transact(std::move(body)));
  for (const auto& [id, row] : work->metrics) {
    if (const auto known = metrics_.find(row.metric); known != metrics_.end()) known->second.saved_ms = row.last_ms;
  }
  co_return Result<void>{};
}

async::Task<std::vector<FoundPiece>> MetricStore::read(PiecesQuery query) {
  const auto known = metrics_.find(query.metric);
  if (known == metrics_.end() || query.from_s >= query.to_s || query.from_s < 0) co_return std::vector<FoundPiece>();
  const auto now_s = to_epoch_ms(clock_.now()) / 1000;
  auto job = [reader = std::shared_ptr<kv::Reader>(store_.snapshot()), query, id = known->second.id, now_s] {
    return read_pieces(*reader, query, id, now_s);
  };
  co_return co_await readers_.run(std::move(job));
}

std::vector<MetricKey> MetricStore::list(const AccountId& account, const std::optional<MetricKey>& after,
                                         WallTime since, std::size_t limit,
                                         const std::function<bool(const MetricKey&)>& wanted) const {
  std::vector<MetricKey> out;
  auto at = after ? metrics_.upper_bound(*after) : metrics_.lower_bound(MetricKey{account, "", "", {}});
  for (; at != metrics_.end() && at->first.account == account && out.size() < limit; ++at) {
    const auto& [metric, known] = *at;
    if (known.last_ms >= to_epoch_ms(since) && wanted(metric)) out.push_back(metric);
  }
  return out;
}

async::Task<void> MetricStore::tidy() {
  for (const auto& level : rows::kLevels) GUST_CO_CHECK(co_await tidy_level(level));
  co_return co_await tidy_metrics();
}

async::Task<void> MetricStore::tidy_level(rows::Level level) {
  const auto oldest = to_epoch_ms(clock_.now()) / 1000 - level.kept_s;
  auto range = kv::Range::prefix(rows::level_prefix(level), kPage);
  range.caching = kv::Caching::kPass;
  for (;;) {
    GUST_CO_TRY(const auto page, co_await store_.scan(range));
    std::vector<std::string> old;
    for (const auto& row : page) {
      const auto end = rows::partition_end(level, row.key);
      if (end && *end > oldest) break;
      old.push_back(row.key);
    }
    if (old.empty()) co_return Result<void>{};
    kv::Store::Body body = [&old](kv::Transaction& tx) -> Result<void> {
      for (const auto& key : old) tx.erase(key);
      return {};
    };
    GUST_CO_CHECK(co_await store_.transact(std::move(body), kv::Durability::kBuffered));
    if (old.size() < page.size() || page.size() < range.limit) co_return Result<void>{};
    GUST_CO_CHECK(co_await async::sleep_for(kPause));
  }
}

async::Task<void> MetricStore::tidy_metrics() {
  if (writer_ == Writer::kBusy) co_return Result<void>{};  // what waits refers to its metrics
  const auto oldest = to_epoch_ms(clock_.now()) - kMetricKept_s * 1000;
  std::vector<std::string> old;
  for (auto it = metrics_.begin(); it != metrics_.end();) {
    // One that is not saved yet is about to be.
    if (it->second.saved_ms < 0 || it->second.last_ms >= oldest) {
      ++it;
      continue;
    }
    old.push_back(rows::metric_key(it->second.id));
    --of_account_[it->first.account];
    it = metrics_.erase(it);
  }
  if (old.empty()) co_return Result<void>{};
  kv::Store::Body body = [&old](kv::Transaction& tx) -> Result<void> {
    for (const auto& key : old) tx.erase(key);
    return {};
  };
  co_return co_await store_.transact(std::move(body), kv::Durability::kBuffered);
}

}  // namespace gust::metrics
