#include "metrics/alarms.h"

#include "codec/json.h"
#include "codec/time_format.h"
#include "kv/key.h"

#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace gust::metrics {
namespace {

namespace json = boost::json;

constexpr std::string_view kAlarms = "metrics/alarm/", kHistory = "metrics/history/";
constexpr std::size_t kPage = 1000;
constexpr std::size_t kLongestHistory = 4095, kLongestSummary = 255;

std::string account_prefix(std::string_view table, const AccountId& account) {
  std::string key(table);
  kv::append_text(key, account.str());
  return key;
}

// Names are the rest of the key as they are, so that a prefix of names is one of keys.
std::string alarm_key(const AccountId& account, std::string_view name) {
  return account_prefix(kAlarms, account) + std::string(name);
}

// Ends in a number, so that what came at the same time stays in its order.
Result<void> append_history(kv::Transaction& tx, const AccountId& account, const HistoryItem& item) {
  auto place = account_prefix(kHistory, account);
  kv::append_number(place, static_cast<std::uint64_t>(to_epoch_ms(item.at)));
  kv::append_text(place, item.alarm);
  for (std::uint64_t number = 0;; ++number) {
    auto key = place;
    kv::append_number(key, number);
    GUST_TRY(const auto taken, tx.get(key));
    if (taken) continue;
    tx.put(key, encode(item));
    return {};
  }
}

// What a summary may have; whole characters.
std::string cut(std::string text) {
  auto size = std::min(text.size(), kLongestSummary);
  while (size > 0 && size < text.size() && (static_cast<unsigned char>(text[size]) & 0xc0U) == 0x80U) --size;
  text.resize(size);
  return text;
}

std::string bounded(std::string text) {
  if (text.size() > kLongestHistory) text = "{\"version\":\"1.0\"}";
  return text;
}

Result<Alarm> read(kv::Reader& reader, const AccountId& account, const std::string& name) {
  GUST_TRY(const auto row, reader.get(alarm_key(account, name)));
  if (!row) return fail(Code::kNotFound, fmt::format("There is no alarm named {}", name), "alarm");
  return decode_alarm(*row);
}

async::Task<std::vector<Alarm>> scan_alarms(kv::Store& store, kv::Range range, std::size_t limit) {
  std::vector<Alarm> out;
  while (out.size() < limit) {
    range.limit = std::min(kPage, limit - out.size());
    GUST_CO_TRY(const auto page, co_await store.scan(range));
    for (const auto& row : page) {
      GUST_CO_TRY(auto alarm, decode_alarm(row.value));
      out.push_back(std::move(alarm));
    }
    if (page.size() < range.limit) break;
    range.begin = page.back().key + '\0';
  }
  co_return out;
}

json::object state_of(const Alarm& alarm, const std::string& time) {
  json::object out{{"value", state_name(alarm.state)}, {"reason", alarm.reason}};
  if (!alarm.reason_data.empty()) out["reasonData"] = alarm.reason_data;
  out["timestamp"] = time;
  return out;
}

// 2026-11-28T01:00:00.000+0000
std::string time_text(WallTime time) {
  auto text = codec::to_iso8601_ms(time);
  text.pop_back();  // Z
  return text + "+0000";
}

json::object configuration_of(const Alarm& alarm) {
  json::object dimensions;
  for (const auto& [name, value] : alarm.metric.dimensions) dimensions[name] = value;
  json::object metric{{"namespace", alarm.metric.name_space}, {"name", alarm.metric.name}, {"dimensions", dimensions}};
  json::object stat{{"metric", std::move(metric)}, {"period", alarm.period_s}, {"stat", alarm.statistic.name}};
  if (alarm.unit) stat["unit"] = unit_name(*alarm.unit);
  json::object out;
  if (alarm.description) out["description"] = *alarm.description;
  out["metrics"] = json::array{json::object{{"id", "m1"}, {"metricStat", std::move(stat)}, {"returnData", true}}};
  return out;
}

std::string transition_data(const Alarm& before, const Alarm& after) {
  const auto state = [](const Alarm& alarm) {
    json::object out{{"stateValue", state_name(alarm.state)}, {"stateReason", alarm.reason}};
    if (const auto data = codec::parse_json(alarm.reason_data); data) out["stateReasonData"] = *data;
    return out;
  };
  return bounded(codec::to_json(
      json::object{{"version", "1.0"}, {"oldState", state(before)}, {"newState", state(after)}}));
}

// `type`: Create, Update or Delete.
HistoryItem configured(const std::string& name, WallTime now, const std::string& type) {
  const auto* done = type == "Create" ? "created" : type == "Update" ? "updated" : "deleted";
  return {name, now, HistoryItem::Kind::kConfigurationUpdate, cut(fmt::format("Alarm \"{}\" {}", name, done)),
          codec::to_json(json::object{{"version", "1.0"}, {"type", type}})};
}

struct Told {
  std::string arn;
  Result<void> allowed;
};

// The rows of a state that is set: the alarm's own, its history, and what its actions come to.
Result<void> write_state(kv::Transaction& tx, const Alarm& before, const Alarm& after, const std::vector<Told>& told,
                         AlarmActions& actions) {
  if (before.state == after.state) return {};
  const auto now = after.updated_at;
  HistoryItem update{after.name, now, HistoryItem::Kind::kStateUpdate,
                     fmt::format("Alarm updated from {} to {}", state_name(before.state), state_name(after.state)),
                     transition_data(before, after)};
  GUST_CHECK(append_history(tx, after.account(), update));
  if (after.actions == Alarm::Actions::kDisabled) return {};
  for (const auto& [arn, allowed] : told) {
    if (allowed) GUST_CHECK(actions.enqueue(tx, after.account(), arn, action_payload(before, after, now)));
    const auto* how = allowed ? "Successfully executed" : "Failed to execute";
    auto data = codec::to_json(json::object{{"actionState", allowed ? "Succeeded" : "Failed"},
                                            {"stateUpdateTimestamp", to_epoch_ms(now)},
                                            {"notificationResource", arn},
                                            {"error", allowed ? "" : allowed.error().message}});
    HistoryItem action{after.name, now, HistoryItem::Kind::kAction,
                       cut(fmt::format("{} action {}", how, arn)), bounded(std::move(data))};
    GUST_CHECK(append_history(tx, after.account(), action));
  }
  return {};
}

}  // namespace

