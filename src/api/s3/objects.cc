// PutObject, GetObject, HeadObject, CopyObject, GetObjectAttributes.
#include "api/s3/encryption.h"
#include "api/s3/lifecycle_rules.h"
#include "api/s3/lock.h"
#include "api/s3/service.h"
#include "api/s3/shared.h"

#include "codec/digest.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace gust::api {
namespace {

S3Reply<s3::PutObjectOutput> put_object(const S3Parts& s3, wire::Call call, s3::PutObjectRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_object(s3, call, "s3:PutObject", request));
  GUST_CO_TRY(auto key, check_key(request.key));
  if (!call.content_length)
    co_return wire::fault("MissingContentLength", "You must provide the Content-Length HTTP header.", {}, 411);
  if (*call.content_length > objects::kMaxPutBytes) {
    co_return wire::fault("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size",
                          {{"ProposedSize", std::to_string(*call.content_length)},
                           {"MaxSizeAllowed", std::to_string(objects::kMaxPutBytes)}},
                          400);
  }
  GUST_CO_CHECK(check_content_md5(call.headers));
  objects::PutRequest put;
  put.bucket = BucketName(request.bucket);
  put.key = std::move(key);
  GUST_CO_TRY(put.attributes, co_await attributes_of(s3, call, bucket, request));
  GUST_CO_TRY(put.customer_key, encryption_asked(call, bucket, request));
  GUST_CO_TRY(put.condition, write_condition(request.if_match, request.if_none_match));
  GUST_CO_TRY(const auto kind, requested_checksum(call.headers));
  put.checksum_kind = kind.value_or(objects::ChecksumKind::kCrc64Nvme);  // the service's own when none is asked for
  put.expected = expectation(call, put.checksum_kind);
  put.origin = origin_of(call);
  const auto customer_key = put.customer_key;
  GUST_CO_TRY(const auto object, co_await s3.store.put(std::move(put), std::move(request.body)));
  s3::PutObjectOutput out;
  out.e_tag = quoted(object.etag);
  set_checksum(out, object.checksum);
  if (object.checksum) out.checksum_type = checksum_type_name(object.checksum->type);
  out.version_id = shown_version(bucket, object);
  set_encryption(object.encryption, customer_key, out);
  set_expiration(bucket, object, out);
  co_return out;
}

// The part of GetObject and HeadObject that is the same: headers of the answer.
template <typename Output, typename Request>
void describe_object(const objects::Bucket& bucket, const objects::Object& object, const Request& request,
                     Output& out) {
  const auto header = [&](std::string_view name) -> std::optional<std::string> {
    const auto it = std::ranges::find(object.headers, name, [](const auto& field) -> std::string_view {
      return field.first;
    });
    return it == object.headers.end() ? std::nullopt : std::optional(it->second);
  };
  out.accept_ranges = "bytes";
  out.e_tag = quoted(object.etag);
  out.last_modified = object.modified_at;
  out.metadata = mail_safe(object.metadata);
  out.storage_class = header("x-amz-storage-class");
  out.content_type = request.response_content_type ? request.response_content_type : header("content-type");
  out.cache_control = request.response_cache_control ? request.response_cache_control : header("cache-control");
  out.content_disposition =
      request.response_content_disposition ? request.response_content_disposition : header("content-disposition");
  out.content_encoding =
      request.response_content_encoding ? request.response_content_encoding : header("content-encoding");
  out.content_language =
      request.response_content_language ? request.response_content_language : header("content-language");
  out.version_id = shown_version(bucket, object);
  set_expiration(bucket, object, out);
  if (!object.tags.empty()) out.tag_count = static_cast<std::int32_t>(object.tags.size());
  if (object.lock.mode != objects::LockMode::kNone) {
    out.object_lock_mode = lock_mode_name(object.lock.mode);
    out.object_lock_retain_until_date = object.lock.until;
  }
  if (has_object_lock(bucket) && object.lock.legal_hold) out.object_lock_legal_hold_status = "ON";
  out.website_redirect_location = header("x-amz-website-redirect-location");
  if (const auto expires = header("expires")) {
    if (const auto at = codec::from_http_date(*expires)) out.expires = *at;
  }
  if (request.response_expires) out.expires = request.response_expires;
  // The checksum is of the whole object: with a part of it clients would find it wrong.
  if (request.checksum_mode == "ENABLED" && !request.range && !request.part_number) {
    set_checksum(out, object.checksum);
    if (object.checksum) out.checksum_type = checksum_type_name(object.checksum->type);
  }
}

