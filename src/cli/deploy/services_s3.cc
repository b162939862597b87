#include "cli/deploy/services.h"

#include "codec/base64.h"
#include "codec/digest.h"
#include "codec/json.h"
#include "codec/url.h"
#include "codec/xml.h"

#include <fmt/format.h>

namespace gust::cli {
namespace {

std::string path_of(const std::string& bucket, const std::string& key = {}) {
  return fmt::format("/{}{}{}", bucket, key.empty() ? "" : "/", codec::percent_encode(key, codec::Slash::kKeep));
}

std::string element(std::string_view name, std::string_view text) {
  return fmt::format("<{}>{}</{}>", name, codec::xml_escape(text), name);
}

std::string elements(std::string_view name, const Node& list) {
  std::string out;
  if (list.is_scalar()) return element(name, list.text);
  for (const auto& item : list.items) out += element(name, item.text);
  return out;
}

std::string cors_xml(const Node& rules) {
  std::string out = "<CORSConfiguration>";
  for (const auto& rule : rules.items) {
    out += "<CORSRule>";
    if (rule["Id"].is_scalar()) out += element("ID", rule["Id"].text);
    out += elements("AllowedMethod", rule["AllowedMethods"]) + elements("AllowedOrigin", rule["AllowedOrigins"]);
    out += elements("AllowedHeader", rule["AllowedHeaders"]) + elements("ExposeHeader", rule["ExposedHeaders"]);
    if (rule["MaxAge"].is_scalar()) out += element("MaxAgeSeconds", rule["MaxAge"].text);
    out += "</CORSRule>";
  }
  return out + "</CORSConfiguration>";
}

// The members of a map as elements, in the order that the service's schema has them.
std::string members(const Node& map, std::initializer_list<const char*> names) {
  std::string out;
  for (const auto* name : names) {
    if (map[name].is_scalar()) out += element(name, map[name].text);
  }
  return out;
}

std::string website_xml(const Node& website) {
  std::string out = "<WebsiteConfiguration>";
  if (website["ErrorDocument"].is_scalar())
    out += "<ErrorDocument>" + element("Key", website["ErrorDocument"].text) + "</ErrorDocument>";
  if (website["IndexDocument"].is_scalar())
    out += "<IndexDocument>" + element("Suffix", website["IndexDocument"].text) + "</IndexDocument>";
  if (const auto& all = website["RedirectAllRequestsTo"]; all.is_map())
    out += "<RedirectAllRequestsTo>" + members(all, {"HostName", "Protocol"}) + "</RedirectAllRequestsTo>";
  if (!website["RoutingRules"].items.empty()) {
    out += "<RoutingRules>";
    for (const auto& rule : website["RoutingRules"].items) {
      out += "<RoutingRule>";
      if (const auto& when = rule["RoutingRuleCondition"]; when.is_map())
        out += "<Condition>" + members(when, {"HttpErrorCodeReturnedEquals", "KeyPrefixEquals"}) + "</Condition>";
      out += "<Redirect>" +
             members(rule["RedirectRule"],
                     {"HostName", "HttpRedirectCode", "Protocol", "ReplaceKeyPrefixWith", "ReplaceKeyWith"}) +
             "</Redirect></RoutingRule>";
    }
    out += "</RoutingRules>";
  }
  return out + "</WebsiteConfiguration>";
}

std::string notification_xml(const std::vector<Notification>& notifications) {
  std::string out = "<NotificationConfiguration>";
  for (const auto& n : notifications) {
    out += "<CloudFunctionConfiguration>" + element("Id", n.id) + element("CloudFunction", n.function_arn);
    for (const auto& event : n.events) out += element("Event", event);
    if (!n.rules.empty()) {
      out += "<Filter><S3Key>";
      for (const auto& [name, value] : n.rules) {
        out += "<FilterRule>" + element("Name", name) + element("Value", value) + "</FilterRule>";
      }
      out += "</S3Key></Filter>";
    }
    out += "</CloudFunctionConfiguration>";
  }
  return out + "</NotificationConfiguration>";
}

Result<void> without_value(Result<Answer> answer) {
  if (!answer) return std::unexpected(std::move(answer).error());
  return {};
}

}  // namespace

Result<bool> Services::bucket_exists(const std::string& bucket) {
  GUST_TRY(auto answer, remote_.send({.method = "HEAD", .service = "s3", .path = path_of(bucket)}));
  if (answer.status == 404) return false;
  GUST_CHECK(without_value(expect_ok(std::move(answer), fmt::format("look for the bucket {}", bucket))));
  return true;
}

Result<void> Services::create_bucket(const std::string& bucket) {
  auto answer = remote_.send({.method = "PUT", .service = "s3", .path = path_of(bucket)});
  if (answer && error_code(*answer) == "BucketAlreadyOwnedByYou") return {};
  return without_value(expect_ok(std::move(answer), fmt::format("create the bucket {}", bucket)));
}

Result<void> Services::delete_bucket(const std::string& bucket) {
  auto answer = remote_.send({.method = "DELETE", .service = "s3", .path = path_of(bucket)});
  if (answer && answer->status == 404) return {};
  return without_value(expect_ok(std::move(answer), fmt::format("delete the bucket {}", bucket)));
}

Result<void> Services::put_xml(const std::string& bucket, const std::string& sub, const std::string& xml) {
  const auto md5 = codec::to_base64(codec::digest(codec::DigestKind::kMd5, xml));
  return without_value(expect_ok(remote_.send({.method = "PUT",
                                               .service = "s3",
                                               .path = path_of(bucket),
                                               .query = sub + "=",
                                               .headers = {{"Content-MD5", md5}, {"Content-Type", "application/xml"}},
                                               .body = xml}),
                                 fmt::format("set the {} of the bucket {}", sub, bucket)));
}

Result<void> Services::put_cors(const std::string& bucket, const Node& rules) {
  if (!rules.absent()) return put_xml(bucket, "cors", cors_xml(rules));
  return without_value(
      expect_ok(remote_.send({.method = "DELETE", .service = "s3", .path = path_of(bucket), .query = "cors="}),
                fmt::format("remove the CORS rules of the bucket {}", bucket)));
}

Result<void> Services::put_website(const std::string& bucket, const Node& website) {
  if (website.absent()) {
    return without_value(
        expect_ok(remote_.send({.method = "DELETE", .service = "s3", .path = path_of(bucket), .query = "website="}),
                  fmt::format("remove the website of the bucket {}", bucket)));
  }
  return put_xml(bucket, "website", website_xml(website));
}

Result<std::optional<std::string>> Services::bucket_part(const std::string& bucket, const std::string& part) {
  GUST_TRY(auto answer, remote_.send({.service = "s3", .path = path_of(bucket), .query = part + "="}));
  if (answer.status == 404) return std::nullopt;
  GUST_TRY(auto good, expect_ok(std::move(answer), fmt::format("read the {} of the bucket {}", part, bucket)));
  return std::move(good.body);
}

Result<void> Services::put_bucket_part(const std::string& bucket, const std::string& part,
                                       const std::optional<std::string>& xml) {
  if (xml) return put_xml(bucket, part, *xml);
  return without_value(
      expect_ok(remote_.send({.method = "DELETE", .service = "s3", .path = path_of(bucket), .query = part + "="}),
                fmt::format("remove the {} of the bucket {}", part, bucket)));
}

Result<void> Services::put_notifications(const std::string& bucket, const std::vector<Notification>& notifications) {
  return put_xml(bucket, "notification", notification_xml(notifications));
}

Result<void> Services::put_object(const std::string& bucket, const std::string& key, const std::string& text,
                                  const std::string& type) {
  return without_value(expect_ok(remote_.send({.method = "PUT",
                                               .service = "s3",
                                               .path = path_of(bucket, key),
                                               .headers = {{"Content-Type", type}},
                                               .body = text}),
                                 fmt::format("upload {} to {}", key, bucket)));
}

Result<void> Services::put_file(const std::string& bucket, const std::string& key, const std::string& path,
                                const std::string& type) {
  return without_value(expect_ok(remote_.send({.method = "PUT",
                                               .service = "s3",
                                               .path = path_of(bucket, key),
                                               .headers = {{"Content-Type", type}},
                                               .file = path}),
                                 fmt::format("upload {} to {}", key, bucket)));
}

Result<void> Services::delete_object(const std::string& bucket, const std::string& key) {
  return without_value(expect_ok(remote_.send({.method = "DELETE", .service = "s3", .path = path_of(bucket, key)}),
                                 fmt::format("delete {} from {}", key, bucket)));
}

Result<std::optional<std::string>> Services::get_object(const std::string& bucket, const std::string& key) {
  GUST_TRY(auto answer, remote_.send({.service = "s3", .path = path_of(bucket, key)}));
  if (answer.status == 404) return std::nullopt;
  GUST_TRY(auto good, expect_ok(std::move(answer), fmt::format("read {} from {}", key, bucket)));
  return std::move(good.body);
}

Result<std::vector<std::string>> Services::list_keys(const std::string& bucket, const std::string& prefix) {
  GUST_TRY(auto answer, remote_.send({.service = "s3",
                                      .path = path_of(bucket),
                                      .query = fmt::format("list-type=2&prefix={}", codec::percent_encode(prefix))}));
  std::vector<std::string> keys;
  if (answer.status == 404) return keys;
  GUST_TRY(const auto good, expect_ok(std::move(answer), fmt::format("list {}", bucket)));
  GUST_TRY(const auto xml, codec::parse_xml(good.body));
  for (const auto& item : xml->first_child().children()) {
    if (codec::xml_local_name(item) == "Contents") keys.emplace_back(item.child_value("Key"));
  }
  return keys;
}

Result<std::string> Services::account() {
  auto answer = remote_.send({.method = "POST",
                              .service = "sts",
                              .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
                              .body = "Action=GetCallerIdentity&Version=2011-06-15"});
  GUST_TRY(const auto good, expect_ok(std::move(answer), "ask whose keys these are"));
  GUST_TRY(const auto xml, codec::parse_xml(good.body));
  const auto node = xml->find_node([](const pugi::xml_node& n) { return codec::xml_local_name(n) == "Account"; });
  if (!node) return fail(Code::kInternal, "GetCallerIdentity answered without an account");
  return std::string(node.child_value());
}

}  // namespace gust::cli