std::string action_payload(const Alarm& before, const Alarm& after, WallTime now) {
  json::object data{{"alarmName", after.name},
                    {"state", state_of(after, time_text(now))},
                    {"previousState", state_of(before, time_text(before.updated_at))},
                    {"configuration", configuration_of(after)}};
  return codec::to_json(json::object{{"source", "aws.cloudwatch"},
                                     {"alarmArn", alarm_arn(after)},
                                     {"accountId", after.account().str()},
                                     {"time", time_text(now)},
                                     {"region", after.region},
                                     {"alarmData", std::move(data)}});
}

async::Task<void> Alarms::put(Alarm alarm) {
  for (const auto* arns : {&alarm.on_ok, &alarm.on_alarm, &alarm.on_insufficient_data}) {
    for (const auto& arn : *arns) GUST_CO_CHECK(actions_.check(alarm.account(), arn));
  }
  if (alarm.tags.size() > kMaxTags) co_return fail(Code::kTooLarge, "An alarm has 50 tags at most", "tags");
  const auto now = clock_.now();
  kv::Store::Body body = [alarm, now](kv::Transaction& tx) -> Result<void> {
    const auto key = alarm_key(alarm.account(), alarm.name);
    auto wanted = alarm;
    GUST_TRY(const auto row, tx.get(key));
    wanted.configured_at = now;
    if (row) {
      GUST_TRY(const auto before, decode_alarm(*row));
      wanted.tags = before.tags;
      wanted.state = before.state;
      wanted.reason = before.reason;
      wanted.reason_data = before.reason_data;
      wanted.updated_at = before.updated_at;
      wanted.changed_at = before.changed_at;
    } else {
      GUST_TRY(const auto others,
               tx.scan(kv::Range::prefix(account_prefix(kAlarms, alarm.account()), kMaxOfAccount)));
      if (others.size() >= kMaxOfAccount)
        return fail(Code::kTooLarge, "The account has 5,000 alarms, which is the most", "limit");
      wanted.updated_at = wanted.changed_at = now;
    }
    tx.put(key, encode(wanted));
    return append_history(tx, wanted.account(), configured(wanted.name, now, row ? "Update" : "Create"));
  };
  co_return co_await store_.transact(std::move(body));
}

