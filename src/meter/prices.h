// Prices and what usage costs by them, in exact decimals: no sum of money is ever a floating-point number. Any thread.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gust::meter {

// Of money, 10^-18 of the currency's unit.
using Atto = unsigned __int128;

// The public service's list, us-east-1, first tier, without its free share, for x86; tables on demand
// (https://aws.amazon.com/lambda/pricing/, s3/pricing/, dynamodb/pricing/, api-gateway/pricing/, 2025).
struct Prices {
  std::string currency = "USD";
  Atto million_invocations = 200'000'000'000'000'000;  // 0.20
  Atto gb_second = 16'666'700'000'000;                 // 0.0000166667
  Atto tmp_gb_second = 30'900'000'000;                 // 0.0000000309
  Atto thousand_puts = 5'000'000'000'000'000;          // 0.005
  Atto thousand_gets = 400'000'000'000'000;            // 0.0004
  Atto object_gb_month = 23'000'000'000'000'000;       // 0.023
  Atto gb_out = 90'000'000'000'000'000;                // 0.09
  Atto million_read_units = 125'000'000'000'000'000;   // 0.125
  Atto million_write_units = 625'000'000'000'000'000;  // 0.625
  Atto table_gb_month = 250'000'000'000'000'000;       // 0.25
  Atto million_api_requests = 1'000'000'000'000'000'000;  // 1.00
};

struct Quantities {
  std::uint64_t invocations = 0, billed_ms = 0, mb_ms = 0, tmp_mb_ms = 0;
  std::uint64_t puts = 0, gets = 0;                    // of objects: what changes or lists, and what reads
  std::uint64_t object_byte_hours = 0, bytes_out = 0;  // out of this Gust, not to its functions
  std::uint64_t read_milliunits = 0, write_milliunits = 0, table_byte_hours = 0;
  std::uint64_t api_requests = 0;  // each 512 KB of one counts
  Quantities& operator+=(const Quantities& other);
  bool operator==(const Quantities&) const = default;
};

// A JSON object of members as Prices has them; prices are texts with a decimal point, and those that are left out are
// the default's. kInvalid names the member.
Result<Prices> parse_prices(std::string_view json, const std::string& path);
// The list of this name: aws (the default), aws-arm, none.
std::optional<Prices> named_prices(std::string_view name);
std::string price_names();  // for messages
// The same as a JSON object that parse_prices() reads.
std::string to_json(const Prices& prices);
// A decimal number with up to 18 digits behind the point. kInvalid.
Result<Atto> parse_decimal(std::string_view text);

Atto cost_of(const Quantities& used, const Prices& prices);
std::string decimal(Atto money);  // with ten digits behind the point, rounded half up
std::string gb_seconds(const Quantities& used);
std::string gb_months(std::uint64_t byte_hours);  // of 730 hours, with three digits

}  // namespace gust::meter
