#include "scaling/rows.h"

#include "codec/json.h"
#include "kv/key.h"

#include <boost/json/object.hpp>
#include <boost/json/value_from.hpp>
#include <boost/json/value_to.hpp>

#include <limits>

namespace gust::scaling::rows {
namespace {

namespace json = boost::json;

std::string key_of(std::string_view prefix, std::initializer_list<std::string_view> parts) {
  std::string out(prefix);
  for (const auto part : parts) kv::append_text(out, part);
  return out;
}

std::uint64_t ms_of(WallTime time) { return static_cast<std::uint64_t>(to_epoch_ms(time)); }
std::uint64_t newest_first(std::uint64_t number) { return std::numeric_limits<std::uint64_t>::max() - number; }

json::value time_of(const std::optional<WallTime>& time) {
  return time ? json::value(to_epoch_ms(*time)) : json::value(nullptr);
}
json::value number_of(const std::optional<std::uint32_t>& number) {
  return number ? json::value(*number) : json::value(nullptr);
}

json::object resource_of(const Resource& resource) {
  return {{"account", resource.account.str()}, {"resource", resource.id}};
}

// The members of a row; what is not there throws, and decode_with() makes that an error.
struct Row {
  const json::object& object;

  std::string text(const char* name) const { return std::string(object.at(name).as_string()); }
  std::uint32_t number(const char* name) const { return object.at(name).to_number<std::uint32_t>(); }
  WallTime time(const char* name) const { return from_epoch_ms(object.at(name).to_number<std::int64_t>()); }
  bool flag(const char* name) const { return object.at(name).as_bool(); }
  std::optional<WallTime> maybe_time(const char* name) const {
    return object.at(name).is_null() ? std::nullopt : std::optional(time(name));
  }
  std::optional<std::uint32_t> maybe_number(const char* name) const {
    return object.at(name).is_null() ? std::nullopt : std::optional(number(name));
  }
  Resource resource() const { return {AccountId(text("account")), text("resource")}; }
};

template <typename T, typename F>
Result<T> decode_with(std::string_view bytes, F from) {
  const auto document = codec::parse_json(bytes);
  if (!document || !document->is_object()) return fail(Code::kCorrupt, "a row of scaling is not JSON");
  try {
    return from(Row{document->get_object()});
  } catch (const std::exception& e) {
    return fail(Code::kCorrupt, std::string("a row of scaling lacks something: ") + e.what());
  }
}

constexpr std::string_view kStatuses[] = {"in-progress", "successful", "failed"};

Activity::Status status_of(std::string_view text) {
  for (std::size_t i = 0; i < std::size(kStatuses); ++i) {
    if (kStatuses[i] == text) return static_cast<Activity::Status>(i);
  }
  throw std::out_of_range("status");
}

}  // namespace

std::string targets_prefix(const AccountId& account) { return key_of("sc/t/", {account.str()}); }
std::string target_key(const Resource& r) { return key_of("sc/t/", {r.account.str(), r.id}); }
std::string actions_prefix(const AccountId& account) { return key_of("sc/a/", {account.str()}); }
std::string actions_prefix(const Resource& r) { return key_of("sc/a/", {r.account.str(), r.id}); }
std::string action_key(const Resource& r, std::string_view name) {
  return key_of("sc/a/", {r.account.str(), r.id, name});
}
std::string policies_prefix(const AccountId& account) { return key_of(kPolicies, {account.str()}); }
std::string policies_prefix(const Resource& r) { return key_of(kPolicies, {r.account.str(), r.id}); }
std::string policy_key(const Resource& r, std::string_view name) {
  return key_of(kPolicies, {r.account.str(), r.id, name});
}

std::string due_key(WallTime due, const Resource& r, std::string_view name) {
  std::string out(kDue);
  kv::append_number(out, ms_of(due));
  return out + key_of("", {r.account.str(), r.id, name});
}

std::string due_before(WallTime time) {
  std::string out(kDue);
  kv::append_number(out, ms_of(time) + 1);
  return out;
}

Result<Due> decode_due_key(std::string_view key) {
  Due out;
  std::uint64_t ms = 0;
  std::string account;
  if (key.starts_with(kDue)) {
    key.remove_prefix(kDue.size());
    if (kv::take_number(key, ms) && kv::take_text(key, account) && kv::take_text(key, out.resource.id) &&
        kv::take_text(key, out.name) && key.empty()) {
      out.resource.account = AccountId(account);
      return out;
    }
  }
  return fail(Code::kCorrupt, "a key of what is due is not one");
}

std::string activities_prefix(const AccountId& account) { return key_of("sc/l/", {account.str()}); }

std::string activity_key(const AccountId& account, WallTime started, std::uint64_t sequence) {
  auto out = activities_prefix(account);
  kv::append_number(out, newest_first(ms_of(started)));
  kv::append_number(out, newest_first(sequence));
  return out;
}

std::string pending_key(WallTime started, std::uint64_t sequence) {
  std::string out(kPending);
  kv::append_number(out, ms_of(started));
  kv::append_number(out, sequence);
  return out;
}

std::string guard_key(const AccountId& account) { return key_of("sc/g/", {account.str()}); }

std::string encode(const Target& target) {
  auto out = resource_of(target.resource);
  out["id"] = target.id;
  out["min"] = target.min;
  out["max"] = target.max;
  out["scale_in_suspended"] = target.suspended.scale_in;
  out["scale_out_suspended"] = target.suspended.scale_out;
  out["schedules_suspended"] = target.suspended.schedules;
  out["tags"] = json::value_from(target.tags);
  out["created"] = to_epoch_ms(target.created_at);
  return codec::to_json(out);
}

template <>
Result<Target> decode(std::string_view bytes) {
  return decode_with<Target>(bytes, [](const Row& row) {
    Target out;
    out.resource = row.resource();
    out.id = row.text("id");
    out.min = row.number("min");
    out.max = row.number("max");
    out.suspended = {row.flag("scale_in_suspended"), row.flag("scale_out_suspended"), row.flag("schedules_suspended")};
    out.tags = json::value_to<std::map<std::string, std::string>>(row.object.at("tags"));
    out.created_at = row.time("created");
    return out;
  });
}

std::string encode(const ScheduledAction& action) {
  auto out = resource_of(action.resource);
  out["name"] = action.name;
  out["id"] = action.id;
  out["schedule"] = action.schedule;
  out["timezone"] = action.timezone;
  out["start"] = time_of(action.start);
  out["end"] = time_of(action.end);
  out["min"] = number_of(action.min);
  out["max"] = number_of(action.max);
  out["created"] = to_epoch_ms(action.created_at);
  out["changed"] = to_epoch_ms(action.changed_at);
  out["due"] = time_of(action.due);
  return codec::to_json(out);
}

template <>
Result<ScheduledAction> decode(std::string_view bytes) {
  return decode_with<ScheduledAction>(bytes, [](const Row& row) {
    ScheduledAction out;
    out.resource = row.resource();
    out.name = row.text("name");
    out.id = row.text("id");
    out.schedule = row.text("schedule");
    out.timezone = row.text("timezone");
    out.start = row.maybe_time("start");
    out.end = row.maybe_time("end");
    out.min = row.maybe_number("min");
    out.max = row.maybe_number("max");
    out.created_at = row.time("created");
    out.changed_at = row.time("changed");
    out.due = row.maybe_time("due");
    return out;
  });
}

std::string encode(const Policy& policy) {
  auto out = resource_of(policy.resource);
  out["name"] = policy.name;
  out["id"] = policy.id;
  out["target"] = policy.target;
  out["out_cooldown_s"] = number_of(policy.out_cooldown_s);
  out["in_cooldown_s"] = number_of(policy.in_cooldown_s);
  out["scale_in"] = policy.scale_in == Policy::ScaleIn::kEnabled;
  out["created"] = to_epoch_ms(policy.created_at);
  out["out"] = time_of(policy.out_at);
  out["out_base"] = policy.out_base;
  out["in"] = time_of(policy.in_at);
  return codec::to_json(out);
}

template <>
Result<Policy> decode(std::string_view bytes) {
  return decode_with<Policy>(bytes, [](const Row& row) {
    Policy out;
    out.resource = row.resource();
    out.name = row.text("name");
    out.id = row.text("id");
    out.target = row.object.at("target").to_number<double>();
    out.out_cooldown_s = row.maybe_number("out_cooldown_s");
    out.in_cooldown_s = row.maybe_number("in_cooldown_s");
    out.scale_in = row.flag("scale_in") ? Policy::ScaleIn::kEnabled : Policy::ScaleIn::kDisabled;
    out.created_at = row.time("created");
    out.out_at = row.maybe_time("out");
    out.out_base = row.number("out_base");
    out.in_at = row.maybe_time("in");
    return out;
  });
}

std::string encode(const Activity& activity) {
  auto out = resource_of(activity.resource);
  out["id"] = activity.id;
  out["description"] = activity.description;
  out["cause"] = activity.cause;
  out["status"] = kStatuses[static_cast<std::size_t>(activity.status)];
  out["message"] = activity.message;
  out["started"] = to_epoch_ms(activity.started_at);
  out["ended"] = time_of(activity.ended_at);
  out["wanted"] = activity.wanted;
  out["policy"] = activity.policy;
  out["direction"] = activity.direction == Direction::kOut ? "out" : "in";
  out["before"] = activity.before;
  return codec::to_json(out);
}

template <>
Result<Activity> decode(std::string_view bytes) {
  return decode_with<Activity>(bytes, [](const Row& row) {
    Activity out;
    out.resource = row.resource();
    out.id = row.text("id");
    out.description = row.text("description");
    out.cause = row.text("cause");
    out.status = status_of(row.text("status"));
    out.message = row.text("message");
    out.started_at = row.time("started");
    out.ended_at = row.maybe_time("ended");
    out.wanted = row.number("wanted");
    out.policy = row.text("policy");
    out.direction = row.text("direction") == "in" ? Direction::kIn : Direction::kOut;
    out.before = row.number("before");
    return out;
  });
}

}  // namespace gust::scaling::rows
