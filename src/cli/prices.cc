#include "cli/prices.h"

#include "codec/json.h"

#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace gust::cli {
namespace {

constexpr std::size_t kDigits = 18;         // behind the point
constexpr std::size_t kMaxWhole = 9;        // before it
constexpr std::uint64_t kMbMs = 1'024'000;  // of a GB-second

Result<Atto> parse_decimal(std::string_view text) {
  const auto point = std::min(text.find('.'), text.size());
  const auto whole = text.substr(0, point);
  const auto part = point == text.size() ? std::string_view() : text.substr(point + 1);
  const auto digits = [](std::string_view t) {
    return std::ranges::all_of(t, [](char c) { return c >= '0' && c <= '9'; });
  };
  const bool sound =
      !whole.empty() && whole.size() <= kMaxWhole && part.size() <= kDigits && digits(whole) && digits(part);
  if (!sound) return fail(Code::kInvalid, "not a decimal number");
  Atto out = 0;
  for (const char c : whole) out = out * 10 + static_cast<unsigned>(c - '0');
  for (std::size_t i = 0; i < kDigits; ++i)
    out = out * 10 + (i < part.size() ? static_cast<unsigned>(part[i] - '0') : 0);
  return out;
}

std::string to_text(Atto number) {
  std::string out;
  do {
    out.insert(out.begin(), static_cast<char>('0' + static_cast<int>(number % 10)));
    number /= 10;
  } while (number > 0);
  return out;
}

}  // namespace

Quantities& Quantities::operator+=(const Quantities& other) {
  invocations += other.invocations;
  billed_ms += other.billed_ms;
  mb_ms += other.mb_ms;
  tmp_mb_ms += other.tmp_mb_ms;
  return *this;
}

Result<Prices> parse_prices(std::string_view text, const std::string& path) {
  const auto wrong = [&](std::string_view what) {
    return fail(Code::kInvalid, fmt::format("--prices {}: {}", path, what), "usage");
  };
  const auto document = codec::parse_json(text);
  if (!document || !document->is_object())
    return wrong("expected a JSON object, as in {\"gb_second\": \"0.0000166667\"}");
  Prices out;
  for (const auto& [key, value] : document->get_object()) {
    const std::string_view name = key;
    if (!value.is_string()) return wrong(fmt::format("'{}' is not a text", name));
    if (name == "currency") {
      out.currency = value.get_string();
      continue;
    }
    Atto* const price = name == "million_invocations" ? &out.million_invocations
                        : name == "gb_second"         ? &out.gb_second
                        : name == "tmp_gb_second"     ? &out.tmp_gb_second
                                                      : nullptr;
    if (price == nullptr) return wrong(fmt::format("'{}' is not a price that is known", name));
    const auto parsed = parse_decimal(value.get_string());
    if (!parsed) return wrong(fmt::format("'{}' is not a price, as in \"0.20\"", name));
    *price = *parsed;
  }
  return out;
}

Atto cost_of(const Quantities& used, const Prices& prices) {
  return used.invocations * prices.million_invocations / 1'000'000 + used.mb_ms * prices.gb_second / kMbMs +
         used.tmp_mb_ms * prices.tmp_gb_second / kMbMs;
}

std::string decimal(Atto money) {
  constexpr Atto kLast = 100'000'000;  // of the tenth digit
  const auto rounded = (money + kLast / 2) / kLast;
  constexpr Atto kUnit = 10'000'000'000;
  return fmt::format("{}.{:0>10}", to_text(rounded / kUnit), to_text(rounded % kUnit));
}

std::string gb_seconds(const Quantities& used) {
  const auto thousandths = (Atto{used.mb_ms} * 1000 + kMbMs / 2) / kMbMs;
  return fmt::format("{}.{:0>3}", to_text(thousandths / 1000), to_text(thousandths % 1000));
}

}  // namespace gust::cli
