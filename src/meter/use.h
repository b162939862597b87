// Use: what requests used of something other than functions' time, summed up (docs/formats/meter.md). Any thread.
#pragma once

#include "base/ids.h"
#include "meter/prices.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace gust::meter {

// What is used: a bucket of s3, a table of dynamodb, an API of apigateway. Without a resource: the service as such.
struct Thing {
  std::string service, resource;
  AccountId account;  // that pays; empty: whose the resource is
  auto operator<=>(const Thing&) const = default;
};

struct Use {
  std::uint64_t requests = 0;
  std::uint64_t puts = 0, gets = 0;             // of them, as objects are priced; what deletes is neither
  std::uint64_t api_requests = 0;               // each 512 KB of one counts
  std::uint64_t bytes_in = 0, bytes_out = 0;    // from and to outside
  std::uint64_t bytes_inside = 0;               // both ways, of functions
  std::uint64_t read_milliunits = 0, write_milliunits = 0;
  std::uint64_t byte_hours = 0;                 // stored

  Use& operator+=(const Use& other);
  bool operator==(const Use&) const = default;
};

// As it is priced.
Quantities quantities_of(std::string_view service, const Use& use);

// One line's JSON, and back. kCorrupt.
std::string encode(const Thing& thing, const Use& use);
struct UseLine {
  Thing thing;
  Use use;
};
Result<UseLine> decode_use(std::string_view json);

}  // namespace gust::meter
