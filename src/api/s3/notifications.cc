// A bucket's notification configuration: what may be in it, and that its destinations may be told.
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

// A function's, a queue's or a topic's configuration: they differ only in how they name the destination.
struct Destination {
  std::string_view service;   // in the ARN
  std::string_view argument;  // in faults
  std::string_view shown;     // in messages
  const std::string& arn;
  std::optional<std::string>& id;
  const std::vector<std::string>& events;
  std::optional<s3::NotificationConfigurationFilter>& filter;
};

std::vector<Destination> destinations(s3::NotificationConfiguration& of) {
  std::vector<Destination> out;
  if (of.lambda_function_configurations) {
    for (auto& one : *of.lambda_function_configurations)
      out.push_back({"lambda", "CloudFunction", "Lambda", one.lambda_function_arn, one.id, one.events, one.filter});
  }
  if (of.queue_configurations) {
    for (auto& one : *of.queue_configurations)
      out.push_back({"sqs", "Queue", "queue", one.queue_arn, one.id, one.events, one.filter});
  }
  if (of.topic_configurations) {
    for (auto& one : *of.topic_configurations)
      out.push_back({"sns", "Topic", "topic", one.topic_arn, one.id, one.events, one.filter});
  }
  return out;
}

wire::Reply<void> check_events(const std::vector<std::string>& events) {
  // All that the service documents. Those of what is not served (restores, replication, say) are never sent.
  static const std::set<std::string> kEvents = {"s3:ObjectCreated:*",
                                                "s3:ObjectCreated:Put",
                                                "s3:ObjectCreated:Post",
                                                "s3:ObjectCreated:Copy",
                                                "s3:ObjectCreated:CompleteMultipartUpload",
                                                "s3:ObjectRemoved:*",
                                                "s3:ObjectRemoved:Delete",
                                                "s3:ObjectRemoved:DeleteMarkerCreated",
                                                "s3:ObjectRestore:*",
                                                "s3:ObjectRestore:Post",
                                                "s3:ObjectRestore:Completed",
                                                "s3:ObjectRestore:Delete",
                                                "s3:ReducedRedundancyLostObject",
                                                "s3:Replication:*",
                                                "s3:Replication:OperationFailedReplication",
                                                "s3:Replication:OperationMissedThreshold",
                                                "s3:Replication:OperationReplicatedAfterThreshold",
                                                "s3:Replication:OperationNotTracked",
                                                "s3:LifecycleExpiration:*",
                                                "s3:LifecycleExpiration:Delete",
                                                "s3:LifecycleExpiration:DeleteMarkerCreated",
                                                "s3:LifecycleTransition",
                                                "s3:IntelligentTiering",
                                                "s3:ObjectTagging:*",
                                                "s3:ObjectTagging:Put",
                                                "s3:ObjectTagging:Delete",
                                                "s3:ObjectAcl:Put",
                                                "s3:ObjectAnnotation:*",
                                                "s3:ObjectAnnotation:Put",
                                                "s3:ObjectAnnotation:Delete",
                                                "s3:ObjectRetention:Put"};
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
wire::Reply<void> check_filter(const Destination& one) {
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

std::string filter_value(const Destination& one, std::string_view name) {
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
bool overlap(const Destination& a, const Destination& b) {
  const auto prefix_a = filter_value(a, "Prefix"), prefix_b = filter_value(b, "Prefix");
  const auto suffix_a = filter_value(a, "Suffix"), suffix_b = filter_value(b, "Suffix");
  return share_event(a.events, b.events) && (prefix_a.starts_with(prefix_b) || prefix_b.starts_with(prefix_a)) &&
         (suffix_a.ends_with(suffix_b) || suffix_b.ends_with(suffix_a));
}

wire::Reply<void> check_together(const std::vector<Destination>& all) {
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

// What of an ARN is wrong for this kind of destination, before anyone is asked.
wire::Reply<void> check_arn(const Destination& one) {
  const auto arn = Arn::parse(one.arn);
  if (arn && arn->service == one.service) return {};
  return wire::fault("InvalidArgument", "The ARN could not be parsed",
                     {{"ArgumentName", std::string(one.argument)}, {"ArgumentValue", one.arn}}, 400);
}

// Empty when the bucket may tell it, else why not.
boost::asio::awaitable<std::string> refusal(const S3Parts& s3, Destination one, objects::Bucket bucket) {
  const auto missing = fmt::format("The destination {} does not exist", one.shown);
  if (one.service != "lambda") co_return missing;  // no queues and no topics are served
  const auto allowed = co_await s3.targets.check(one.arn, bucket.name, bucket.owner);
  if (allowed) co_return "";
  co_return allowed.error().code == Code::kNotFound ? missing : allowed.error().message;
}

S3Reply<s3::Empty> put_notification(const S3Parts& s3, wire::Call call,
                                    s3::PutBucketNotificationConfigurationRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_bucket(s3, call, "s3:PutBucketNotification", request));
  auto& configuration = request.notification_configuration;
  if (configuration.event_bridge_configuration) {
    co_return wire::fault("NotImplemented",
                          "Events are not sent to Amazon EventBridge: no event bus is served. Leave out "
                          "EventBridgeConfiguration.",
                          {}, 501);
  }
  const auto all = destinations(configuration);
  if (all.empty()) {
    GUST_CO_CHECK(co_await s3.store.configure(BucketName(request.bucket), "notification", ""));
    co_return s3::Empty{};
  }
  int number = 0;
  for (const auto& one : all) {
    GUST_CO_CHECK(check_events(one.events));
    GUST_CO_CHECK(check_filter(one));
  }
  GUST_CO_CHECK(check_together(all));
  for (const auto& one : all) {
    GUST_CO_CHECK(check_arn(one));
    if (!one.id || one.id->empty()) one.id = fmt::format("{}-{}", call.context.request_id, ++number);
    if (request.skip_destination_validation.value_or(false)) continue;
    const auto why = co_await refusal(s3, one, bucket);
    if (!why.empty()) {
      co_return wire::fault("InvalidArgument", "Unable to validate the following destination configurations",
                            {{"ArgumentName", one.arn}, {"ArgumentValue", why}}, 400);
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
