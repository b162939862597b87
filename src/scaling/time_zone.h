// TimeZone: the rules of one IANA zone, from the system's database (/usr/share/zoneinfo). Immutable; any thread.
#pragma once

#include "base/result.h"
#include "base/time.h"

#include <chrono>
#include <optional>
#include <string>

namespace date {
class time_zone;
}

namespace gust::scaling {

// What a clock on the wall of a zone shows.
using LocalTime = std::chrono::local_time<std::chrono::seconds>;

class TimeZone {
 public:
  // kInvalid "timezone" when the database has no such zone. Empty: UTC.
  static Result<TimeZone> find(const std::string& name);

  LocalTime to_local(WallTime time) const;
  // Nothing for a time that the clocks skip; the first of the two for one that they show twice.
  std::optional<WallTime> to_wall(LocalTime time) const;

 private:
  const date::time_zone* zone_ = nullptr;  // of the database, which lives as long as the process; null: UTC
};

}  // namespace gust::scaling
