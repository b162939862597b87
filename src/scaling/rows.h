// The rows of scaling as keys and bytes (docs/formats/scaling.md). Any thread.
#pragma once

#include "base/result.h"
#include "scaling/types.h"

#include <string>
#include <string_view>

namespace gust::scaling::rows {

inline constexpr std::string_view kPolicies = "sc/p/", kDue = "sc/d/", kPending = "sc/i/";

std::string targets_prefix(const AccountId& account);
std::string target_key(const Resource& resource);
std::string actions_prefix(const AccountId& account);
std::string actions_prefix(const Resource& resource);
std::string action_key(const Resource& resource, std::string_view name);
std::string policies_prefix(const AccountId& account);
std::string policies_prefix(const Resource& resource);
std::string policy_key(const Resource& resource, std::string_view name);
// Empty rows: the scheduled actions that are due, by time.
std::string due_key(WallTime due, const Resource& resource, std::string_view name);
std::string due_before(WallTime time);  // the end of those due up to `time`
struct Due {
  Resource resource;
  std::string name;
};
Result<Due> decode_due_key(std::string_view key);
// The newest first.
std::string activities_prefix(const AccountId& account);
std::string activity_key(const AccountId& account, WallTime started, std::uint64_t sequence);
// The key of an activity that is in progress, by time.
std::string pending_key(WallTime started, std::uint64_t sequence);
// Any text: every writer of what is counted reads and writes it, as scans do not conflict.
std::string guard_key(const AccountId& account);

std::string encode(const Target& target);
std::string encode(const ScheduledAction& action);
std::string encode(const Policy& policy);
std::string encode(const Activity& activity);

// kCorrupt when the bytes are not such a row.
template <typename T>
Result<T> decode(std::string_view row);
template <>
Result<Target> decode(std::string_view row);
template <>
Result<ScheduledAction> decode(std::string_view row);
template <>
Result<Policy> decode(std::string_view row);
template <>
Result<Activity> decode(std::string_view row);

}  // namespace gust::scaling::rows
