// A bucket's notification configuration: what may be in it, and that its targets may be invoked.
#include "api/s3/configuration_text.h"
#include "api/s3/service.h"
#include "api/s3/shared.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace gust::api {
namespace {

constexpr std::size_t kMaxConfigurations = 100;
constexpr std::size_t kMaxFilterBytes = 1024;

wire::Reply<void> check_events(const std::vector<std::string>& events) {
  static const std::set<std::string> kEvents = {"s3:ObjectCreated:*",
                                                "s3:ObjectCreated:Put",
                                                "s3:ObjectCreated:Post",
                                                "s3:ObjectCreated:Copy",
                                                "s3:ObjectCreated:CompleteMultipartUpload",
                                                "s3:ObjectRemoved:*",
                                                "s3:ObjectRemoved:Delete",
                                                "s3:ObjectRemoved:DeleteMarkerCreated"};
  for (const auto& event : events) {
    if (!kEvents.contains(event)) {
      return wire::fault("InvalidArgument",
                         fmt::format("The event '{}' is not supported for notifications; served are: {}", event,
                                     fmt::join(kEvents, ", ")),
                         {{"ArgumentName", "Event"}, {"ArgumentValue", event}}, 400);
    }
  }
  return {};
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// Checks the rules and writes their names as the service answers them.
wire::Reply<void> check_filter(s3::LambdaFunctionConfiguration& one) {
  if (!one.filter || !one.filter->key || !one.filter->key->filter_rules) return {};
  std::set<std::string> seen;
  for (auto& rule : *one.filter->key->filter_rules) {
    const auto given = rule.name.value_or("");
    const auto name = lower(given);
    if (name != "prefix" && name != "suffix") {
      return wire::fault("InvalidArgument", "filter rule name must be either prefix or suffix",
                         {{"ArgumentName", "FilterRule.Name"}, {"ArgumentValue", given}}, 400);
    }
    if (!seen.insert(name).second) {
      return wire::fault("InvalidArgument", fmt::format("Cannot specify more than one {} rule in a filter.", name),
                         {{"ArgumentName", "FilterRule.Name"}, {"ArgumentValue", given}}, 400);
    }
    if (rule.value.value_or("").empty() || rule.value->size() > kMaxFilterBytes) {
      return wire::fault("InvalidArgument",
                         fmt::format("filter value cannot be empty, nor longer than {} bytes", kMaxFilterBytes),
                         {{"ArgumentName", given}, {"ArgumentValue", rule.value.value_or("")}}, 400);
    }
    rule.name = name == "prefix" ? "Prefix" : "Suffix";
  }
  return {};
}

std::string filter_value(const s3::LambdaFunctionConfiguration& one, std::string_view name) {
  if (!one.filter || !one.filter->key || !one.filter->key->filter_rules) return "";
  for (const auto& rule : *one.filter->key->filter_rules) {
    if (rule.name == name) return rule.value.value_or("");
  }
  return "";
}

bool share_event(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  const auto covers = [](std::string_view wide, std::string_view narrow) {
    return wide == narrow || (wide.ends_with('*') && narrow.starts_with(wide.substr(0, wide.size() - 1)));
  };
  return std::ranges::any_of(a, [&](const auto& x) {
    return std::ranges::any_of(b, [&](const auto& y) { return covers(x, y) || covers(y, x); });
  });
}

// True when an event of some key would go to both.
bool overlap(const s3::LambdaFunctionConfiguration& a, const s3::LambdaFunctionConfiguration& b) {
  const auto prefix_a = filter_value(a, "Prefix"), prefix_b = filter_value(b, "Prefix");
  const auto suffix_a = filter_value(a, "Suffix"), suffix_b = filter_value(b, "Suffix");
  return share_event(a.events, b.events) && (prefix_a.starts_with(prefix_b) || prefix_b.starts_with(prefix_a)) &&
         (suffix_a.ends_with(suffix_b) || suffix_b.ends_with(suffix_a));
}

wire::Reply<void> check_together(const std::vector<s3::LambdaFunctionConfiguration>& all) {
  if (all.size() > kMaxConfigurations) {
    return wire::fault("InvalidArgument",
                       fmt::format("A bucket has at most {} notification configurations", kMaxConfigurations), {}, 400);
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (all[i].id && all[i].id == all[j].id) {
        return wire::fault("InvalidArgument", "Same ID used for multiple configurations. IDs must be unique",
                           {{"ArgumentName", "Id"}, {"ArgumentValue", *all[i].id}}, 400);
      }
      if (overlap(all[i], all[j])) {
        return wire::fault("InvalidArgument",
                           "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the "
                           "prefixes are overlapping for the same event type.",
                           {}, 400);
      }
    }
  }
  return {};
}

S3Reply<s3::Empty> put_notification(const S3Parts& s3, wire::Call call,
                                    s3::PutBucketNotificationConfigurationRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_bucket(s3, call, "s3:PutBucketNotification", request));
  auto& configuration = request.notification_configuration;
  const auto has = [](const auto& list) { return list && !list->empty(); };
  if (has(configuration.queue_configurations) || has(configuration.topic_configurations) ||
      configuration.event_bridge_configuration) {
    co_return wire::fault("NotImplemented",
                          "Notifications to queues, topics and event buses are not served yet; use a Lambda function.",
                          {}, 501);
  }
  if (!has(configuration.lambda_function_configurations)) {
    GUST_CO_CHECK(co_await s3.store.configure(BucketName(request.bucket), "notification", ""));
    co_return s3::Empty{};
  }
  int number = 0;
  for (auto& one : *configuration.lambda_function_configurations) {
    GUST_CO_CHECK(check_events(one.events));
    GUST_CO_CHECK(check_filter(one));
  }
  GUST_CO_CHECK(check_together(*configuration.lambda_function_configurations));
  for (auto& one : *configuration.lambda_function_configurations) {
    if (!Arn::parse(one.lambda_function_arn) || Arn::parse(one.lambda_function_arn)->service != "lambda") {
      co_return wire::fault("InvalidArgument", "The ARN could not be parsed",
                            {{"ArgumentName", "CloudFunction"}, {"ArgumentValue", one.lambda_function_arn}}, 400);
    }
    if (!one.id || one.id->empty()) one.id = fmt::format("{}-{}", call.context.request_id, ++number);
    if (request.skip_destination_validation.value_or(false)) continue;
    const auto allowed = co_await s3.targets.check(one.lambda_function_arn, bucket.name, bucket.owner);
    if (!allowed) {
      co_return wire::fault(
          "InvalidArgument",
          fmt::format("Unable to validate the following destination configurations: {}", allowed.error().message),
          {{"ArgumentName1", one.lambda_function_arn}}, 400);
    }
  }
  GUST_CO_CHECK(co_await s3.store.configure(BucketName(request.bucket), "notification", to_text(configuration)));
  co_return s3::Empty{};
}

S3Reply<s3::NotificationConfiguration> get_notification(const S3Parts& s3, wire::Call call,
                                                        s3::GetBucketNotificationConfigurationRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_bucket(s3, call, "s3:GetBucketNotification", request));
  co_return from_text<s3::NotificationConfiguration>(bucket.configuration("notification"));
}

}  // namespace

void S3Service::add_notification_operations() {
  service_.on<s3::PutBucketNotificationConfiguration>(
      [this](auto call, auto request) { return put_notification(parts_, std::move(call), std::move(request)); });
  service_.on<s3::GetBucketNotificationConfiguration>(
      [this](auto call, auto request) { return get_notification(parts_, std::move(call), std::move(request)); });
}

}  // namespace gust::api
