#include "meter/prices.h"

#include "codec/json.h"

#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace gust::meter {
namespace {

constexpr std::size_t kDigits = 18;         // behind the point
constexpr std::size_t kMaxWhole = 9;        // before it
constexpr std::uint64_t kMbMs = 1'024'000;  // of a GB-second

struct Named {
  std::string_view name;
  Atto Prices::* price;
};
constexpr Named kPrices[] = {
    {"million_invocations", &Prices::million_invocations},
    {"gb_second", &Prices::gb_second},
    {"tmp_gb_second", &Prices::tmp_gb_second},
    {"thousand_puts", &Prices::thousand_puts},
    {"thousand_gets", &Prices::thousand_gets},
    {"object_gb_month", &Prices::object_gb_month},
    {"gb_out", &Prices::gb_out},
    {"million_read_units", &Prices::million_read_units},
    {"million_write_units", &Prices::million_write_units},
    {"table_gb_month", &Prices::table_gb_month},
    {"million_api_requests", &Prices::million_api_requests},
};

constexpr std::uint64_t kGb = 1 << 30;
constexpr std::uint64_t kHoursOfMonth = 730;

std::string to_text(Atto number) {
  std::string out;
  do {
    out.insert(out.begin(), static_cast<char>('0' + static_cast<int>(number % 10)));
    number /= 10;
  } while (number > 0);
  return out;
}

std::string thousandths(Atto number) {
  return fmt::format("{}.{:0>3}", to_text(number / 1000), to_text(number % 1000));
}

}  // namespace

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

Quantities& Quantities::operator+=(const Quantities& other) {
  invocations += other.invocations;
  billed_ms += other.billed_ms;
  mb_ms += other.mb_ms;
  tmp_mb_ms += other.tmp_mb_ms;
  puts += other.puts;
  gets += other.gets;
  object_byte_hours += other.object_byte_hours;
  bytes_out += other.bytes_out;
  read_milliunits += other.read_milliunits;
  write_milliunits += other.write_milliunits;
  table_byte_hours += other.table_byte_hours;
  api_requests += other.api_requests;
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
    const auto* const known = std::ranges::find(kPrices, name, &Named::name);
    if (known == std::end(kPrices)) return wrong(fmt::format("'{}' is not a price that is known", name));
    const auto parsed = parse_decimal(value.get_string());
    if (!parsed) return wrong(fmt::format("'{}' is not a price, as in \"0.20\"", name));
    out.*known->price = *parsed;
  }
  return out;
}

std::optional<Prices> named_prices(std::string_view name) {
  Prices out;
  if (name == "aws") return out;
  if (name == "aws-arm") {
    out.gb_second = 13'333'400'000'000;  // 0.0000133334
    return out;
  }
  if (name != "none") return std::nullopt;
  for (const auto& known : kPrices) out.*known.price = 0;
  return out;
}

std::string price_names() { return "aws, aws-arm, none"; }

std::string to_json(const Prices& prices) {
  boost::json::object out{{"currency", prices.currency}};
  for (const auto& known : kPrices) {
    constexpr Atto kUnit = 1'000'000'000'000'000'000;
    const auto price = prices.*known.price;
    out[known.name] = fmt::format("{}.{:0>18}", to_text(price / kUnit), to_text(price % kUnit));
  }
  return codec::to_json(out);
}

Atto cost_of(const Quantities& used, const Prices& prices) {
  return used.invocations * prices.million_invocations / 1'000'000 + used.mb_ms * prices.gb_second / kMbMs +
         used.tmp_mb_ms * prices.tmp_gb_second / kMbMs + used.puts * prices.thousand_puts / 1000 +
         used.gets * prices.thousand_gets / 1000 +
         used.object_byte_hours * prices.object_gb_month / (kGb * kHoursOfMonth) +
         used.bytes_out * prices.gb_out / kGb + used.read_milliunits * prices.million_read_units / 1'000'000'000 +
         used.write_milliunits * prices.million_write_units / 1'000'000'000 +
         used.table_byte_hours * prices.table_gb_month / (kGb * kHoursOfMonth) +
         used.api_requests * prices.million_api_requests / 1'000'000;
}

std::string decimal(Atto money) {
  constexpr Atto kLast = 100'000'000;  // of the tenth digit
  const auto rounded = (money + kLast / 2) / kLast;
  constexpr Atto kUnit = 10'000'000'000;
  return fmt::format("{}.{:0>10}", to_text(rounded / kUnit), to_text(rounded % kUnit));
}

std::string gb_seconds(const Quantities& used) { return thousandths((Atto{used.mb_ms} * 1000 + kMbMs / 2) / kMbMs); }

std::string gb_months(std::uint64_t byte_hours) {
  constexpr auto kMonth = Atto{kGb} * kHoursOfMonth;
  return thousandths((Atto{byte_hours} * 1000 + kMonth / 2) / kMonth);
}

}  // namespace gust::meter