// The bytes that a request asks for; also sets Content-Range, Content-Length and the parts' count.
template <typename Output, typename Request>
wire::Reply<ByteRange> choose_bytes(const objects::Object& object, const Request& request, int& status, Output& out) {
  if (request.part_number && request.range)
    return wire::fault("InvalidRequest", "Cannot specify both Range header and partNumber query parameter", {}, 400);
  ByteRange range{0, object.size};
  bool partial = false;
  if (request.part_number) {
    const auto number = static_cast<std::size_t>(*request.part_number);
    const auto count = std::max<std::size_t>(object.parts.size(), 1);
    if (number < 1 || number > count)
      return wire::fault("InvalidPartNumber", "The requested partnumber is not satisfiable", {}, 416);
    if (!object.parts.empty()) {
      for (std::size_t i = 0; i + 1 < number; ++i) range.first += object.parts[i].size;
      range.length = object.parts[number - 1].size;
      out.parts_count = static_cast<std::int32_t>(object.parts.size());
    }
    partial = true;
  } else if (request.range) {
    GUST_TRY(const auto asked, parse_range(*request.range, object.size));
    if (asked) {
      range = *asked;
      partial = true;
    }
  }
  if (partial) {
    status = 206;
    if (range.length > 0)
      out.content_range = fmt::format("bytes {}-{}/{}", range.first, range.first + range.length - 1, object.size);
  }
  out.content_length = static_cast<std::int64_t>(range.length);
  return range;
}

// Headers of the answer are chosen by who signs.
template <typename Request>
wire::Reply<void> check_response_headers(const wire::Call& call, const Request& r) {
  const bool chosen = r.response_content_type || r.response_cache_control || r.response_content_disposition ||
                      r.response_content_encoding || r.response_content_language || r.response_expires;
  if (!chosen || !call.context.principal.anonymous()) return {};
  return wire::fault("InvalidRequest",
                     "Request specific response headers cannot be used for anonymous GET requests.", {}, 400);
}

S3Reply<s3::GetObjectOutput> get_object(const S3Parts& s3, wire::Call call, s3::GetObjectRequest request) {
  GUST_CO_CHECK(check_response_headers(call, request));
  GUST_CO_TRY(const auto bucket, co_await allow_object(s3, call, "s3:GetObject", request));
  GUST_CO_TRY(const auto key, customer_key_of(call, request));
  for (int attempt = 0;; ++attempt) {
    GUST_CO_TRY(auto object, co_await readable_object(s3, call, bucket, request.key, request.version_id));
    GUST_CO_CHECK(objects::check_customer_key(object.encryption, key));
    GUST_CO_CHECK(check_read_conditions(object, request.if_match, request.if_none_match, request.if_modified_since,
                                        request.if_unmodified_since));
    s3::GetObjectOutput out;
    describe_object(bucket, object, request, out);
    set_encryption(object.encryption, key, out);
    int status = 200;
    GUST_CO_TRY(const auto range, choose_bytes(object, request, status, out));
    auto body = co_await s3.store.open(std::move(object), range.first, range.length, key);
    // Replaced between the row and its bytes: the row is read again.
    if (!body && body.error().code == Code::kNotFound && attempt < 3) continue;
    if (!body) co_return std::unexpected(body.error());
    out.body = *std::move(body);
    co_return out;
  }
}

S3Reply<s3::HeadObjectOutput> head_object(const S3Parts& s3, wire::Call call, s3::HeadObjectRequest request) {
  GUST_CO_CHECK(check_response_headers(call, request));
  GUST_CO_TRY(const auto bucket, co_await allow_object(s3, call, "s3:GetObject", request));
  GUST_CO_TRY(const auto key, customer_key_of(call, request));
  GUST_CO_TRY(const auto object, co_await readable_object(s3, call, bucket, request.key, request.version_id));
  GUST_CO_CHECK(objects::check_customer_key(object.encryption, key));
  GUST_CO_CHECK(check_read_conditions(object, request.if_match, request.if_none_match, request.if_modified_since,
                                      request.if_unmodified_since));
  s3::HeadObjectOutput out;
  describe_object(bucket, object, request, out);
  set_encryption(object.encryption, key, out);
  int status = 200;
  GUST_CO_CHECK(choose_bytes(object, request, status, out));
  co_return out;
}

