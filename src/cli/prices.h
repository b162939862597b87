// Prices and what usage costs by them, in exact decimals: no sum of money is ever a floating-point number. Any thread.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace gust::cli {

// Of money, 10^-18 of the currency's unit.
using Atto = unsigned __int128;

// The public service's list, x86, us-east-1, first tier, without its free share
// (https://aws.amazon.com/lambda/pricing/, 2025).
struct Prices {
  std::string currency = "USD";
  Atto million_invocations = 200'000'000'000'000'000;  // 0.20
  Atto gb_second = 16'666'700'000'000;                 // 0.0000166667
  Atto tmp_gb_second = 30'900'000'000;                 // 0.0000000309
};

struct Quantities {
  std::uint64_t invocations = 0, billed_ms = 0, mb_ms = 0, tmp_mb_ms = 0;
  Quantities& operator+=(const Quantities& other);
};

// {"currency", "million_invocations", "gb_second", "tmp_gb_second"}; prices are texts with a decimal point, and those
// that are left out are the default's. kInvalid names the member.
Result<Prices> parse_prices(std::string_view json, const std::string& path);

Atto cost_of(const Quantities& used, const Prices& prices);
std::string decimal(Atto money);  // with ten digits behind the point, rounded half up
std::string gb_seconds(const Quantities& used);

}  // namespace gust::cli
