#include "scaling/time_zone.h"

#include <date/tz.h>
#include <fmt/format.h>

namespace gust::scaling {

Result<TimeZone> TimeZone::find(const std::string& name) {
  TimeZone out;
  if (name.empty() || name == "UTC") return out;
  try {
    out.zone_ = date::locate_zone(name);
  } catch (const std::exception&) {
    return fail(Code::kInvalid,
                fmt::format("Unknown time zone '{}': expected the name of an IANA time zone, as Europe/Berlin", name),
                "timezone");
  }
  return out;
}

LocalTime TimeZone::to_local(WallTime time) const {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const auto offset = zone_ == nullptr ? std::chrono::seconds(0) : zone_->get_info(seconds).offset;
  return LocalTime(seconds.time_since_epoch() + offset);
}

std::optional<WallTime> TimeZone::to_wall(LocalTime time) const {
  const auto since = time.time_since_epoch();
  if (zone_ == nullptr) return WallTime(since);
  const auto info = zone_->get_info(date::local_seconds(since));
  if (info.result == date::local_info::nonexistent) return std::nullopt;
  return WallTime(since - info.first.offset);
}

}  // namespace gust::scaling