// Of a copy that keeps its source's metadata: the storage class and the redirect are never the source's.
std::map<std::string, std::string> kept_headers(const std::map<std::string, std::string>& source,
                                                const std::map<std::string, std::string>& asked) {
  auto out = source;
  for (const auto* own : {"x-amz-website-redirect-location", "x-amz-storage-class"}) {
    out.erase(own);
    if (const auto it = asked.find(own); it != asked.end()) out.insert(*it);
  }
  return out;
}

wire::Reply<objects::ChecksumKind> copy_checksum(const s3::CopyObjectRequest& request, const objects::Object& from) {
  if (!request.checksum_algorithm) return from.checksum ? from.checksum->kind : objects::ChecksumKind::kCrc64Nvme;
  if (const auto kind = checksum_kind(*request.checksum_algorithm)) return *kind;
  return wire::fault("InvalidRequest", "Checksum algorithm provided is unsupported.", {}, 400);
}

S3Reply<s3::CopyObjectOutput> copy_object(const S3Parts& s3, wire::Call call, s3::CopyObjectRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_object(s3, call, "s3:PutObject", request));
  GUST_CO_TRY(auto key, check_key(request.key));
  GUST_CO_TRY(const auto source, parse_copy_source(request.copy_source));
  GUST_CO_TRY(const auto from_bucket,
              co_await allow(s3, call, source_ask(source, request.expected_source_bucket_owner)));
  GUST_CO_TRY(const auto from, co_await source_object(s3, call, from_bucket, source));
  GUST_CO_TRY(const auto from_key, source_key_of(call, request));
  GUST_CO_CHECK(objects::check_customer_key(from.encryption, from_key));
  const auto allowed =
      check_read_conditions(from, request.copy_source_if_match, request.copy_source_if_none_match,
                            request.copy_source_if_modified_since, request.copy_source_if_unmodified_since);
  if (!allowed)
    co_return wire::fault("PreconditionFailed", "At least one of the pre-conditions you specified did not hold", {},
                          412);
  const auto directive = request.metadata_directive.value_or("COPY");
  if (directive != "COPY" && directive != "REPLACE") {
    co_return wire::fault("InvalidArgument", "Unknown metadata directive.",
                          {{"ArgumentName", "x-amz-metadata-directive"}, {"ArgumentValue", directive}}, 400);
  }
  const bool replaces = directive == "REPLACE";
  const bool changes = replaces || request.storage_class || request.website_redirect_location ||
                       request.server_side_encryption || request.checksum_algorithm || request.sse_customer_algorithm ||
                       from.encryption.kind == objects::EncryptionKind::kCustomer;
  const auto tagging = request.tagging_directive.value_or("COPY");
  if (tagging != "COPY" && tagging != "REPLACE") {
    co_return wire::fault("InvalidArgument", "Unknown tagging directive.",
                          {{"ArgumentName", "x-amz-tagging-directive"}, {"ArgumentValue", tagging}}, 400);
  }
  if (!changes && !source.version && source.bucket.str() == request.bucket && source.key == key) {
    co_return wire::fault(
        "InvalidRequest",
        "This copy request is illegal because it is trying to copy an object to itself without changing the object's "
        "metadata, storage class, website redirect location or encryption attributes.",
        {}, 400);
  }
  if (from.size > objects::kMaxPutBytes) {
    co_return wire::fault("InvalidRequest",
                          fmt::format("The specified copy source is larger than the maximum allowable size for a copy "
                                      "source: {}",
                                      objects::kMaxPutBytes),
                          {}, 400);
  }
  objects::CopyRequest copy;
  copy.from_bucket = source.bucket;
  copy.from = from;
  copy.bucket = BucketName(request.bucket);
  copy.key = std::move(key);
  GUST_CO_TRY(copy.attributes, co_await attributes_of(s3, call, bucket, request));
  if (!replaces) {
    copy.attributes.headers = kept_headers(from.headers, copy.attributes.headers);
    copy.attributes.metadata = from.metadata;
  }
  if (tagging == "COPY") copy.attributes.tags = from.tags;
  GUST_CO_TRY(copy.checksum_kind, copy_checksum(request, from));
  GUST_CO_TRY(const auto customer_key, encryption_asked(call, bucket, request));
  copy.from_key = from_key;
  copy.customer_key = customer_key;
  GUST_CO_TRY(copy.condition, write_condition(request.if_match, request.if_none_match));
  copy.origin = origin_of(call);
  GUST_CO_TRY(const auto object, co_await s3.store.copy(std::move(copy)));
  s3::CopyObjectOutput out;
  out.copy_object_result.emplace();
  out.copy_object_result->e_tag = quoted(object.etag);
  out.copy_object_result->last_modified = object.modified_at;
  set_checksum(*out.copy_object_result, object.checksum);
  if (object.checksum) out.copy_object_result->checksum_type = checksum_type_name(object.checksum->type);
  out.version_id = shown_version(bucket, object);
  set_encryption(object.encryption, customer_key, out);
  set_expiration(bucket, object, out);
  out.copy_source_version_id = shown_version(from_bucket, from);
  co_return out;
}

