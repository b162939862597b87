#include "metrics/summary.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <optional>
#include <vector>

namespace gust::metrics {
namespace {

constexpr char kVersion = 1;
constexpr unsigned kNotAllKnown = 1, kWholeCounts = 2;
constexpr double kLargestCount = 9e15;  // that a double holds to the last

void append_double(std::string& out, double number) {
  const auto bits = std::bit_cast<std::uint64_t>(number);
  for (unsigned i = 0; i < 8; ++i) out += static_cast<char>(bits >> (8 * i));
}

void append_varint(std::string& out, std::uint64_t number) {
  for (; number >= 0x80; number >>= 7U) out += static_cast<char>(number | 0x80U);
  out += static_cast<char>(number);
}

class Bytes {
 public:
  explicit Bytes(std::string_view left) : left_(left) {}

  std::optional<unsigned> byte() {
    if (left_.empty()) return std::nullopt;
    const auto out = static_cast<unsigned char>(left_.front());
    left_.remove_prefix(1);
    return out;
  }
  std::optional<double> number() {
    if (left_.size() < 8) return std::nullopt;
    std::uint64_t bits = 0;
    for (std::size_t i = 8; i-- > 0;) bits = (bits << 8U) | static_cast<unsigned char>(left_[i]);
    left_.remove_prefix(8);
    return std::bit_cast<double>(bits);
  }
  std::optional<std::uint64_t> varint() {
    std::uint64_t out = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto next = byte();
      if (!next) return std::nullopt;
      out |= static_cast<std::uint64_t>(*next & 0x7fU) << shift;
      if (*next < 0x80) return out;
    }
    return std::nullopt;
  }
  bool done() const { return left_.empty(); }

 private:
  std::string_view left_;
};

std::unexpected<Error> corrupt() {
  return fail(Code::kCorrupt, "a row of metric data is not what was written", "metric");
}

bool is_count(double number) { return std::isfinite(number) && number > 0; }

}  // namespace

void Summary::add(double value, double times) {
  add_set(times, value * times, value, value);
}

void Summary::add_set(double times, double total, double least, double greatest) {
  min = count == 0 ? least : std::min(min, least);
  max = count == 0 ? greatest : std::max(max, greatest);
  count += times;
  sum += total;
  if (least == greatest) {
    values.add(least, times);
  } else {
    known = Known::kNotAll;
  }
}

void Summary::merge(const Summary& other) {
  if (other.count == 0) return;
  min = count == 0 ? other.min : std::min(min, other.min);
  max = count == 0 ? other.max : std::max(max, other.max);
  count += other.count;
  sum += other.sum;
  values.merge(other.values);
  if (other.known == Known::kNotAll) known = Known::kNotAll;
}

std::string encode(const Summary& summary) {
  const auto& values = summary.values.values();
  const bool whole = std::ranges::all_of(values, [](const auto& value) {
    return value.second == std::floor(value.second) && value.second < kLargestCount;
  });
  std::string out;
  out.reserve(40 + values.size() * 10);
  out += kVersion;
  out += static_cast<char>((summary.known == Summary::Known::kNotAll ? kNotAllKnown : 0) | (whole ? kWholeCounts : 0));
  out += static_cast<char>(summary.values.level() + 1);
  for (const double number : {summary.count, summary.sum, summary.min, summary.max}) append_double(out, number);
  append_varint(out, values.size());
  for (const auto& [value, count] : values) {
    append_double(out, value);
    if (whole) {
      append_varint(out, static_cast<std::uint64_t>(count));
    } else {
      append_double(out, count);
    }
  }
  return out;
}

Result<Summary> decode_summary(std::string_view row) {
  Bytes bytes(row);
  const auto version = bytes.byte(), flags = bytes.byte(), level = bytes.byte();
  const auto count = bytes.number(), sum = bytes.number(), min = bytes.number(), max = bytes.number();
  const auto size = bytes.varint();
  if (version != static_cast<unsigned>(kVersion) || !flags || !level || !max || !size) return corrupt();
  if (*size > Distribution::kMost || *level > static_cast<unsigned>(Distribution::kCoarsest + 1)) return corrupt();
  Summary out{*count, *sum, *min, *max, {}, Summary::Known::kAll};
  if ((*flags & kNotAllKnown) != 0) out.known = Summary::Known::kNotAll;
  std::vector<std::pair<double, double>> values;
  values.reserve(*size);
  for (std::uint64_t i = 0; i < *size; ++i) {
    const auto value = bytes.number();
    std::optional<double> times;
    if ((*flags & kWholeCounts) != 0) {
      if (const auto whole = bytes.varint()) times = static_cast<double>(*whole);
    } else {
      times = bytes.number();
    }
    if (!value || !std::isfinite(*value) || !times || !is_count(*times)) return corrupt();
    values.emplace_back(*value, *times);
  }
  if (!bytes.done() || !is_count(out.count)) return corrupt();
  out.values = Distribution(static_cast<int>(*level) - 1, std::move(values));
  return out;
}

}  // namespace gust::metrics
