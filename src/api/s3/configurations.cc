// A bucket's CORS and website configurations, and what browsers get of the first.
#include "api/s3/configuration_text.h"
#include "api/s3/service.h"
#include "api/s3/shared.h"

#include "codec/url.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace gust::api {
namespace {

constexpr std::size_t kMaxRules = 100;

wire::Reply<void> one_wildcard(const char* member, const std::vector<std::string>& patterns) {
  for (const auto& pattern : patterns) {
    if (std::ranges::count(pattern, '*') > 1)
      return wire::fault("InvalidRequest",
                         fmt::format("{} \"{}\" can not have more than one wildcard.", member, pattern), {}, 400);
  }
  return {};
}

wire::Reply<void> check_rule(const s3::CORSRule& rule) {
  static const std::set<std::string> kMethods = {"GET", "PUT", "POST", "DELETE", "HEAD"};
  for (const auto& method : rule.allowed_methods) {
    if (kMethods.contains(method)) continue;
    return wire::fault("InvalidRequest",
                       fmt::format("Found unsupported HTTP method in CORS config. Unsupported method is {}", method),
                       {}, 400);
  }
  GUST_CHECK(one_wildcard("AllowedOrigin", rule.allowed_origins));
  GUST_CHECK(one_wildcard("AllowedHeader", rule.allowed_headers.value_or(std::vector<std::string>())));
  for (const auto& header : rule.expose_headers.value_or(std::vector<std::string>())) {
    if (header.find('*') == std::string::npos) continue;
    return wire::fault("InvalidRequest",
                       fmt::format("ExposeHeader \"{}\" contains wildcard. We currently do not support wildcard for "
                                   "ExposeHeader.",
                                   header),
                       {}, 400);
  }
  return {};
}

S3Reply<s3::Empty> put_cors(const S3Parts& s3, wire::Call call, s3::PutBucketCorsRequest request) {
  GUST_CO_CHECK(co_await allow_bucket(s3, call, "s3:PutBucketCORS", request));
  const auto& rules = request.cors_configuration.cors_rules;
  if (rules.empty()) co_return malformed_xml();
  if (rules.size() > kMaxRules)
    co_return wire::fault("InvalidRequest", fmt::format("The number of CORS rules should not exceed {}", kMaxRules), {},
                          400);
  for (const auto& rule : rules) GUST_CO_CHECK(check_rule(rule));
  GUST_CO_CHECK(co_await s3.store.configure(BucketName(request.bucket), "cors", to_text(request.cors_configuration)));
  co_return s3::Empty{};
}

S3Reply<s3::GetBucketCorsOutput> get_cors(const S3Parts& s3, wire::Call call, s3::GetBucketCorsRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_bucket(s3, call, "s3:GetBucketCORS", request));
  if (bucket.configuration("cors").empty())
    co_return wire::fault("NoSuchCORSConfiguration", "The CORS configuration does not exist",
                          {{"BucketName", request.bucket}}, 404);
  s3::GetBucketCorsOutput out;
  out.cors_rules = from_text<s3::CORSConfiguration>(bucket.configuration("cors")).cors_rules;
  co_return out;
}

std::unexpected<wire::Fault> invalid_request(const char* message) {
  return wire::fault("InvalidRequest", message, {}, 400);
}

wire::Reply<void> check_protocol(const std::optional<std::string>& protocol) {
  if (!protocol || *protocol == "http" || *protocol == "https") return {};
  return invalid_request(
      "Invalid protocol, protocol can be http or https. If not defined the protocol will be selected automatically.");
}

wire::Reply<void> check_routing(const std::vector<s3::RoutingRule>& rules) {
  constexpr std::size_t kMost = 50;
  if (rules.empty()) return malformed_xml();
  if (rules.size() > kMost)
    return invalid_request("The number of routing rules exceeds the allowed limit of 50 rules.");
  for (const auto& rule : rules) {
    if (rule.redirect.replace_key_prefix_with && rule.redirect.replace_key_with)
      return invalid_request("You can only define ReplaceKeyPrefix or ReplaceKey but not both.");
    if (rule.condition && !rule.condition->key_prefix_equals && !rule.condition->http_error_code_returned_equals) {
      return invalid_request(
          "Condition cannot be empty. To redirect all requests without a condition, the condition element shouldn't be "
          "present.");
    }
    GUST_CHECK(check_protocol(rule.redirect.protocol));
  }
  return {};
}

