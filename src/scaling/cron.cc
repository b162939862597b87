#include "scaling/cron.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <span>
#include <string>
#include <vector>

namespace gust::scaling {

namespace chrono = std::chrono;

namespace {

constexpr std::array<std::string_view, 12> kMonths{"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                                   "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::array<std::string_view, 7> kWeekdays{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};

struct Field {
  std::string_view name;
  int min, max;
  std::span<const std::string_view> names;  // of the values from `min` on
};
constexpr Field kMinute{"Minutes", 0, 59, {}}, kHour{"Hours", 0, 23, {}}, kDay{"Day-of-month", 1, 31, {}},
    kMonth{"Month", 1, 12, kMonths}, kWeekday{"Day-of-week", 1, 7, kWeekdays},
    kYear{"Year", Cron::kFirstYear, Cron::kLastYear, {}};

std::vector<std::string_view> split(std::string_view text, auto is_separator) {
  std::vector<std::string_view> out;
  for (std::size_t begin = 0, i = 0; i <= text.size(); ++i) {
    if (i < text.size() && !is_separator(text[i])) continue;
    out.push_back(text.substr(begin, i - begin));
    begin = i + 1;
  }
  return out;
}

std::unexpected<Error> wrong(const Field& field, std::string_view given) {
  return fail(Code::kInvalid,
              fmt::format("the {} field of a cron expression cannot be '{}': expected {} to {}{}, or *, with , - and /",
                          field.name, given, field.min, field.max,
                          field.names.empty() ? "" : fmt::format(" or {}-{}", field.names.front(), field.names.back())),
              "schedule");
}

bool same_letters(std::string_view a, std::string_view upper) {
  if (a.size() != upper.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const char c = a[i] >= 'a' && a[i] <= 'z' ? static_cast<char>(a[i] - 32) : a[i];
    if (c != upper[i]) return false;
  }
  return true;
}

std::optional<int> digits(std::string_view text) {
  int out = 0;
  if (text.empty() || text.size() > 4 || text[0] < '0' || text[0] > '9') return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

std::optional<int> value_of(const Field& field, std::string_view text) {
  for (std::size_t i = 0; i < field.names.size(); ++i) {
    if (same_letters(text, field.names[i])) return field.min + static_cast<int>(i);
  }
  const auto number = digits(text);
  return number && *number >= field.min && *number <= field.max ? number : std::nullopt;
}

}  // namespace

class CronReader {
 public:
  static Result<Cron> read(const std::vector<std::string_view>& fields) {
    Cron out;
    GUST_TRY(out.minutes_, set(kMinute, fields[0]));
    GUST_TRY(out.hours_, set(kHour, fields[1]));
    GUST_TRY(out.months_, set(kMonth, fields[3]));
    GUST_TRY(out.years_, set(kYear, fields[5]));
    const bool any_day = fields[2] == "?", any_weekday = fields[4] == "?";
    if (any_day == any_weekday) {
      return fail(Code::kInvalid,
                  fmt::format("one of Day-of-month ('{}') and Day-of-week ('{}') must be '?', and only one",
                              fields[2], fields[4]),
                  "schedule");
    }
    out.by_weekday_ = any_day;
    if (any_day) {
      GUST_CHECK(weekday(out, fields[4]));
    } else {
      GUST_CHECK(day(out, fields[2]));
    }
    return out;
  }

 private:
  // Values, ranges and steps, as bits counted from 0, or from kFirstYear for years.
  static Result<Cron::Set> set(const Field& field, std::string_view text) {
    Cron::Set out;
    const int base = field.max > 1000 ? field.min : 0;
    for (const auto part : split(text, [](char c) { return c == ','; })) {
      const auto slash = part.find('/');
      const auto range = part.substr(0, slash);
      int step = 1;
      if (slash != std::string_view::npos) {
        const auto given = digits(part.substr(slash + 1));
        if (!given || *given == 0) return wrong(field, text);
        step = *given;
      }
      const auto dash = range.find('-');
      auto first = value_of(field, range.substr(0, dash)), last = first;
      if (range == "*") first = field.min, last = field.max;
      else if (dash != std::string_view::npos) last = value_of(field, range.substr(dash + 1));
      else if (slash != std::string_view::npos) last = field.max;
      if (!first || !last) return wrong(field, text);
      // A range may go over the end: FRI-MON, 22-2.
      const int span = field.max - field.min + 1;
      const int end = *last >= *first ? *last : *last + span;
      if (base != 0 && end != *last) return wrong(field, text);
      for (int v = *first; v <= end; v += step) {
        out.set(static_cast<std::size_t>((v - field.min) % span + field.min - base));
      }
    }
    return out;
  }

  static Result<void> day(Cron& out, std::string_view text) {
    if (text == "L") out.last_day_ = true;
    else if (text == "LW" || text == "WL") out.last_weekday_ = true;
    else if (text.ends_with('W')) {
      const auto number = value_of(kDay, text.substr(0, text.size() - 1));
      if (!number) return wrong(kDay, text);
      out.nearest_weekday_ = *number;
    } else {
      GUST_TRY(out.days_of_month_, set(kDay, text));
    }
    return {};
  }

  static Result<void> weekday(Cron& out, std::string_view text) {
    if (const auto hash = text.find('#'); hash != std::string_view::npos) {
      const auto day = value_of(kWeekday, text.substr(0, hash)), nth = digits(text.substr(hash + 1));
      if (!day || !nth || *nth < 1 || *nth > 5) return wrong(kWeekday, text);
      out.nth_weekday_ = *day;
      out.nth_ = *nth;
    } else if (text == "L") {
      out.weekdays_.set(7);
    } else if (text.size() > 1 && text.ends_with('L')) {
      const auto day = value_of(kWeekday, text.substr(0, text.size() - 1));
      if (!day) return wrong(kWeekday, text);
      out.last_of_weekday_ = *day;
    } else {
      GUST_TRY(out.weekdays_, set(kWeekday, text));
    }
    return {};
  }
};

Result<Cron> Cron::parse(std::string_view text) {
  auto fields = split(text, [](char c) { return c == ' ' || c == '\t'; });
  std::erase_if(fields, [](std::string_view f) { return f.empty(); });
  if (fields.size() != 6) {
    return fail(Code::kInvalid,
                fmt::format("a cron expression has 6 fields, minutes, hours, day of month, month, day of week and "
                            "year; '{}' has {}",
                            text, fields.size()),
                "schedule");
  }
  return CronReader::read(fields);
}

namespace {

int weekday_of(chrono::year_month_day day) {
  return static_cast<int>(chrono::weekday(chrono::local_days(day)).c_encoding()) + 1;
}

int last_day_of(chrono::year_month_day day) {
  return static_cast<int>(
      static_cast<unsigned>(chrono::year_month_day_last(day.year(), chrono::month_day_last(day.month())).day()));
}

// The working day nearest to the day of this number, within the month.
int nearest_weekday(chrono::year_month_day in, int number) {
  const int last = last_day_of(in);
  number = std::min(number, last);
  const auto at = weekday_of(in.year() / in.month() / chrono::day(static_cast<unsigned>(number)));
  if (at == 7) return number > 1 ? number - 1 : number + 2;
  if (at == 1) return number < last ? number + 1 : number - 2;
  return number;
}

}  // namespace

bool Cron::on(chrono::year_month_day day) const {
  const int year = static_cast<int>(day.year());
  if (year < kFirstYear || year > kLastYear || !years_.test(static_cast<std::size_t>(year - kFirstYear))) return false;
  if (!months_.test(static_cast<unsigned>(day.month()))) return false;
  const int number = static_cast<int>(static_cast<unsigned>(day.day()));
  if (by_weekday_) {
    const int weekday = weekday_of(day);
    if (nth_ != 0) return weekday == nth_weekday_ && (number - 1) / 7 + 1 == nth_;
    if (last_of_weekday_ != 0) return weekday == last_of_weekday_ && number + 7 > last_day_of(day);
    return weekdays_.test(static_cast<std::size_t>(weekday));
  }
  if (last_day_) return number == last_day_of(day);
  if (last_weekday_) return number == nearest_weekday(day, 31);
  if (nearest_weekday_ != 0)
    return nearest_weekday_ <= last_day_of(day) && number == nearest_weekday(day, nearest_weekday_);
  return days_of_month_.test(static_cast<std::size_t>(number));
}

std::optional<chrono::local_days> Cron::next_day(chrono::local_days from) const {
  const chrono::local_days end(chrono::year(kLastYear) / chrono::December / 31);
  for (auto day = from; day <= end; day += chrono::days(1)) {
    if (on(chrono::year_month_day(day))) return day;
  }
  return std::nullopt;
}

std::optional<int> Cron::next_minute(int from) const {
  for (int minute = from; minute < 24 * 60; ++minute) {
    if (hours_.test(static_cast<std::size_t>(minute / 60)) && minutes_.test(static_cast<std::size_t>(minute % 60)))
      return minute;
  }
  return std::nullopt;
}

}  // namespace gust::scaling