// The parts of a multipart upload that a page shows.
s3::GetObjectAttributesParts parts_page(const objects::Object& object, std::uint32_t after, std::size_t limit) {
  s3::GetObjectAttributesParts out;
  out.total_parts_count = static_cast<std::int32_t>(object.parts.size());
  // Without checksums of its parts the service tells no more than their number.
  const bool shows = object.checksum && object.checksum->type == objects::ChecksumType::kComposite;
  if (!shows) return out;
  out.part_number_marker = static_cast<std::int32_t>(after);
  out.max_parts = static_cast<std::int32_t>(limit);
  out.is_truncated = false;
  out.parts.emplace();
  for (const auto& part : object.parts) {
    if (part.number <= after) continue;
    if (out.parts->size() == limit) {
      out.is_truncated = true;
      break;
    }
    s3::ObjectPart one;
    one.part_number = static_cast<std::int32_t>(part.number);
    one.size = static_cast<std::int64_t>(part.size);
    set_checksum(one, part.checksum);
    out.next_part_number_marker = one.part_number;
    out.parts->push_back(std::move(one));
  }
  return out;
}

S3Reply<s3::GetObjectAttributesOutput> get_attributes(const S3Parts& s3, wire::Call call,
                                                      s3::GetObjectAttributesRequest request) {
  static const std::set<std::string_view> kKnown = {"ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"};
  GUST_CO_CHECK(co_await allow_object(s3, call, "s3:GetObject", request));
  GUST_CO_TRY(const auto bucket, co_await allow_object(s3, call, "s3:GetObjectAttributes", request));
  std::set<std::string> asked;
  for (const auto& name : request.object_attributes) {
    if (!kKnown.contains(name)) {
      co_return wire::fault("InvalidArgument", "Invalid attribute name specified.",
                            {{"ArgumentName", "x-amz-object-attributes"}, {"ArgumentValue", name}}, 400);
    }
    asked.insert(name);
  }
  if (asked.empty()) {
    co_return wire::fault("InvalidRequest",
                          "The x-amz-object-attributes header specifying the attributes to be retrieved is either "
                          "missing or empty",
                          {}, 400);
  }
  GUST_CO_TRY(const auto key, customer_key_of(call, request));
  GUST_CO_TRY(const auto object, co_await readable_object(s3, call, bucket, request.key, request.version_id));
  GUST_CO_CHECK(objects::check_customer_key(object.encryption, key));
  s3::GetObjectAttributesOutput out;
  out.last_modified = object.modified_at;
  out.version_id = shown_version(bucket, object);
  if (asked.contains("ETag")) out.e_tag = object.etag;  // here without quotes
  if (asked.contains("ObjectSize")) out.object_size = static_cast<std::int64_t>(object.size);
  if (asked.contains("StorageClass")) out.storage_class = storage_class_of(object);
  if (asked.contains("Checksum") && object.checksum) {
    out.checksum.emplace();
    set_checksum(*out.checksum, object.checksum);
    out.checksum->checksum_type = checksum_type_name(object.checksum->type);
  }
  GUST_CO_TRY(const auto after, part_marker(request.part_number_marker));
  GUST_CO_TRY(const auto limit, page_limit(request.max_parts, "max-parts"));
  if (asked.contains("ObjectParts") && !object.parts.empty()) out.object_parts = parts_page(object, after, limit);
  co_return out;
}

}  // namespace

void S3Service::add_object_operations() {
  service_.on<s3::PutObject>(
      [this](auto call, auto request) { return put_object(parts_, std::move(call), std::move(request)); });
  service_.on<s3::GetObject>(
      [this](auto call, auto request) { return get_object(parts_, std::move(call), std::move(request)); });
  service_.on<s3::HeadObject>(
      [this](auto call, auto request) { return head_object(parts_, std::move(call), std::move(request)); });
  service_.on<s3::CopyObject>(
      [this](auto call, auto request) { return copy_object(parts_, std::move(call), std::move(request)); });
  service_.on<s3::GetObjectAttributes>(
      [this](auto call, auto request) { return get_attributes(parts_, std::move(call), std::move(request)); });
}

}  // namespace gust::api
