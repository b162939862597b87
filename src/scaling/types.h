// What is scaled, within which bounds, and by what: the types that the parts of scaling and its API share. A resource
// is something with a number (provisioned concurrency of a function's version or alias) that this module knows by name
// only. Any thread.
#pragma once

#include "base/ids.h"
#include "base/time.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace gust::scaling {

inline constexpr std::string_view kNamespace = "lambda", kDimension = "lambda:function:ProvisionedConcurrency";

struct Resource {
  AccountId account;
  std::string id;  // function:NAME:QUALIFIER
  auto operator<=>(const Resource&) const = default;
};

struct Suspended {
  bool scale_in = false, scale_out = false, schedules = false;
  bool operator==(const Suspended&) const = default;
};

// A resource that may be scaled, between two numbers.
struct Target {
  Resource resource;
  std::string id;  // of its ARN
  std::uint32_t min = 0, max = 0;
  Suspended suspended;
  std::map<std::string, std::string> tags;
  WallTime created_at{};
};

// What RegisterScalableTarget says; what it leaves out stays as it is.
struct TargetChange {
  std::optional<std::uint32_t> min, max;
  std::optional<bool> scale_in_suspended, scale_out_suspended, schedules_suspended;
  std::optional<std::map<std::string, std::string>> tags;  // of a new target only
};

// Sets a target's bounds when its schedule says so.
struct ScheduledAction {
  Resource resource;
  std::string name;
  std::string id;  // of its ARN
  std::string schedule, timezone;
  std::optional<WallTime> start, end;
  std::optional<std::uint32_t> min, max;
  WallTime created_at{}, changed_at{};
  std::optional<WallTime> due;  // when it runs next
};

// What PutScheduledAction says. Bounds of time that are left out are taken away, anything else stays.
struct ScheduledActionChange {
  std::optional<std::string> schedule, timezone;
  std::optional<WallTime> start, end;
  struct Bounds {
    std::optional<std::uint32_t> min, max;
  };
  std::optional<Bounds> bounds;
};

enum class Direction { kOut, kIn };

// Keeps the share of the capacity that is in use at a target.
struct Policy {
  Resource resource;
  std::string name;
  std::string id;      // of its ARN and of its alarms
  double target = 0;  // 0.1 to 0.9
  std::optional<std::uint32_t> out_cooldown_s, in_cooldown_s;  // none: 0
  enum class ScaleIn { kEnabled, kDisabled } scale_in = ScaleIn::kEnabled;
  WallTime created_at{};
  // Its last scaling out, with what there was before, and in.
  std::optional<WallTime> out_at, in_at;
  std::uint32_t out_base = 0;

  std::string alarm(Direction direction) const;  // its name
};

// One change of a resource's number. It is written before the number is, so that a crash between the two loses nothing.
struct Activity {
  Resource resource;
  std::string id;
  std::string description, cause;
  enum class Status { kInProgress, kSuccessful, kFailed } status = Status::kInProgress;
  std::string message;
  WallTime started_at{};
  std::optional<WallTime> ended_at;
  std::uint32_t wanted = 0;
  // Of a policy's: which, and what there was before.
  std::string policy;
  Direction direction = Direction::kOut;
  std::uint32_t before = 0;
};

// Rows in the order of their keys, and the last one's key when there are more.
template <typename T>
struct Page {
  std::vector<T> items;
  std::string next;
};

}  // namespace gust::scaling
