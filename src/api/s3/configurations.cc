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

S3Reply<s3::Empty> put_website(const S3Parts& s3, wire::Call call, s3::PutBucketWebsiteRequest request) {
  GUST_CO_CHECK(co_await allow_bucket(s3, call, "s3:PutBucketWebsite", request));
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
  const auto bucket = co_await parts_.store.bucket(BucketName(bucket_in(path)));
  if (!bucket) co_return service_.refuse(context, map_s3_error(bucket.error()));
  const auto rules = bucket->configuration("cors").empty()
                         ? std::vector<s3::CORSRule>()
                         : from_text<s3::CORSConfiguration>(bucket->configuration("cors")).cors_rules;
  const auto* rule = find_rule(rules, origin, method);
  const auto wanted = request.headers.get_or("access-control-request-headers", "");
  if (rule == nullptr || !allows_headers(*rule, wanted)) {
    co_return service_.refuse(
        context, {"AccessForbidden",
                  bucket->configuration("cors").empty() ? "CORSResponse: CORS is not enabled for this bucket."
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
  GUST_CO_TRY(const auto bucket, co_await parts_.store.bucket(BucketName(bucket_in(path))));
  if (bucket.configuration("cors").empty()) co_return Result<void>{};
  const auto rules = from_text<s3::CORSConfiguration>(bucket.configuration("cors")).cors_rules;
  if (const auto* rule = find_rule(rules, origin, method)) add_headers(*rule, origin, response.headers);
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
