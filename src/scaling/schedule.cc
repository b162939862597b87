#include "scaling/schedule.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace gust::scaling {

namespace chrono = std::chrono;

namespace {

std::unexpected<Error> wrong(std::string_view expression, std::string_view why) {
  return fail(Code::kInvalid,
              fmt::format("Schedule '{}': {}. Expected at(yyyy-mm-ddThh:mm:ss), rate(value minutes|hours|days) or "
                          "cron(minutes hours day-of-month month day-of-week year)",
                          expression.substr(0, 200), why),
              "schedule");
}

// Exactly `size` digits.
std::optional<int> number(std::string_view text, std::size_t at, std::size_t size) {
  int out = 0;
  if (text.size() < at + size) return std::nullopt;
  for (const char c : text.substr(at, size)) {
    if (c < '0' || c > '9') return std::nullopt;
    out = out * 10 + (c - '0');
  }
  return out;
}

std::optional<LocalTime> read_local(std::string_view text) {
  if (text.size() != 19 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':')
    return std::nullopt;
  constexpr std::array<std::pair<std::size_t, std::size_t>, 6> kParts{
      {{0, 4}, {5, 2}, {8, 2}, {11, 2}, {14, 2}, {17, 2}}};
  std::array<int, 6> parts{};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto read = number(text, kParts[i].first, kParts[i].second);
    if (!read) return std::nullopt;
    parts[i] = *read;
  }
  const auto& [year, month, day, hour, minute, second] = parts;
  const auto date = chrono::year(year) / month / day;
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  return chrono::local_days(date) + chrono::hours(hour) + chrono::minutes(minute) + chrono::seconds(second);
}

}  // namespace

Result<Schedule> Schedule::parse(std::string_view expression, const std::string& timezone, Bounds bounds) {
  Schedule out;
  GUST_TRY(out.zone_, TimeZone::find(timezone));
  out.bounds_ = bounds;
  GUST_CHECK(out.read(expression));
  return out;
}

Result<void> Schedule::read(std::string_view expression) {
  const auto open = expression.find('(');
  if (open == std::string_view::npos || !expression.ends_with(')')) return wrong(expression, "it is of no known form");
  const auto kind = expression.substr(0, open), inside = expression.substr(open + 1, expression.size() - open - 2);
  Result<void> read = wrong(expression, "it is of no known form");
  if (kind == "at") read = read_at(inside);
  if (kind == "rate") read = read_rate(inside);
  if (kind == "cron") {
    auto cron = Cron::parse(inside);
    if (!cron) return wrong(expression, cron.error().message);
    when_ = *std::move(cron);
    return {};
  }
  if (!read && kind != "at" && kind != "rate") return read;
  if (!read) return wrong(expression, read.error().message);
  return {};
}

Result<void> Schedule::read_at(std::string_view inside) {
  const auto local = read_local(inside);
  if (!local) return fail(Code::kInvalid, "the time is not a date and a time of day");
  const auto time = zone_.to_wall(*local);
  if (!time) return fail(Code::kInvalid, "the clocks of the time zone skip this time");
  when_ = At{*time};
  return {};
}

Result<void> Schedule::read_rate(std::string_view inside) {
  const auto space = inside.find(' ');
  std::uint32_t value = 0;
  const auto digits = inside.substr(0, space);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (space == std::string_view::npos || error != std::errc() || end != digits.data() + digits.size() || value == 0 ||
      value > 1'000'000)
    return fail(Code::kInvalid, "the value of a rate is a number from 1 to 1,000,000");
  const auto unit = inside.substr(space + 1);
  if (unit == "minute" || unit == "minutes") when_ = Rate{chrono::minutes(value)};
  else if (unit == "hour" || unit == "hours") when_ = Rate{chrono::hours(value)};
  else if (unit == "day" || unit == "days") when_ = Rate{chrono::days(value)};
  else return fail(Code::kInvalid, "the unit of a rate is minutes, hours or days");
  return {};
}

std::optional<WallTime> Schedule::next(WallTime after) const {
  std::optional<WallTime> out;
  if (const auto* at = std::get_if<At>(&when_)) {
    if (at->time > after && (!bounds_.start || at->time >= *bounds_.start)) out = at->time;
  } else {
    out = next_repeated(after);
  }
  return out && bounds_.end && *out > *bounds_.end ? std::nullopt : out;
}

std::optional<WallTime> Schedule::next_repeated(WallTime after) const {
  if (bounds_.start && *bounds_.start > after) return bounds_.start;
  if (const auto* rate = std::get_if<Rate>(&when_)) return next_of(*rate, after);
  return next_of(std::get<Cron>(when_), after);
}

std::optional<WallTime> Schedule::next_of(const Rate& rate, WallTime after) const {
  const auto from = bounds_.start.value_or(bounds_.since);
  if (after < from) return from + rate.every;
  return from + rate.every * ((after - from) / rate.every + 1);
}

std::optional<WallTime> Schedule::next_of(const Cron& cron, WallTime after) const {
  const auto local = zone_.to_local(after);
  auto day = chrono::floor<chrono::days>(local);
  // From the same minute on: after a clock went back, what it shows again lies before `after` or is not new.
  int minute = static_cast<int>(chrono::floor<chrono::minutes>(local - day).count());
  while (const auto found = cron.next_day(day)) {
    if (*found != day) minute = 0;
    day = *found;
    for (auto at = cron.next_minute(minute); at; at = cron.next_minute(*at + 1)) {
      const auto time = zone_.to_wall(day + chrono::minutes(*at));
      if (time && *time > after) return time;
    }
    day += chrono::days(1);
    minute = 0;
  }
  return std::nullopt;
}

}  // namespace gust::scaling