wire::Reply<void> check_website(const s3::WebsiteConfiguration& website) {
  const auto wrong = [](const char* name, const char* value, const char* message) {
    return wire::fault("InvalidArgument", message, {{"ArgumentName", name}, {"ArgumentValue", value}}, 400);
  };
  if (const auto& all = website.redirect_all_requests_to) {
    if (website.index_document || website.error_document || website.routing_rules) {
      return wrong("RedirectAllRequestsTo", "not null",
                   "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.");
    }
    return check_protocol(all->protocol);
  }
  if (!website.index_document) {
    return wrong("IndexDocument", "null",
                 "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty");
  }
  const auto& suffix = website.index_document->suffix;
  if (suffix.empty() || suffix.find('/') != std::string::npos)
    return wrong("IndexDocument", suffix.c_str(), "The IndexDocument Suffix is not well formed");
  if (website.error_document && website.error_document->key.empty()) return malformed_xml();
  if (website.routing_rules) GUST_CHECK(check_routing(*website.routing_rules));
  return {};
}

S3Reply<s3::Empty> put_website(const S3Parts& s3, wire::Call call, s3::PutBucketWebsiteRequest request) {
  GUST_CO_CHECK(co_await allow_bucket(s3, call, "s3:PutBucketWebsite", request));
  const auto& website = request.website_configuration;
  GUST_CO_CHECK(check_website(website));
  GUST_CO_CHECK(co_await s3.store.configure(BucketName(request.bucket), "website", to_text(website)));
  co_return s3::Empty{};
}

S3Reply<s3::GetBucketWebsiteOutput> get_website(const S3Parts& s3, wire::Call call,
                                                s3::GetBucketWebsiteRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_bucket(s3, call, "s3:GetBucketWebsite", request));
  if (bucket.configuration("website").empty()) {
    co_return wire::fault("NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration",
                          {{"BucketName", request.bucket}}, 404);
  }
  const auto website = from_text<s3::WebsiteConfiguration>(bucket.configuration("website"));
  s3::GetBucketWebsiteOutput out;
  out.index_document = website.index_document;
  out.error_document = website.error_document;
  out.redirect_all_requests_to = website.redirect_all_requests_to;
  out.routing_rules = website.routing_rules;
  co_return out;
}

template <typename Request>
S3Reply<s3::Empty> delete_configuration(const S3Parts& s3, std::string_view action, std::string which, wire::Call call,
                                        Request request) {
  GUST_CO_CHECK(co_await allow_bucket(s3, call, action, request));
  GUST_CO_CHECK(co_await s3.store.configure(BucketName(request.bucket), which, ""));
  co_return s3::Empty{};
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

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// Of Access-Control-Request-Headers, in lower case.
std::vector<std::string> header_names(std::string_view requested) {
  std::vector<std::string> out;
  while (!requested.empty()) {
    auto name = lower(std::string(requested.substr(0, requested.find(','))));
    requested.remove_prefix(std::min(requested.size(), name.size() + 1));
    std::erase(name, ' ');
    if (!name.empty()) out.push_back(std::move(name));
  }
  return out;
}

bool allows_headers(const s3::CORSRule& rule, std::string_view requested) {
  return std::ranges::all_of(header_names(requested), [&](const std::string& name) {
    return rule.allowed_headers && std::ranges::any_of(*rule.allowed_headers, [&](const std::string& pattern) {
             return wildcard_match(lower(pattern), name);
           });
  });
}

// The first that fits the origin, the method and the headers that a preflight asks for.
const s3::CORSRule* find_rule(const std::vector<s3::CORSRule>& rules, const std::string& origin,
                              const std::string& method, std::string_view headers) {
  const auto it = std::ranges::find_if(rules, [&](const auto& rule) {
    return any_match(rule.allowed_origins, origin) &&
           std::ranges::find(rule.allowed_methods, method) != rule.allowed_methods.end() &&
           allows_headers(rule, headers);
  });
  return it == rules.end() ? nullptr : &*it;
}

wire::WireError forbidden(const std::string& method, std::string_view path, std::string_view why) {
  while (path.starts_with('/')) path.remove_prefix(1);
  const bool object = path.find('/') != std::string_view::npos && !path.ends_with('/');
  return {"AccessForbidden",
          fmt::format("CORSResponse: {}", why),
          403,
          {{"Method", wire::Value(method)}, {"ResourceType", wire::Value(std::string(object ? "OBJECT" : "BUCKET"))}}};
}

}  // namespace

