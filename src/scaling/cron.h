// Cron: the six fields of a cloud's cron expression (minutes, hours, day of month, month, day of week, year) as sets,
// with the marks ? , - * / L W #. Days and times are those of some clock; which one is not said here. Any thread.
#pragma once

#include "base/result.h"

#include <bitset>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace gust::scaling {

class Cron {
 public:
  // "0 8 ? * MON-FRI *". kInvalid "schedule" names the field and what it may have.
  static Result<Cron> parse(std::string_view fields);

  bool on(std::chrono::year_month_day day) const;
  // The first day on or after `from` with a time; nothing up to the end of kLastYear.
  std::optional<std::chrono::local_days> next_day(std::chrono::local_days from) const;
  // Of a day: the first minute (0 to 1439) at or after `from`.
  std::optional<int> next_minute(int from) const;

  static constexpr int kFirstYear = 1970, kLastYear = 2199;
  static constexpr std::size_t kValues = 231;  // the most that a field has: years, from 1969

 private:
  using Set = std::bitset<kValues>;
  friend class CronReader;

  Set minutes_, hours_, months_, years_;      // years from kFirstYear
  Set days_of_month_;                         // 1-31
  Set weekdays_;                              // 1-7, Sunday first
  bool by_weekday_ = false;                   // the day of month is '?'
  bool last_day_ = false, last_weekday_ = false;  // L, LW
  int nearest_weekday_ = 0;                   // nW
  int last_of_weekday_ = 0;                   // nL: the last one in the month
  int nth_weekday_ = 0, nth_ = 0;             // n#m
};

}  // namespace gust::scaling
