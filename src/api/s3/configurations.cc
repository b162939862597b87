// A bucket's CORS, website and notification configurations, and what browsers get of the first.
#include "api/s3/service.h"
#include "api/s3/shared.h"

#include "codec/json.h"
#include "codec/url.h"
#include "wire/json_body.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace gust::api {
namespace {

using objects::ObjectStore;
using Configuration = ObjectStore::Configuration;

template <typename T>
std::string to_text(const T& configuration) {
  return codec::to_json(wire::document_to_json(to_value(configuration)));
}

template <typename T>
T from_text(const std::string& text) {
  T out;
  if (const auto document = codec::parse_json(text)) from_value(wire::document_from_json(*document), out);
  return out;
}

S3Reply<s3::Empty> put_cors(ObjectStore& store, wire::Call call, s3::PutBucketCorsRequest request) {
  GUST_CO_CHECK(co_await own_bucket(store, call, request.bucket, request.expected_bucket_owner));
  static const std::set<std::string> kMethods = {"GET", "PUT", "POST", "DELETE", "HEAD"};
  if (request.cors_configuration.cors_rules.empty())
    co_return wire::fault("MalformedXML",
                          "The XML you provided was not well-formed or did not validate against our published schema",
                          {}, 400);
  for (const auto& rule : request.cors_configuration.cors_rules) {
    for (const auto& method : rule.allowed_methods) {
      if (!kMethods.contains(method)) {
        co_return wire::fault(
            "InvalidRequest",
            fmt::format("Found unsupported HTTP method in CORS config. Unsupported method is {}", method), {}, 400);
      }
    }
    for (const auto& origin : rule.allowed_origins) {
      if (std::ranges::count(origin, '*') > 1)
        co_return wire::fault("InvalidRequest",
                              fmt::format("AllowedOrigin \"{}\" can not have more than one wildcard.", origin), {},
                              400);
    }
  }
  GUST_CO_CHECK(
      co_await store.configure(BucketName(request.bucket), Configuration::kCors, to_text(request.cors_configuration)));
  co_return s3::Empty{};
}

S3Reply<s3::GetBucketCorsOutput> get_cors(ObjectStore& store, wire::Call call, s3::GetBucketCorsRequest request) {
  GUST_CO_TRY(const auto bucket, co_await own_bucket(store, call, request.bucket, request.expected_bucket_owner));
  if (bucket.cors.empty())
    co_return wire::fault("NoSuchCORSConfiguration", "The CORS configuration does not exist",
                          {{"BucketName", request.bucket}}, 404);
  s3::GetBucketCorsOutput out;
  out.cors_rules = from_text<s3::CORSConfiguration>(bucket.cors).cors_rules;
  co_return out;
}

S3Reply<s3::Empty> put_website(ObjectStore& store, wire::Call call, s3::PutBucketWebsiteRequest request) {
  GUST_CO_CHECK(co_await own_bucket(store, call, request.bucket, request.expected_bucket_owner));
  const auto& website = request.website_configuration;
  if (!website.index_document && !website.redirect_all_requests_to) {
    co_return wire::fault("InvalidArgument",
                          "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty",
                          {{"ArgumentName", "IndexDocument"}}, 400);
  }
  if (website.index_document &&
      (website.index_document->suffix.empty() || website.index_document->suffix.find('/') != std::string::npos)) {
    co_return wire::fault("InvalidArgument", "The IndexDocument Suffix is not well formed",
                          {{"ArgumentName", "IndexDocument"}}, 400);
  }
  GUST_CO_CHECK(co_await store.configure(BucketName(request.bucket), Configuration::kWebsite, to_text(website)));
  co_return s3::Empty{};
}

S3Reply<s3::GetBucketWebsiteOutput> get_website(ObjectStore& store, wire::Call call,
                                                s3::GetBucketWebsiteRequest request) {
  GUST_CO_TRY(const auto bucket, co_await own_bucket(store, call, request.bucket, request.expected_bucket_owner));
  if (bucket.website.empty()) {
    co_return wire::fault("NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration",
                          {{"BucketName", request.bucket}}, 404);
  }
  const auto website = from_text<s3::WebsiteConfiguration>(bucket.website);
  s3::GetBucketWebsiteOutput out;
  out.index_document = website.index_document;
  out.error_document = website.error_document;
  out.redirect_all_requests_to = website.redirect_all_requests_to;
  out.routing_rules = website.routing_rules;
  co_return out;
}

template <typename Request>
S3Reply<s3::Empty> delete_configuration(ObjectStore& store, Configuration which, wire::Call call, Request request) {
  GUST_CO_CHECK(co_await own_bucket(store, call, request.bucket, request.expected_bucket_owner));
  GUST_CO_CHECK(co_await store.configure(BucketName(request.bucket), which, ""));
  co_return s3::Empty{};
}

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

wire::Reply<void> check_filter(const s3::LambdaFunctionConfiguration& one) {
  if (!one.filter || !one.filter->key || !one.filter->key->filter_rules) return {};
  std::set<std::string> seen;
  for (auto rule : *one.filter->key->filter_rules) {
    auto name = rule.name.value_or("");
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if ((name != "prefix" && name != "suffix") || !seen.insert(name).second) {
      return wire::fault("InvalidArgument", "filter rule name must be either prefix or suffix, each at most once",
                         {{"ArgumentName", "FilterRule.Name"}, {"ArgumentValue", rule.name.value_or("")}}, 400);
    }
  }
  return {};
}

S3Reply<s3::Empty> put_notification(ObjectStore& store, NotificationTargets& targets, wire::Call call,
                                    s3::PutBucketNotificationConfigurationRequest request) {
  GUST_CO_TRY(const auto bucket, co_await own_bucket(store, call, request.bucket, request.expected_bucket_owner));
  auto& configuration = request.notification_configuration;
  const auto has = [](const auto& list) { return list && !list->empty(); };
  if (has(configuration.queue_configurations) || has(configuration.topic_configurations) ||
      configuration.event_bridge_configuration) {
    co_return wire::fault("NotImplemented",
                          "Notifications to queues, topics and event buses are not served yet; use a Lambda function.",
                          {}, 501);
  }
  if (!has(configuration.lambda_function_configurations)) {
    GUST_CO_CHECK(co_await store.configure(BucketName(request.bucket), Configuration::kNotification, ""));
    co_return s3::Empty{};
  }
  int number = 0;
  for (auto& one : *configuration.lambda_function_configurations) {
    GUST_CO_CHECK(check_events(one.events));
    GUST_CO_CHECK(check_filter(one));
    if (!one.id) one.id = fmt::format("{}-{}", call.context.request_id, ++number);
    if (request.skip_destination_validation.value_or(false)) continue;
    const auto allowed = co_await targets.check(one.lambda_function_arn, bucket.name, bucket.owner);
    if (!allowed) {
      co_return wire::fault(
          "InvalidArgument",
          fmt::format("Unable to validate the following destination configurations: {}", allowed.error().message),
          {{"ArgumentName1", one.lambda_function_arn}}, 400);
    }
  }
  GUST_CO_CHECK(
      co_await store.configure(BucketName(request.bucket), Configuration::kNotification, to_text(configuration)));
  co_return s3::Empty{};
}

S3Reply<s3::NotificationConfiguration> get_notification(ObjectStore& store, wire::Call call,
                                                        s3::GetBucketNotificationConfigurationRequest request) {
  GUST_CO_TRY(const auto bucket, co_await own_bucket(store, call, request.bucket, request.expected_bucket_owner));
  co_return from_text<s3::NotificationConfiguration>(bucket.notification);
}

bool wildcard_match(std::string_view pattern, std::string_view text) {
  const auto star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == text;
  const auto before = pattern.substr(0, star), after = pattern.substr(star + 1);
  return text.size() >= before.size() + after.size() && text.starts_with(before) && text.ends_with(after);
}

bool any_match(const std::vector<std::string>& patterns, std::string_view text) {
  return std::ranges::any_of(patterns, [&](const auto& pattern) { return wildcard_match(pattern, text); });
}

const s3::CORSRule* find_rule(const std::vector<s3::CORSRule>& rules, const std::string& origin,
                              const std::string& method) {
  const auto it = std::ranges::find_if(rules, [&](const auto& rule) {
    return any_match(rule.allowed_origins, origin) &&
           std::ranges::find(rule.allowed_methods, method) != rule.allowed_methods.end();
  });
  return it == rules.end() ? nullptr : &*it;
}

void add_headers(const s3::CORSRule& rule, const std::string& origin, http::Headers& headers) {
  const bool any = std::ranges::find(rule.allowed_origins, "*") != rule.allowed_origins.end();
  headers.set("Access-Control-Allow-Origin", any ? "*" : origin);
  if (!any) headers.set("Access-Control-Allow-Credentials", "true");
  headers.set("Access-Control-Allow-Methods", fmt::format("{}", fmt::join(rule.allowed_methods, ", ")));
  if (rule.expose_headers && !rule.expose_headers->empty())
    headers.set("Access-Control-Expose-Headers", fmt::format("{}", fmt::join(*rule.expose_headers, ", ")));
  if (rule.max_age_seconds) headers.set("Access-Control-Max-Age", std::to_string(*rule.max_age_seconds));
  headers.set("Vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method");
}

std::string bucket_in(const std::string& path) {
  const auto begin = path.find_first_not_of('/');
  if (begin == std::string::npos) return "";
  const auto name = path.substr(begin, path.find('/', begin) - begin);
  return codec::percent_decode(name).value_or("");
}

// Names of Access-Control-Request-Headers, all of which a rule must allow.
bool allows_headers(const s3::CORSRule& rule, std::string_view requested) {
  while (!requested.empty()) {
    auto name = std::string(requested.substr(0, requested.find(',')));
    requested.remove_prefix(std::min(requested.size(), name.size() + 1));
    std::erase(name, ' ');
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const bool allowed = rule.allowed_headers && std::ranges::any_of(*rule.allowed_headers, [&](std::string pattern) {
                           std::ranges::transform(pattern, pattern.begin(),
                                                  [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
                           return wildcard_match(pattern, name);
                         });
    if (!name.empty() && !allowed) return false;
  }
  return true;
}

}  // namespace

async::Task<http::Response> S3Service::preflight(RequestContext context, http::Request request, std::string path) {
  const auto origin = std::string(request.headers.get_or("origin", ""));
  const auto method = std::string(request.headers.get_or("access-control-request-method", ""));
  if (origin.empty() || method.empty()) {
    co_return service_.refuse(context,
                              {"BadRequest", "Insufficient information. Origin request header needed.", 400, {}});
  }
  const auto bucket = co_await store_.bucket(BucketName(bucket_in(path)));
  if (!bucket) co_return service_.refuse(context, map_s3_error(bucket.error()));
  const auto rules =
      bucket->cors.empty() ? std::vector<s3::CORSRule>() : from_text<s3::CORSConfiguration>(bucket->cors).cors_rules;
  const auto* rule = find_rule(rules, origin, method);
  const auto wanted = request.headers.get_or("access-control-request-headers", "");
  if (rule == nullptr || !allows_headers(*rule, wanted)) {
    co_return service_.refuse(context, {"AccessForbidden",
                                        bucket->cors.empty() ? "CORSResponse: CORS is not enabled for this bucket."
                                                             : "CORSResponse: This CORS request is not allowed.",
                                        403,
                                        {}});
  }
  http::Response response;
  add_headers(*rule, origin, response.headers);
  if (!wanted.empty()) response.headers.set("Access-Control-Allow-Headers", std::string(wanted));
  co_return response;
}

async::Task<void> S3Service::add_cors(std::string path, std::string method, std::string origin,
                                      http::Response& response) {
  GUST_CO_TRY(const auto bucket, co_await store_.bucket(BucketName(bucket_in(path))));
  if (bucket.cors.empty()) co_return Result<void>{};
  const auto rules = from_text<s3::CORSConfiguration>(bucket.cors).cors_rules;
  if (const auto* rule = find_rule(rules, origin, method)) add_headers(*rule, origin, response.headers);
  co_return Result<void>{};
}

void S3Service::add_configuration_operations() {
  service_.on<s3::PutBucketCors>(
      [this](auto call, auto request) { return put_cors(store_, std::move(call), std::move(request)); });
  service_.on<s3::GetBucketCors>(
      [this](auto call, auto request) { return get_cors(store_, std::move(call), std::move(request)); });
  service_.on<s3::DeleteBucketCors>([this](auto call, auto request) {
    return delete_configuration(store_, Configuration::kCors, std::move(call), std::move(request));
  });
  service_.on<s3::PutBucketWebsite>(
      [this](auto call, auto request) { return put_website(store_, std::move(call), std::move(request)); });
  service_.on<s3::GetBucketWebsite>(
      [this](auto call, auto request) { return get_website(store_, std::move(call), std::move(request)); });
  service_.on<s3::DeleteBucketWebsite>([this](auto call, auto request) {
    return delete_configuration(store_, Configuration::kWebsite, std::move(call), std::move(request));
  });
  service_.on<s3::PutBucketNotificationConfiguration>([this](auto call, auto request) {
    return put_notification(store_, targets_, std::move(call), std::move(request));
  });
  service_.on<s3::GetBucketNotificationConfiguration>(
      [this](auto call, auto request) { return get_notification(store_, std::move(call), std::move(request)); });
}

}  // namespace gust::api
