// Log groups, and how long they keep what they have.
#include "api/logs/service.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <re2/re2.h>

#include <algorithm>

namespace gust::api {
namespace {

namespace store = gust::logs;

// Source: PutRetentionPolicy of the CloudWatch Logs API.
constexpr int kRetentions[] = {1,   3,   5,   7,   14,  30,   60,   90,   120,  150,  180, 365,
                               400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653};
constexpr std::size_t kMaxTags = 50, kPage = 50;

store::Group::Protection protection_of(const std::optional<bool>& wanted) {
  return wanted.value_or(false) ? store::Group::Protection::kFromDeletion : store::Group::Protection::kNone;
}

logs::LogGroup to_answer(const wire::Call& call, const store::Group& group, std::uint64_t bytes) {
  logs::LogGroup out;
  out.log_group_name = group.key.name;
  out.creation_time = group.created_ms;
  out.retention_in_days = group.retention_days;
  out.metric_filter_count = 0;
  out.log_group_arn = group_arn(call, group.key);
  out.arn = *out.log_group_arn + ":*";
  out.stored_bytes = static_cast<std::int64_t>(bytes);
  out.log_group_class = group.log_class;
  if (!group.kms_key.empty()) out.kms_key_id = group.kms_key;
  out.deletion_protection_enabled = group.protection == store::Group::Protection::kFromDeletion;
  return out;
}

// Those of the account behind `after` that `wanted` takes, up to `limit`; `more` begins the next page.
struct Page {
  std::vector<store::Group> groups;
  std::optional<std::string> next;
};
template <typename Wanted>
Page page_of(const store::Groups& groups, const AccountId& account, const std::string& after, std::size_t limit,
             Wanted wanted) {
  Page out;
  for (const auto* group : groups.of_account(account)) {
    if ((!after.empty() && group->key.name <= after) || !wanted(*group)) continue;
    if (out.groups.size() == limit) {
      out.next = list_token(out.groups.back().key.name);
      break;
    }
    out.groups.push_back(*group);
  }
  return out;
}

}  // namespace

LogsReply<logs::Empty> LogsService::create_group(wire::Call call, logs::CreateLogGroupRequest request) {
  store::Group wanted;
  wanted.key = group_key(call, request.log_group_name);
  if (wanted.key.name.starts_with("aws/"))
    co_return invalid_logs_request("Log groups starting with AWS/ are reserved for AWS.");
  if (request.tags) wanted.tags = *request.tags;
  if (wanted.tags.size() > kMaxTags) co_return fail(Code::kTooLarge, "A log group may have 50 tags", "tags");
  wanted.kms_key = request.kms_key_id.value_or("");
  wanted.log_class = request.log_group_class.value_or(wanted.log_class);
  wanted.protection = protection_of(request.deletion_protection_enabled);
  GUST_CO_TRY(const auto made, co_await groups_.create(std::move(wanted)));
  co_return logs::Empty{};
}

LogsReply<logs::Empty> LogsService::delete_group(wire::Call call, logs::DeleteLogGroupRequest request) {
  auto key = group_key(call, request.log_group_name);
  GUST_CO_TRY(auto removed, co_await groups_.remove(std::move(key)));
  GUST_CO_CHECK(co_await events_.drop(std::move(removed)));
  co_return logs::Empty{};
}

LogsReply<logs::DescribeLogGroupsResponse> LogsService::describe_groups(wire::Call call,
                                                                        logs::DescribeLogGroupsRequest request) {
  const auto prefix = request.log_group_name_prefix.value_or(""), part = request.log_group_name_pattern.value_or("");
  if (request.log_group_name_prefix && request.log_group_name_pattern) {
    co_return invalid_logs_request(
        "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.");
  }
  std::vector<store::GroupKey> named;
  for (const auto& identifier : request.log_group_identifiers.value_or(std::vector<std::string>())) {
    GUST_CO_TRY(auto key, group_key(call, std::nullopt, identifier));
    named.push_back(std::move(key));
  }
  GUST_CO_TRY(const auto after, parse_list_token(request.next_token));
  const auto wanted = [&](const store::Group& group) {
    if (request.log_group_class && group.log_class != *request.log_group_class) return false;
    if (!named.empty() && std::ranges::find(named, group.key) == named.end()) return false;
    return group.key.name.starts_with(prefix) && group.key.name.contains(part);
  };
  const auto limit = static_cast<std::size_t>(request.limit.value_or(kPage));
  const auto page = page_of(groups_, call.context.principal.account, after, limit, wanted);
  logs::DescribeLogGroupsResponse out;
  auto& list = out.log_groups.emplace();
  for (const auto& group : page.groups) {
    const auto bytes = co_await events_.stored_bytes(group.key);
    if (!bytes && bytes.error().code == Code::kNotFound) continue;  // it went meanwhile
    if (!bytes) co_return std::unexpected(bytes.error());
    list.push_back(to_answer(call, group, *bytes));
  }
  out.next_token = page.next;
  co_return out;
}

LogsReply<logs::ListLogGroupsResponse> LogsService::list_groups(wire::Call call, logs::ListLogGroupsRequest request) {
  GUST_CO_TRY(const auto after, parse_list_token(request.next_token));
  const re2::RE2 pattern(request.log_group_name_pattern.value_or(""), re2::RE2::Quiet);
  if (!pattern.ok()) co_return invalid_logs_request("The logGroupNamePattern is not a regular expression.");
  const auto wanted = [&](const store::Group& group) {
    if (request.log_group_class && group.log_class != *request.log_group_class) return false;
    return re2::RE2::PartialMatch(group.key.name, pattern);
  };
  const auto limit = static_cast<std::size_t>(request.limit.value_or(kPage));
  const auto page = page_of(groups_, call.context.principal.account, after, limit, wanted);
  logs::ListLogGroupsResponse out;
  auto& list = out.log_groups.emplace();
  for (const auto& group : page.groups) {
    auto& one = list.emplace_back();
    one.log_group_name = group.key.name;
    one.log_group_arn = group_arn(call, group.key);
    one.log_group_class = group.log_class;
  }
  out.next_token = page.next;
  co_return out;
}

LogsReply<logs::Empty> LogsService::put_retention(wire::Call call, logs::PutRetentionPolicyRequest request) {
  if (std::ranges::find(kRetentions, request.retention_in_days) == std::end(kRetentions)) {
    co_return invalid_logs_request(
        fmt::format("1 validation error detected: Value '{}' at 'retentionInDays' failed to satisfy constraint: Member "
                    "must satisfy enum value set: [{}]",
                    request.retention_in_days, fmt::join(kRetentions, ", ")));
  }
  auto key = group_key(call, request.log_group_name);
  auto change = [days = request.retention_in_days](store::Group& group) -> Result<void> {
    group.retention_days = days;
    return {};
  };
  GUST_CO_CHECK(co_await groups_.update(std::move(key), std::move(change)));
  co_return logs::Empty{};
}

LogsReply<logs::Empty> LogsService::delete_retention(wire::Call call, logs::DeleteRetentionPolicyRequest request) {
  auto key = group_key(call, request.log_group_name);
  auto change = [](store::Group& group) -> Result<void> {
    group.retention_days.reset();
    return {};
  };
  GUST_CO_CHECK(co_await groups_.update(std::move(key), std::move(change)));
  co_return logs::Empty{};
}

LogsReply<logs::Empty> LogsService::protect_group(wire::Call call, logs::PutLogGroupDeletionProtectionRequest request) {
  GUST_CO_TRY(auto key, group_key(call, std::nullopt, request.log_group_identifier));
  const auto protection = protection_of(request.deletion_protection_enabled);
  auto change = [protection](store::Group& group) -> Result<void> {
    group.protection = protection;
    return {};
  };
  GUST_CO_CHECK(co_await groups_.update(std::move(key), std::move(change)));
  co_return logs::Empty{};
}

void LogsService::add_groups() {
  service_.on<logs::CreateLogGroup>([this](auto call, auto r) { return create_group(std::move(call), std::move(r)); });
  service_.on<logs::DeleteLogGroup>([this](auto call, auto r) { return delete_group(std::move(call), std::move(r)); });
  service_.on<logs::DescribeLogGroups>(
      [this](auto call, auto r) { return describe_groups(std::move(call), std::move(r)); });
  service_.on<logs::ListLogGroups>([this](auto call, auto r) { return list_groups(std::move(call), std::move(r)); });
  service_.on<logs::PutRetentionPolicy>(
      [this](auto call, auto r) { return put_retention(std::move(call), std::move(r)); });
  service_.on<logs::DeleteRetentionPolicy>(
      [this](auto call, auto r) { return delete_retention(std::move(call), std::move(r)); });
  service_.on<logs::PutLogGroupDeletionProtection>(
      [this](auto call, auto r) { return protect_group(std::move(call), std::move(r)); });
}

}  // namespace gust::api
