// Browsers' uploads by a form. Source: "POST Object" and "Browser-based uploads using POST", S3 API reference.
#include "api/s3/encryption.h"
#include "api/s3/post_fields.h"
#include "api/s3/post_policy.h"
#include "api/s3/service.h"
#include "api/s3/shared.h"
#include "auth/authenticator.h"
#include "auth/text.h"
#include "base/log.h"
#include "codec/url.h"
#include "codec/xml.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace gust::api {
namespace {

// Who uploads, and how much it may be.
struct Permit {
  Principal signer;
  ByteLimits limits{0, objects::kMaxPutBytes};
};

struct Stored {
  objects::Bucket bucket;
  objects::Object object;
  PostForm form;
  objects::CustomerKey customer_key;
};

std::string bucket_in(std::string_view path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  return codec::percent_decode(path.substr(0, path.find('/'))).value_or("");
}

wire::Reply<std::string> key_of(const PostForm& form) {
  const auto refuse = [](const char* message) {
    return wire::fault("InvalidArgument", message, {{"ArgumentName", "key"}, {"ArgumentValue", ""}}, 400);
  };
  const auto key = form.field("key");
  if (!key) {
    return refuse(
        "Bucket POST must contain a field named 'key'.  If it is specified, please check the order of the fields.");
  }
  if (key->empty()) return refuse("User key must have a length greater than 0.");
  GUST_CHECK(check_key(*key));
  return *key;
}

S3Reply<Permit> permit_of(auth::Authenticator& authenticator, const PostForm& form, std::string peer,
                          std::string bucket, WallTime now) {
  Permit out;
  auto parsed = auth::parse_form_signature([&](std::string_view name) { return form.field(name); });
  if (!parsed) {
    const auto& error = parsed.error();
    const auto given = form.field(auth::lower_ascii(error.source)).value_or("");
    co_return wire::fault("InvalidArgument", error.message, {{"ArgumentName", error.source}, {"ArgumentValue", given}},
                          400);
  }
  if (!*parsed) co_return out;
  auto signature = **std::move(parsed);
  const auto packed = signature.policy;
  GUST_CO_TRY(out.signer, co_await authenticator.authenticate_form(std::move(signature), std::move(peer)));
  GUST_CO_TRY(const auto policy, parse_post_policy(packed));
  auto fields = form.fields;
  fields["bucket"] = std::move(bucket);  // a field of that name says nothing
  GUST_CO_CHECK(check_post_policy(policy, fields, now));
  out.limits = {policy.min_bytes, std::min(policy.max_bytes, objects::kMaxPutBytes)};
  co_return out;
}

// "a=1&b=2" of the XML in the field `tagging`.
wire::Reply<std::string> tagging_of(const std::string& text) {
  const auto document = codec::parse_xml(text);
  if (!document) return malformed_xml();
  const auto root = (*document)->document_element();
  if (codec::xml_local_name(root) != "Tagging") return malformed_xml();
  std::string out;
  for (const auto& set : root.children()) {
    for (const auto& tag : set.children()) {
      std::map<std::string_view, std::string> members;
      for (const auto& one : tag.children()) members[codec::xml_local_name(one)] = one.text().get();
      if (!members.contains("Key") || !members.contains("Value")) return malformed_xml();
      out += fmt::format("{}{}={}", out.empty() ? "" : "&", codec::percent_encode(members["Key"]),
                         codec::percent_encode(members["Value"]));
    }
  }
  return out;
}

// The headers of a PutObject that means the same. What the HTTP request has of them is of the form, not of the file.
wire::Reply<http::Headers> headers_of(const PostFields& fields, const http::Headers& request) {
  static const std::set<std::string_view> kPlain = {"cache-control",    "content-disposition", "content-encoding",
                                                    "content-language", "content-md5",         "content-type",
                                                    "expires"};
  static const std::set<std::string_view> kOfSignature = {"x-amz-algorithm", "x-amz-credential",     "x-amz-date",
                                                          "x-amz-signature", "x-amz-security-token", "x-amz-trailer"};
  static const std::map<std::string_view, const char*> kRenamed = {
      {"acl", "x-amz-acl"}, {"x-amz-checksum-algorithm", "x-amz-sdk-checksum-algorithm"}};
  http::Headers out;
  for (const auto& [name, value] : fields) {
    const auto renamed = kRenamed.find(name);
    const bool is_header = kPlain.contains(name) || renamed != kRenamed.end() ||
                           (name.starts_with("x-amz-") && !kOfSignature.contains(name));
    if (!is_header) continue;
    // They will be headers of answers.
    if (std::ranges::any_of(name + value, [](char c) { return c == '\r' || c == '\n' || c == '\0'; })) {
      return wire::fault("InvalidArgument", "A form's field that stands for a header has a line break or a NUL in it.",
                         {{"ArgumentName", name}, {"ArgumentValue", value}}, 400);
    }
    out.set(renamed == kRenamed.end() ? name : renamed->second, value);
  }
  if (const auto tagging = fields.find("tagging"); tagging != fields.end()) {
    GUST_TRY(auto header, tagging_of(tagging->second));
    out.set("x-amz-tagging", std::move(header));
  }
  for (const auto* name : {"user-agent", "referer"}) {
    if (const auto value = request.get(name)) out.set(name, std::string(*value));
  }
  return out;
}

wire::Reply<s3::PutObjectRequest> as_put_object(const std::string& bucket, const std::string& key,
                                                const http::Headers& headers) {
  const auto model = s3::model();
  const auto& operation = *model->operation(s3::PutObject::kName);
  const wire::Labels labels = {{"Bucket", codec::percent_encode(bucket)}, {"Key", codec::percent_encode(key)}};
  GUST_TRY(const auto input, wire::parse_input(*model, operation, labels, {}, headers, ""));
  if (const auto violations = wire::validate(*operation.input.shape, input); !violations.empty())
    return std::unexpected(wire::Fault(map_s3_violations(violations)));
  s3::PutObjectRequest out;
  from_value(input, out);
  return out;
}

wire::Fault wrong_size(ByteLimits limits, std::uint64_t seen) {
  const bool small = seen < limits.min;
  return wire::fault(small ? "EntityTooSmall" : "EntityTooLarge",
                     small ? "Your proposed upload is smaller than the minimum allowed size"
                           : "Your proposed upload exceeds the maximum allowed size",
                     {{"ProposedSize", std::to_string(seen)},
                      {small ? "MinSizeAllowed" : "MaxSizeAllowed", std::to_string(small ? limits.min : limits.max)}},
                     400)
      .error();
}

S3Reply<Stored> store_form(const S3Parts& s3, auth::Authenticator& authenticator, RequestContext context,
                           http::Request request, std::string path) {
  if (!request.query.empty()) {
    co_return wire::fault("InvalidArgument", "Query String Parameters not allowed on POST requests.",
                          {{"ArgumentName", "query"}, {"ArgumentValue", request.query}}, 400);
  }
  GUST_CO_TRY(auto boundary, http::form_boundary(request.headers.get_or("content-type", "")));
  GUST_CO_TRY(auto form, co_await read_fields(std::move(request.body), std::move(boundary)));
  GUST_CO_TRY(const auto key, key_of(form));
  const auto bucket_name = bucket_in(path);
  GUST_CO_TRY(const auto permit, co_await permit_of(authenticator, form, request.peer, bucket_name, s3.now()));
  context.principal = permit.signer;
  GUST_CO_TRY(auto headers, headers_of(form.fields, request.headers));
  GUST_CO_TRY(const auto asked, as_put_object(bucket_name, key, headers));
  const wire::Call call{context, std::move(headers), nullptr, std::nullopt, request.peer, path};
  GUST_CO_TRY(auto bucket, co_await allow_object(s3, call, "s3:PutObject", asked));
  GUST_CO_CHECK(check_content_md5(call.headers));
  objects::PutRequest put;
  put.bucket = bucket.name;
  put.key = ObjectKey(key);
  GUST_CO_TRY(put.attributes, co_await attributes_of(s3, call, bucket, asked));
  GUST_CO_TRY(put.customer_key, encryption_asked(call, bucket, asked));
  GUST_CO_TRY(const auto kind, requested_checksum(call.headers));
  put.checksum_kind = kind.value_or(objects::ChecksumKind::kCrc64Nvme);
  put.expected = expectation(call, put.checksum_kind);
  GUST_CO_CHECK(expected_digests(call.headers, nullptr, put.checksum_kind));
  put.event = objects::EventKind::kPost;
  put.origin = origin_of(call);
  auto customer_key = put.customer_key;
  const auto seen = std::make_shared<std::uint64_t>(0);
  auto file = file_of(std::move(form.input), permit.limits, seen);
  auto object = co_await s3.store.put(std::move(put), std::move(file));
  if (!object && object.error().source == "file size") co_return std::unexpected(wrong_size(permit.limits, *seen));
  if (!object) co_return std::unexpected(std::move(object).error());
  co_return Stored{std::move(bucket), *std::move(object), std::move(form), std::move(customer_key)};
}

// Where the client is to go after the upload; nothing when it does not say, or not an address.
std::optional<std::string> redirect_of(const Stored& stored) {
  auto to = stored.form.field("success_action_redirect");
  if (!to) to = stored.form.field("redirect");
  const bool fits = to && (to->starts_with("http://") || to->starts_with("https://")) &&
                    std::ranges::none_of(*to, [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; });
  if (!fits) return std::nullopt;
  const auto fragment = std::min(to->find('#'), to->size());
  const bool has_query = to->find('?') < fragment;
  const auto query =
      fmt::format("{}bucket={}&key={}&etag={}", has_query ? "&" : "?", codec::percent_encode(stored.bucket.name.str()),
                  codec::percent_encode(stored.object.key.str()), codec::percent_encode(quoted(stored.object.etag)));
  return to->insert(fragment, query);
}

std::string location_of(std::string_view scheme, std::string_view host, std::string_view path,
                        const std::string& key) {
  while (path.ends_with('/')) path.remove_suffix(1);
  return fmt::format("{}{}{}{}/{}", host.empty() ? "" : scheme, host.empty() ? "" : "://", host, path,
                     codec::percent_encode(key, codec::Slash::kKeep));
}

http::Response answer(const Stored& stored, const std::string& location) {
  http::Response out;
  const auto etag = quoted(stored.object.etag);
  out.headers.add("ETag", etag);
  s3::PutObjectOutput encrypted;
  set_encryption(stored.object.encryption, stored.customer_key, encrypted);
  const auto add = [&](const char* name, const std::optional<std::string>& value) {
    if (value) out.headers.add(name, *value);
  };
  add("x-amz-server-side-encryption", encrypted.server_side_encryption);
  add("x-amz-server-side-encryption-customer-algorithm", encrypted.sse_customer_algorithm);
  add("x-amz-server-side-encryption-customer-key-MD5", encrypted.sse_customer_key_md5);
  if (auto version = shown_version(stored.bucket, stored.object))
    out.headers.add("x-amz-version-id", *std::move(version));
  if (auto redirect = redirect_of(stored)) {
    out.status = 303;
    out.headers.add("Location", *std::move(redirect));
    return out;
  }
  out.headers.add("Location", location);
  const auto status = stored.form.field("success_action_status");
  out.status = status == "200" ? 200 : status == "201" ? 201 : 204;
  if (out.status != 201) return out;
  out.headers.add("Content-Type", "application/xml");
  out.body = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<PostResponse><Location>{}</Location><Bucket>{}</Bucket>"
      "<Key>{}</Key><ETag>{}</ETag></PostResponse>",
      codec::xml_escape(location), codec::xml_escape(stored.bucket.name.str()),
      codec::xml_escape(stored.object.key.str()), codec::xml_escape(etag));
  return out;
}

}  // namespace

