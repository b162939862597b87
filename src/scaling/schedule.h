// Schedule: when a scheduled action is due: at(yyyy-mm-ddThh:mm:ss), rate(N minutes|hours|days) or cron(six fields), in
// a time zone, between a start and an end. Immutable; any thread.
#pragma once

#include "scaling/cron.h"
#include "scaling/time_zone.h"

#include <optional>
#include <string>
#include <variant>

namespace gust::scaling {

class Schedule {
 public:
  struct Bounds {
    std::optional<WallTime> start, end;
    WallTime since{};  // what a rate without a start counts from
  };

  // kInvalid "schedule" or "timezone".
  static Result<Schedule> parse(std::string_view expression, const std::string& timezone, Bounds bounds);

  // The first time after `after`; nothing when there is none. A repeated schedule with a start is due at its start,
  // then as its expression says; nothing is due after the end. A local time that the clocks skip is left out, one that
  // they show twice counts once.
  std::optional<WallTime> next(WallTime after) const;

 private:
  struct At {
    WallTime time;
  };
  struct Rate {
    Millis every;
  };
  Result<void> read(std::string_view expression);
  Result<void> read_at(std::string_view inside);
  Result<void> read_rate(std::string_view inside);
  std::optional<WallTime> next_repeated(WallTime after) const;
  std::optional<WallTime> next_of(const Cron& cron, WallTime after) const;
  std::optional<WallTime> next_of(const Rate& rate, WallTime after) const;

  std::variant<At, Rate, Cron> when_;
  TimeZone zone_;
  Bounds bounds_;
};

}  // namespace gust::scaling
