#include "metrics/rows.h"

#include "codec/json.h"
#include "kv/key.h"

#include <boost/json/object.hpp>
#include <fmt/format.h>

namespace gust::metrics::rows {
namespace {

namespace json = boost::json;

std::optional<std::string_view> below(std::string_view key, std::string_view prefix) {
  if (!key.starts_with(prefix)) return std::nullopt;
  return key.substr(prefix.size());
}

}  // namespace

std::string level_prefix(const Level& level) { return fmt::format("{}{}", kData, level.name); }

std::int64_t partition_of(const Level& level, std::int64_t start_s) { return start_s / level.partition_s; }

std::string partition_prefix(const Level& level, std::int64_t partition, std::uint64_t metric) {
  auto key = level_prefix(level);
  kv::append_number(key, static_cast<std::uint64_t>(partition));
  kv::append_number(key, metric);
  return key;
}

std::string data_key(const Level& level, const Piece& piece) {
  auto key = partition_prefix(level, partition_of(level, piece.start_s), piece.metric);
  kv::append_number(key, static_cast<std::uint64_t>(piece.start_s));
  key += static_cast<char>(piece.unit);
  return key;
}

std::optional<Piece> parse_data_key(const Level& level, std::string_view key) {
  auto rest = below(key, level_prefix(level));
  std::uint64_t partition = 0, start = 0;
  Piece out;
  if (!rest || !kv::take_number(*rest, partition) || !kv::take_number(*rest, out.metric)) return std::nullopt;
  if (!kv::take_number(*rest, start) || rest->size() != 1) return std::nullopt;
  out.start_s = static_cast<std::int64_t>(start);
  out.unit = static_cast<Unit>(rest->front());
  return out;
}

std::optional<std::int64_t> partition_end(const Level& level, std::string_view key) {
  auto rest = below(key, level_prefix(level));
  std::uint64_t partition = 0;
  if (!rest || !kv::take_number(*rest, partition)) return std::nullopt;
  return (static_cast<std::int64_t>(partition) + 1) * level.partition_s;
}

std::string metric_key(std::uint64_t id) {
  std::string key(kMetrics);
  kv::append_number(key, id);
  return key;
}

std::optional<std::uint64_t> metric_id(std::string_view key) {
  auto rest = below(key, kMetrics);
  std::uint64_t id = 0;
  if (!rest || !kv::take_number(*rest, id) || !rest->empty()) return std::nullopt;
  return id;
}

std::string encode(const MetricRow& row) {
  json::object dimensions;
  for (const auto& [name, value] : row.metric.dimensions) dimensions[name] = value;
  return codec::to_json(json::object{{"account", row.metric.account.str()},
                                     {"namespace", row.metric.name_space},
                                     {"name", row.metric.name},
                                     {"dimensions", std::move(dimensions)},
                                     {"last_ms", row.last_ms}});
}

Result<MetricRow> decode_metric(std::string_view text) {
  const auto document = codec::parse_json(text);
  try {
    const auto& o = document.value().as_object();
    const auto word = [&](const char* name) { return std::string(o.at(name).as_string()); };
    MetricRow out;
    out.metric = {AccountId(word("account")), word("namespace"), word("name"), {}};
    for (const auto& [name, value] : o.at("dimensions").as_object())
      out.metric.dimensions.emplace(name, std::string(value.as_string()));
    out.last_ms = o.at("last_ms").as_int64();
    return out;
  } catch (const std::exception& e) {
    return fail(Code::kCorrupt, fmt::format("a metric's row is not what was written: {}", e.what()), "metric");
  }
}

}  // namespace gust::metrics::rows