async::Task<http::Response> S3Service::preflight(RequestContext context, http::Request request, std::string path) {
  const auto origin = std::string(request.headers.get_or("origin", ""));
  const auto method = std::string(request.headers.get_or("access-control-request-method", ""));
  if (origin.empty() || method.empty()) {
    const auto* missing = origin.empty() ? "Insufficient information. Origin request header needed."
                                         : "Invalid Access-Control-Request-Method: null";
    co_return service_.refuse(context, {"BadRequest", missing, 400, {}});
  }
  const auto bucket = co_await parts_.store.bucket(BucketName(bucket_in(path)));
  if (!bucket && bucket.error().source != "bucket" && bucket.error().source != "bucket name")
    co_return service_.refuse(context, map_s3_error(bucket.error()));
  if (!bucket) co_return service_.refuse(context, forbidden(method, path, "Bucket not found"));
  const auto rules = bucket->configuration("cors").empty()
                         ? std::vector<s3::CORSRule>()
                         : from_text<s3::CORSConfiguration>(bucket->configuration("cors")).cors_rules;
  const auto wanted = request.headers.get_or("access-control-request-headers", "");
  const auto* rule = find_rule(rules, origin, method, wanted);
  if (rules.empty())
    co_return service_.refuse(context, forbidden(method, path, "CORS is not enabled for this bucket."));
  if (rule == nullptr) {
    co_return service_.refuse(context, forbidden(method, path,
                                                 "This CORS request is not allowed. This is usually because the "
                                                 "evalution of Origin, request method / Access-Control-Request-Method "
                                                 "or Access-Control-Request-Headers are not whitelisted by the "
                                                 "resource's CORS spec."));
  }
  http::Response response;
  add_headers(*rule, origin, response.headers);
  const auto names = header_names(wanted);
  if (!names.empty())
    response.headers.set("Access-Control-Allow-Headers", fmt::format("{}", fmt::join(names, ", ")));
  co_return response;
}

async::Task<void> S3Service::add_cors(std::string path, std::string method, std::string origin,
                                      http::Response& response) {
  GUST_CO_TRY(const auto bucket, co_await parts_.store.bucket(BucketName(bucket_in(path))));
  if (bucket.configuration("cors").empty()) co_return Result<void>{};
  const auto rules = from_text<s3::CORSConfiguration>(bucket.configuration("cors")).cors_rules;
  if (const auto* rule = find_rule(rules, origin, method, "")) add_headers(*rule, origin, response.headers);
  co_return Result<void>{};
}

void S3Service::add_configuration_operations() {
  service_.on<s3::PutBucketCors>(
      [this](auto call, auto request) { return put_cors(parts_, std::move(call), std::move(request)); });
  service_.on<s3::GetBucketCors>(
      [this](auto call, auto request) { return get_cors(parts_, std::move(call), std::move(request)); });
  service_.on<s3::DeleteBucketCors>([this](auto call, auto request) {
    return delete_configuration(parts_, "s3:PutBucketCORS", "cors", std::move(call), std::move(request));
  });
  service_.on<s3::PutBucketWebsite>(
      [this](auto call, auto request) { return put_website(parts_, std::move(call), std::move(request)); });
  service_.on<s3::GetBucketWebsite>(
      [this](auto call, auto request) { return get_website(parts_, std::move(call), std::move(request)); });
  service_.on<s3::DeleteBucketWebsite>([this](auto call, auto request) {
    return delete_configuration(parts_, "s3:DeleteBucketWebsite", "website", std::move(call), std::move(request));
  });
}

}  // namespace gust::api
