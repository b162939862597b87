#include "wire/scalar.h"

#include "codec/base64.h"
#include "codec/time_format.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>

namespace gust::wire {
namespace {

std::unexpected<Error> wrong(const Ref& ref, std::string_view text, std::string_view expected) {
  return fail(Code::kInvalid, fmt::format("'{}': '{}' is not {}", ref.wire_name(), text, expected), ref.wire_name());
}

Result<double> parse_double(const Ref& ref, std::string_view text) {
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return wrong(ref, text, "a number");
  return number;
}

Result<std::int64_t> parse_integer(const Ref& ref, std::string_view text) {
  std::int64_t number = 0;
  const auto digits = text.starts_with('+') ? text.substr(1) : text;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) return wrong(ref, text, "an integer");
  const bool fits =
      number >= std::numeric_limits<std::int32_t>::min() && number <= std::numeric_limits<std::int32_t>::max();
  if (ref.shape->kind == Kind::kInteger && !fits) return wrong(ref, text, "an integer of 32 bits");
  return number;
}

}  // namespace

TimeFormat time_format_of(const Ref& ref, TimeFormat otherwise) {
  if (ref.time_format != TimeFormat::kDefault) return ref.time_format;
  if (ref.shape->time_format != TimeFormat::kDefault) return ref.shape->time_format;
  return otherwise;
}

Result<WallTime> parse_time(std::string_view text, TimeFormat format) {
  if (format == TimeFormat::kHttpDate) {
    // Some clients send fractions of a second here.
    if (const auto dot = text.find('.'); dot != std::string_view::npos) {
      const auto space = text.find(' ', dot);
      std::string without(text.substr(0, dot));
      if (space != std::string_view::npos) without += text.substr(space);
      GUST_TRY(const auto whole, codec::from_http_date(without));
      int ms = 0, scale = 100;
      for (auto i = dot + 1; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i, scale /= 10)
        ms += (text[i] - '0') * scale;
      return whole + Millis(ms);
    }
    return codec::from_http_date(text);
  }
  if (format == TimeFormat::kIso8601) return codec::from_iso8601(text);
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size() || !(std::abs(seconds) < 1e12)) {
    return fail(Code::kInvalid, fmt::format("'{}' is not a number of seconds", text));
  }
  return from_epoch_ms(std::llround(seconds * 1000));
}

std::string time_text(WallTime time, TimeFormat format) {
  const bool whole = to_epoch_ms(time) % 1000 == 0;
  if (format == TimeFormat::kHttpDate) return codec::to_http_date(time);
  if (format == TimeFormat::kIso8601) return whole ? codec::to_iso8601(time) : codec::to_iso8601_ms(time);
  return whole ? std::to_string(to_epoch_ms(time) / 1000)
               : fmt::format("{:.3f}", static_cast<double>(to_epoch_ms(time)) / 1000);
}

std::string number_text(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
  return fmt::format("{}", number);
}

std::optional<bool> truth_of(std::string_view text) {
  std::string upper(text);
  for (auto& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  if (upper == "TRUE" || upper == "YES" || upper == "1") return true;
  if (upper == "FALSE" || upper == "NO" || upper == "0") return false;
  return std::nullopt;
}

Result<Value> parse_scalar(const Ref& ref, std::string_view text, TimeFormat otherwise) {
  switch (ref.shape->kind) {
    case Kind::kBoolean:
      if (text == "true" || text == "True" || text == "1") return Value(true);
      if (text == "false" || text == "False" || text == "0") return Value(false);
      return wrong(ref, text, "true or false");
    case Kind::kInteger:
    case Kind::kLong: {
      GUST_TRY(const auto number, parse_integer(ref, text));
      return Value(number);
    }
    case Kind::kFloat: {
      GUST_TRY(const auto number, parse_double(ref, text));
      return Value(number);
    }
    case Kind::kBlob: {
      auto bytes = codec::from_base64(text);
      if (!bytes) return wrong(ref, text.substr(0, 60), "base64");
      return Value(Blob{*std::move(bytes)});
    }
    case Kind::kTimestamp: {
      const auto time = parse_time(text, time_format_of(ref, otherwise));
      if (!time)
        return fail(Code::kInvalid, fmt::format("'{}': {}", ref.wire_name(), time.error().message), ref.wire_name());
      return Value(*time);
    }
    default:
      return Value(std::string(text));
  }
}

std::string scalar_text(const Ref& ref, const Value& value, TimeFormat otherwise) {
  if (const auto* time = value.as<WallTime>()) return time_text(*time, time_format_of(ref, otherwise));
  if (const auto* blob = value.as<Blob>()) return codec::to_base64(blob->bytes);
  if (const auto* number = value.as<double>()) return number_text(*number);
  return describe(value);
}

}  // namespace gust::wire