async::Task<std::vector<Alarm>> Alarms::list(AccountId account, std::string name_prefix, std::string after,
                                             std::size_t limit) {
  auto range = kv::Range::prefix(alarm_key(account, name_prefix));
  if (!after.empty()) range.begin = std::max(range.begin, alarm_key(account, after) + '\0');
  co_return co_await scan_alarms(store_, std::move(range), limit);
}

async::Task<std::vector<Alarm>> Alarms::all() {
  auto range = kv::Range::prefix(std::string(kAlarms));
  co_return co_await scan_alarms(store_, std::move(range), SIZE_MAX);
}

async::Task<std::optional<Alarm>> Alarms::get(AccountId account, std::string name) {
  GUST_CO_TRY(const auto row, co_await store_.get(alarm_key(account, name)));
  if (!row) co_return std::nullopt;
  GUST_CO_TRY(auto alarm, decode_alarm(*row));
  co_return std::optional(std::move(alarm));
}

async::Task<void> Alarms::remove(AccountId account, std::vector<std::string> names) {
  const auto now = clock_.now();
  kv::Store::Body body = [account, names, now](kv::Transaction& tx) -> Result<void> {
    for (const auto& name : names) {
      GUST_TRY(const auto alarm, read(tx, account, name));
      tx.erase(alarm_key(account, name));
      GUST_CHECK(append_history(tx, account, configured(name, now, "Delete")));
    }
    return {};
  };
  co_return co_await store_.transact(std::move(body));
}

async::Task<void> Alarms::change(AccountId account, std::string name, Change change) {
  kv::Store::Body body = [account, name, change](kv::Transaction& tx) -> Result<void> {
    GUST_TRY(auto alarm, read(tx, account, name));
    GUST_CHECK(change(tx, alarm));
    tx.put(alarm_key(account, name), encode(alarm));
    return {};
  };
  co_return co_await store_.transact(std::move(body));
}

async::Task<void> Alarms::switch_actions(AccountId account, std::vector<std::string> names, Alarm::Actions actions) {
  for (const auto& name : names) {
    Change setting = [actions](kv::Transaction&, Alarm& alarm) -> Result<void> {
      alarm.actions = actions;
      return {};
    };
    const auto done = co_await change(account, name, std::move(setting));
    if (!done && done.error().code != Code::kNotFound) co_return done;
  }
  co_return Result<void>{};
}

async::Task<void> Alarms::set_state(AccountId account, std::string name, NewState to) {
  GUST_CO_TRY(const auto alarm, co_await get(account, name));
  if (!alarm) co_return fail(Code::kNotFound, fmt::format("There is no alarm named {}", name), "alarm");
  std::vector<Told> told;
  for (const auto& arn : alarm->actions_of(to.state)) {
    auto allowed = co_await actions_.allowed(account, arn, alarm_arn(*alarm));
    if (!allowed && is_retryable(allowed.error().code)) co_return allowed;
    told.push_back({arn, std::move(allowed)});
  }
  const auto now = clock_.now();
  Change setting = [this, to, told, now](kv::Transaction& tx, Alarm& changed) -> Result<void> {
    const auto before = changed;
    changed.state = to.state;
    changed.reason = to.reason;
    changed.reason_data = to.reason_data;
    changed.updated_at = now;
    if (before.state != to.state) changed.changed_at = now;
    return write_state(tx, before, changed, told, actions_);
  };
  GUST_CO_CHECK(co_await change(account, name, std::move(setting)));
  actions_.done();
  co_return Result<void>{};
}

