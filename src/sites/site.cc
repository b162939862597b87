#include "sites/site.h"

#include "base/log.h"
#include "codec/time_format.h"
#include "codec/url.h"
#include "sites/conditions.h"
#include "sites/media_type.h"
#include "sites/pages.h"

#include <fmt/format.h>

namespace gust::sites {
namespace {

constexpr std::string_view kRedirectHeader = "x-amz-website-redirect-location";

http::Response redirect(int status, std::string location) {
  http::Response response;
  response.status = status;
  response.headers.add("location", std::move(location));
  return response;
}

// A path to here, never to another host: "//evil.example" would be one.
std::string local(std::string_view path) {
  while (path.starts_with("//") || path.starts_with("/\\")) path.remove_prefix(1);
  return std::string(path);
}

std::string with_query(std::string location, const http::Request& request) {
  return request.query.empty() ? location : location + "?" + request.query;
}

// Where a routing rule sends the key: before it is looked up (error_status 0) by rules on the prefix alone, afterwards
// by those on the error. https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-to-page-redirect.html
std::optional<std::pair<int, std::string>> by_rules(const Website& site, const http::Request& request,
                                                    const std::string& key, int error_status) {
  for (const auto& rule : site.routing_rules) {
    if (rule.error_status != error_status || !key.starts_with(rule.key_prefix)) continue;
    auto to = key;
    if (!rule.replace_key.empty())
      to = rule.replace_key;
    else if (rule.replaces_prefix)
      to = rule.replace_prefix + key.substr(rule.key_prefix.size());
    const auto host = rule.host.empty() ? std::string(request.host()) : rule.host;
    const std::string protocol = rule.protocol.empty() ? "http" : rule.protocol;
    return std::pair(
        rule.status / 100 == 3 ? rule.status : 301,
        with_query(fmt::format("{}://{}/{}", protocol, host, codec::percent_encode(to, codec::Slash::kKeep)), request));
  }
  return std::nullopt;
}

http::Response of_error(const Error& error) {
  switch (error.code) {
    case Code::kNotFound:
      if (error.source == "bucket")
        return page(404, "Not Found", "NoSuchBucket", "The specified bucket does not exist");
      if (error.source == "website") {
        return page(404, "Not Found", "NoSuchWebsiteConfiguration",
                    "The specified bucket does not have a website configuration");
      }
      return page(404, "Not Found", "NoSuchKey", "The specified key does not exist.");
    case Code::kDenied: return page(403, "Forbidden", "AccessDenied", "Access Denied");
    case Code::kInvalid: return page(400, "Bad Request", "InvalidURI", "Couldn't parse the specified URI.");
    case Code::kThrottled: return page(503, "Service Unavailable", "SlowDown", "Please reduce your request rate.");
    case Code::kTimeout:
    case Code::kUnavailable: return page(503, "Service Unavailable", "ServiceUnavailable", "Try again later.");
    default:
      return page(500, "Internal Server Error", "InternalError", "We encountered an internal error. Please try again.");
  }
}

void add_object_headers(const ObjectKey& key, const Found& found, http::Response& response) {
  for (const char* name : {"cache-control", "content-disposition", "content-encoding", "content-language", "expires"}) {
    if (auto at = found.headers.find(name); at != found.headers.end()) response.headers.add(name, at->second);
  }
  const auto type = found.headers.find("content-type");
  const bool known = type != found.headers.end() && !type->second.empty() && type->second != "binary/octet-stream";
  response.headers.add("content-type", known ? type->second : std::string(media_type(key.str())));
  response.headers.add("etag", '"' + found.etag + '"');
  response.headers.add("last-modified", codec::to_http_date(found.modified_at));
  response.headers.add("accept-ranges", "bytes");
}

}  // namespace

boost::asio::awaitable<http::Response> Site::handle(RequestContext context, http::Request request, BucketName bucket,
                                                    std::string path) {
  const auto request_id = context.request_id;
  auto answered = co_await answer(std::move(context), request, bucket, std::move(path));
  http::Response response;
  if (answered) {
    response = std::move(*answered);
  } else {
    response = of_error(answered.error());
    if (response.status >= 500) {
      GUST_ERROR("site {}: request_id={}: {} {}", bucket, request_id, code_name(answered.error().code),
                 answered.error().message);
    }
  }
  if (request.method == "HEAD" && !response.content_length && response.status != 304) {
    response.content_length = response.body.size();
    response.body.clear();
  }
  co_return response;
}

async::Task<http::Response> Site::answer(RequestContext context, const http::Request& request, BucketName bucket,
                                         std::string path) {
  GUST_CO_TRY(const auto site, co_await content_.website(bucket));
  if (site.redirect_all) {
    const auto scheme = site.redirect_all->protocol.empty() ? std::string("http") : site.redirect_all->protocol;
    co_return redirect(301, with_query(fmt::format("{}://{}{}", scheme, site.redirect_all->host, path), request));
  }
  if (request.method != "GET" && request.method != "HEAD") {
    auto response = page(405, "Method Not Allowed", "MethodNotAllowed",
                         "The specified method is not allowed against this resource.", {{"Method", request.method}});
    response.headers.add("allow", "GET, HEAD");
    co_return response;
  }
  GUST_CO_TRY(auto key, codec::percent_decode(path.starts_with('/') ? path.substr(1) : path));
  if (key.size() > 1024) co_return fail(Code::kInvalid, "a key has at most 1024 bytes", "key");
  if (auto elsewhere = by_rules(site, request, key, 0)) co_return redirect(elsewhere->first, elsewhere->second);
  const bool is_folder = key.empty() || key.ends_with('/');
  const ObjectKey object(is_folder ? key + site.index_suffix : key);
  auto found = co_await content_.get(context, bucket, object);
  if (found) {
    if (auto to = found->headers.find(std::string(kRedirectHeader)); to != found->headers.end())
      co_return redirect(301, to->second);
    co_return co_await send(request, object, std::move(*found), 200);
  }
  if (!is_folder && found.error().code == Code::kNotFound) {
    const ObjectKey index(key + "/" + site.index_suffix);
    auto has_index = co_await content_.get(context, bucket, index);
    if (has_index) co_return redirect(302, with_query(local(path) + "/", request));
  }
  auto error = found.error();
  if (auto elsewhere = by_rules(site, request, key, of_error(error).status))
    co_return redirect(elsewhere->first, elsewhere->second);
  co_return co_await error_page(std::move(context), request, bucket, site.error_key, std::move(error));
}

async::Task<http::Response> Site::send(const http::Request& request, ObjectKey key, Found found, int status) {
  http::Response response;
  response.status = status;
  auto range = ByteRange{ByteRange::Kind::kWhole, 0, found.size};
  if (status == 200) {
    const auto fresh = freshness(request.headers, found.etag, found.modified_at);
    if (fresh == Freshness::kFailed) {
      co_return page(412, "Precondition Failed", "PreconditionFailed",
                     "At least one of the pre-conditions you specified did not hold");
    }
    add_object_headers(key, found, response);
    if (fresh == Freshness::kNotModified) {
      response.status = 304;
      response.headers.erase("content-type");
      co_return response;
    }
    if (request.method == "GET") range = byte_range(request.headers, found.size, found.etag, found.modified_at);
  } else {
    add_object_headers(key, found, response);
  }
  if (range.kind == ByteRange::Kind::kUnsatisfiable) {
    auto refused =
        page(416, "Requested Range Not Satisfiable", "InvalidRange", "The requested range is not satisfiable");
    refused.headers.add("content-range", fmt::format("bytes */{}", found.size));
    co_return refused;
  }
  if (range.kind == ByteRange::Kind::kPart) {
    response.status = 206;
    response.headers.add("content-range",
                         fmt::format("bytes {}-{}/{}", range.offset, range.offset + range.length - 1, found.size));
  }
  response.content_length = range.length;
  if (request.method == "HEAD" || range.length == 0) co_return response;
  GUST_CO_TRY(response.stream, co_await found.open(range.offset, range.length));
  co_return response;
}

async::Task<http::Response> Site::error_page(RequestContext context, const http::Request& request, BucketName bucket,
                                             std::string error_key, Error error) {
  auto ours = of_error(error);
  const bool is_clients = ours.status >= 400 && ours.status < 500;
  if (error_key.empty() || !is_clients) co_return std::unexpected(std::move(error));
  const ObjectKey key(std::move(error_key));
  auto document = co_await content_.get(std::move(context), bucket, key);
  if (!document) co_return std::unexpected(std::move(error));
  co_return co_await send(request, key, std::move(*document), ours.status);
}

}  // namespace gust::sites