bool S3Service::is_form(const http::Request& request, std::string_view path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  const auto slash = path.find('/');
  const bool of_bucket = !path.empty() && (slash == std::string_view::npos || slash + 1 == path.size());
  if (request.method != "POST" || !of_bucket || request.query.starts_with("delete")) return false;
  return auth::lower_ascii(request.headers.get_or("content-type", "")).starts_with("multipart/form-data");
}

boost::asio::awaitable<http::Response> S3Service::post_form(RequestContext context, http::Request request,
                                                            std::string path, auth::Authenticator& authenticator) {
  const std::string host(request.host()), sent_to = request.path;
  const std::string_view scheme = request.tls.empty() ? "http" : "https";
  auto stored = co_await store_form(parts_, authenticator, context, std::move(request), path);
  if (!stored) {
    const auto& fault = stored.error();
    auto error = fault.domain ? map_s3_error(*fault.domain) : fault.wire;
    if (error.status >= 500) GUST_ERROR("S3: a form: {}", fault.domain ? fault.domain->message : error.message);
    complete_s3_error(error, path);
    co_return service_.refuse(context, std::move(error));
  }
  auto response = answer(*stored, location_of(scheme, host, sent_to, stored->object.key.str()));
  response.headers.add("x-amz-request-id", context.request_id.str());
  response.headers.add("x-amz-id-2", context.request_id.str());
  co_return response;
}

}  // namespace gust::api
