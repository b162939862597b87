#include "codec/time_format.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <ctime>
#include <optional>

namespace gust::codec {
namespace {

using namespace std::chrono;

struct Parts {
  year_month_day date;
  hh_mm_ss<milliseconds> time;
};

Parts split(WallTime at) {
  const auto day = floor<days>(at);
  return {year_month_day(day), hh_mm_ss(at - day)};
}

// A reader of fixed-width numbers and literal characters; `ok` stays false after the first mismatch.
struct Scanner {
  std::string_view rest;
  bool ok = true;

  int number(std::size_t width) {
    int value = 0;
    if (rest.size() < width) return ok = false;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + width, value);
    if (error != std::errc() || end != rest.data() + width || rest[0] == '-') ok = false;
    rest.remove_prefix(width);
    return value;
  }
  bool accept(char c) {
    if (rest.empty() || rest[0] != c) return false;
    rest.remove_prefix(1);
    return true;
  }
  void expect(char c) { ok = accept(c) && ok; }
};

// Text of fixed-width numbers: a time is in every answer, and general formatting takes ten times as long.
class Writer {
 public:
  Writer() { out_.reserve(32); }
  Writer& text(std::string_view piece) {
    out_ += piece;
    return *this;
  }
  Writer& number(std::int64_t value, std::size_t width) {
    if (value < 0) return text(fmt::format("{:0{}}", value, width));
    std::array<char, 20> digits;
    auto at = digits.size();
    for (; value > 0 || digits.size() - at < width; value /= 10) digits[--at] = static_cast<char>('0' + value % 10);
    return text({digits.data() + at, digits.size() - at});
  }
  Writer& clock(const hh_mm_ss<milliseconds>& time, std::string_view between) {
    number(time.hours().count(), 2).text(between).number(time.minutes().count(), 2).text(between);
    return number(time.seconds().count(), 2);
  }
  std::string str() { return std::move(out_); }

 private:
  std::string out_;
};

std::optional<WallTime> combine(int y, int mo, int d, int h, int mi, int s) {
  const year_month_day date(year(y), month(static_cast<unsigned>(mo)), day(static_cast<unsigned>(d)));
  if (!date.ok() || h > 23 || mi > 59 || s > 60) return std::nullopt;
  return WallTime(sys_days(date)) + hours(h) + minutes(mi) + seconds(s);
}

constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

}  // namespace

std::string to_iso8601_ms(WallTime at) {
  const auto [date, time] = split(at);
  Writer out;
  out.number(int(date.year()), 4).text("-").number(unsigned(date.month()), 2).text("-");
  out.number(unsigned(date.day()), 2).text("T").clock(time, ":").text(".");
  return out.number(time.subseconds().count(), 3).text("Z").str();
}

std::string to_iso8601(WallTime at) {
  auto text = to_iso8601_ms(at);
  text.erase(text.size() - 5, 4);
  return text;
}

std::string to_iso8601_basic(WallTime at) {
  const auto [date, time] = split(at);
  Writer out;
  out.number(int(date.year()), 4).number(unsigned(date.month()), 2).number(unsigned(date.day()), 2);
  return out.text("T").clock(time, "").text("Z").str();
}

std::string to_http_date(WallTime at) {
  const auto [date, time] = split(at);
  Writer out;
  out.text(kDays[weekday(sys_days(date)).c_encoding()]).text(", ").number(unsigned(date.day()), 2).text(" ");
  out.text(kMonths[unsigned(date.month()) - 1]).text(" ").number(int(date.year()), 4).text(" ");
  return out.clock(time, ":").text(" GMT").str();
}

Result<WallTime> from_iso8601(std::string_view text) {
  const auto wrong = [&] {
    return fail(Code::kInvalid, fmt::format("'{}' is not a time: expected a form like 2026-11-23T12:00:00Z", text));
  };
  Scanner in{text};
  const int y = in.number(4);
  const bool extended = in.accept('-');
  const int mo = in.number(2);
  if (extended) in.expect('-');
  const int d = in.number(2);
  if (!in.accept('T')) in.expect('t');
  const int h = in.number(2);
  if (extended) in.expect(':');
  const int mi = in.number(2);
  if (extended) in.expect(':');
  const int s = in.number(2);
  int ms = 0;
  if (in.accept('.')) {
    int scale = 100, digits = 0;
    while (!in.rest.empty() && in.rest[0] >= '0' && in.rest[0] <= '9') {
      ms += in.number(1) * scale;
      scale /= 10;
      ++digits;
    }
    if (digits == 0) in.ok = false;
  }
  minutes offset{0};
  if (!in.accept('Z') && !in.accept('z')) {
    const bool west = in.accept('-');
    if (!west) in.expect('+');
    offset = hours(in.number(2));
    in.accept(':');
    offset += minutes(in.number(2));
    if (west) offset = -offset;
  }
  if (!in.ok || !in.rest.empty()) return wrong();
  const auto at = combine(y, mo, d, h, mi, s);
  if (!at) return wrong();
  return *at + milliseconds(ms) - offset;
}

Result<WallTime> from_http_date(std::string_view text) {
  for (const auto* form : {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"}) {
    std::tm tm{};
    const std::string owned(text);
    const char* end = ::strptime(owned.c_str(), form, &tm);
    if (end == nullptr || *end != '\0') continue;
    const auto at = combine(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
    if (at) return *at;
  }
  return fail(Code::kInvalid,
              fmt::format("'{}' is not an HTTP date: expected a form like Mon, 23 Nov 2026 12:00:00 GMT", text));
}

}  // namespace gust::codec