async::Task<void> Alarms::change_tags(AccountId account, std::string name, Dimensions added,
                                      std::vector<std::string> removed) {
  Change setting = [added, removed](kv::Transaction&, Alarm& alarm) -> Result<void> {
    for (const auto& key : removed) alarm.tags.erase(key);
    for (const auto& [key, value] : added) alarm.tags.insert_or_assign(key, value);
    if (alarm.tags.size() > kMaxTags) return fail(Code::kTooLarge, "An alarm has 50 tags at most", "tags");
    return {};
  };
  co_return co_await change(std::move(account), std::move(name), std::move(setting));
}

async::Task<HistoryPage> Alarms::history(HistoryQuery query) {
  const auto prefix = account_prefix(kHistory, query.account);
  const auto at = [&](WallTime time) {
    auto key = prefix;
    kv::append_number(key, static_cast<std::uint64_t>(std::max<std::int64_t>(to_epoch_ms(time), 0)));
    return key;
  };
  auto range = kv::Range::prefix(prefix, kPage);
  range.order = query.order;
  range.begin = at(std::max(query.since.value_or(WallTime()), clock_.now() - kHistoryKept));
  if (query.until) range.end = at(*query.until);
  const bool forward = query.order == kv::Order::kForward;
  if (!query.after.empty() && forward) range.begin = std::max(range.begin, query.after + '\0');
  if (!query.after.empty() && !forward) range.end = std::min(range.end, query.after);
  HistoryPage out;
  while (range.begin < range.end) {
    GUST_CO_TRY(const auto page, co_await store_.scan(range));
    for (const auto& row : page) {
      GUST_CO_TRY(auto item, decode_history(row.value));
      if ((query.alarm && *query.alarm != item.alarm) || (query.kind && *query.kind != item.kind)) continue;
      if (out.items.size() == query.limit) co_return out;
      out.items.push_back(std::move(item));
      out.more_after = row.key;
    }
    if (page.size() < range.limit) break;
    if (forward) {
      range.begin = page.back().key + '\0';
    } else {
      range.end = page.back().key;
    }
  }
  out.more_after.clear();
  co_return out;
}

async::Task<void> Alarms::tidy() {
  const auto oldest = static_cast<std::uint64_t>(to_epoch_ms(clock_.now() - kHistoryKept));
  std::string begin(kHistory);
  const auto end = kv::after_prefix(begin);
  for (;;) {
    kv::Range range{begin, end, kPage, kv::Order::kForward, kv::Caching::kPass};
    GUST_CO_TRY(const auto page, co_await store_.scan(range));
    std::vector<std::string> old;
    std::string next;
    for (const auto& row : page) {
      std::string_view rest = std::string_view(row.key).substr(kHistory.size());
      std::string account;
      std::uint64_t at = 0;
      if (!kv::take_text(rest, account) || !kv::take_number(rest, at) || at < oldest) {
        old.push_back(row.key);
        continue;
      }
      next = kv::after_prefix(account_prefix(kHistory, AccountId(account)));  // the account's others are younger
      break;
    }
    kv::Store::Body body = [&old](kv::Transaction& tx) -> Result<void> {
      for (const auto& key : old) tx.erase(key);
      return {};
    };
    if (!old.empty()) GUST_CO_CHECK(co_await store_.transact(std::move(body), kv::Durability::kBuffered));
    if (next.empty() && page.size() < kPage) co_return Result<void>{};
    begin = next.empty() ? page.back().key + '\0' : next;
  }
}

}  // namespace gust::metrics
