// PutObject, GetObject, HeadObject, CopyObject, DeleteObject, DeleteObjects.
#include "api/s3/service.h"
#include "api/s3/shared.h"

#include "codec/digest.h"

#include <fmt/format.h>

namespace gust::api {
namespace {

using objects::ObjectStore;

S3Reply<s3::PutObjectOutput> put_object(ObjectStore& store, wire::Call call, s3::PutObjectRequest request) {
  GUST_CO_CHECK(co_await own_bucket(store, call, request.bucket, request.expected_bucket_owner));
  GUST_CO_TRY(auto key, check_key(request.key));
  GUST_CO_CHECK(check_extras_of(request));
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
  put.headers = system_headers(request);
  GUST_CO_TRY(put.metadata, check_metadata(request.metadata));
  GUST_CO_TRY(put.condition, write_condition(request.if_match, request.if_none_match));
  GUST_CO_TRY(const auto kind, requested_checksum(call.headers));
  put.checksum_kind = kind.value_or(objects::ChecksumKind::kCrc64Nvme);  // the service's own when none is asked for
  put.expected = expectation(call, put.checksum_kind);
  put.origin = origin_of(call);
  GUST_CO_TRY(const auto object, co_await store.put(std::move(put), std::move(request.body)));
  s3::PutObjectOutput out;
  out.e_tag = quoted(object.etag);
  set_checksum(out, object.checksum);
  if (object.checksum) out.checksum_type = checksum_type_name(object.checksum->type);
  co_return out;
}

// The part of GetObject and HeadObject that is the same: headers of the answer.
template <typename Output, typename Request>
void describe_object(const objects::Object& object, const Request& request, Output& out) {
  const auto header = [&](const char* name) -> std::optional<std::string> {
    const auto it = object.headers.find(name);
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
    const auto count = std::max<std::size_t>(object.part_sizes.size(), 1);
    if (number < 1 || number > count)
      return wire::fault("InvalidPartNumber", "The requested partnumber is not satisfiable", {}, 416);
    if (!object.part_sizes.empty()) {
      for (std::size_t i = 0; i + 1 < number; ++i) range.first += object.part_sizes[i];
      range.length = object.part_sizes[number - 1];
      out.parts_count = static_cast<std::int32_t>(object.part_sizes.size());
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

S3Reply<s3::GetObjectOutput> get_object(ObjectStore& store, wire::Call call, s3::GetObjectRequest request) {
  GUST_CO_CHECK(co_await own_bucket(store, call, request.bucket, request.expected_bucket_owner));
  GUST_CO_TRY(const auto key, check_key(request.key));
  GUST_CO_CHECK(check_version(request.version_id));
  for (int attempt = 0;; ++attempt) {
    GUST_CO_TRY(const auto object, co_await store.get(BucketName(request.bucket), key));
    GUST_CO_CHECK(check_read_conditions(object, request.if_match, request.if_none_match, request.if_modified_since,
                                        request.if_unmodified_since));
    s3::GetObjectOutput out;
    describe_object(object, request, out);
    int status = 200;
    GUST_CO_TRY(const auto range, choose_bytes(object, request, status, out));
    auto body = co_await store.open(object, range.first, range.length);
    // Replaced between the row and its bytes: the row is read again.
    if (!body && body.error().code == Code::kNotFound && attempt < 3) continue;
    if (!body) co_return std::unexpected(body.error());
    out.body = *std::move(body);
    co_return out;
  }
}

S3Reply<s3::HeadObjectOutput> head_object(ObjectStore& store, wire::Call call, s3::HeadObjectRequest request) {
  GUST_CO_CHECK(co_await own_bucket(store, call, request.bucket, request.expected_bucket_owner));
  GUST_CO_TRY(auto key, check_key(request.key));
  GUST_CO_CHECK(check_version(request.version_id));
  GUST_CO_TRY(const auto object, co_await store.get(BucketName(request.bucket), std::move(key)));
  GUST_CO_CHECK(check_read_conditions(object, request.if_match, request.if_none_match, request.if_modified_since,
                                      request.if_unmodified_since));
  s3::HeadObjectOutput out;
  describe_object(object, request, out);
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
  if (!request.checksum_algorithm)
    return from.checksum ? from.checksum->kind : objects::ChecksumKind::kCrc64Nvme;
  if (const auto kind = checksum_kind(*request.checksum_algorithm)) return *kind;
  return wire::fault("InvalidRequest", "Checksum algorithm provided is unsupported.", {}, 400);
}

S3Reply<s3::CopyObjectOutput> copy_object(ObjectStore& store, wire::Call call, s3::CopyObjectRequest request) {
  GUST_CO_CHECK(co_await own_bucket(store, call, request.bucket, request.expected_bucket_owner));
  GUST_CO_TRY(auto key, check_key(request.key));
  GUST_CO_CHECK(check_extras_of(request));
  GUST_CO_TRY(const auto source, parse_copy_source(request.copy_source));
  GUST_CO_CHECK(co_await own_bucket(store, call, source.bucket.str(), request.expected_source_bucket_owner));
  GUST_CO_TRY(const auto from, co_await store.get(source.bucket, source.key));
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
                       request.server_side_encryption || request.checksum_algorithm;
  if (!changes && source.bucket.str() == request.bucket && source.key == key) {
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
  copy.headers = system_headers(request);
  if (!replaces) copy.headers = kept_headers(from.headers, copy.headers);
  copy.metadata = from.metadata;
  if (replaces) {
    GUST_CO_TRY(copy.metadata, check_metadata(request.metadata));
  }
  GUST_CO_TRY(copy.checksum_kind, copy_checksum(request, from));
  GUST_CO_TRY(copy.condition, write_condition(request.if_match, request.if_none_match));
  copy.origin = origin_of(call);
  GUST_CO_TRY(const auto object, co_await store.copy(std::move(copy)));
  s3::CopyObjectOutput out;
  out.copy_object_result.emplace();
  out.copy_object_result->e_tag = quoted(object.etag);
  out.copy_object_result->last_modified = object.modified_at;
  set_checksum(*out.copy_object_result, object.checksum);
  if (object.checksum) out.copy_object_result->checksum_type = checksum_type_name(object.checksum->type);
  co_return out;
}

wire::Reply<void> check_directory_conditions(const std::optional<WallTime>& time,
                                             const std::optional<std::int64_t>& size) {
  if (!time && !size) return {};
  return wire::fault("NotImplemented", "A header you provided implies functionality that is not implemented",
                     {{"Header", time ? "x-amz-if-match-last-modified-time" : "x-amz-if-match-size"}}, 501);
}

// One object of DeleteObjects.
S3Reply<void> delete_one(ObjectStore& store, const wire::Call& call, BucketName bucket, s3::ObjectIdentifier object) {
  GUST_CO_TRY(auto key, check_key(object.key));
  GUST_CO_CHECK(check_version(object.version_id));
  GUST_CO_CHECK(check_directory_conditions(object.last_modified_time, object.size));
  GUST_CO_CHECK(
      co_await store.erase(std::move(bucket), std::move(key), origin_of(call), object.e_tag.value_or("")));
  co_return wire::Reply<void>{};
}

S3Reply<s3::DeleteObjectOutput> delete_object(ObjectStore& store, wire::Call call, s3::DeleteObjectRequest request) {
  GUST_CO_CHECK(co_await own_bucket(store, call, request.bucket, request.expected_bucket_owner));
  GUST_CO_TRY(auto key, check_key(request.key));
  GUST_CO_CHECK(check_version(request.version_id));
  GUST_CO_CHECK(check_directory_conditions(request.if_match_last_modified_time, request.if_match_size));
  GUST_CO_CHECK(co_await store.erase(BucketName(request.bucket), std::move(key), origin_of(call),
                                     request.if_match.value_or("")));
  co_return s3::DeleteObjectOutput{};
}

S3Reply<s3::DeleteObjectsOutput> delete_objects(ObjectStore& store, wire::Call call, s3::DeleteObjectsRequest request) {
  GUST_CO_CHECK(co_await own_bucket(store, call, request.bucket, request.expected_bucket_owner));
  if (request.delete_.objects.empty() || request.delete_.objects.size() > 1000) {
    co_return wire::fault("MalformedXML",
                          "The XML you provided was not well-formed or did not validate against our published schema",
                          {}, 400);
  }
  s3::DeleteObjectsOutput out;
  out.deleted.emplace();
  out.errors.emplace();
  for (const auto& object : request.delete_.objects) {
    const auto erased = co_await delete_one(store, call, BucketName(request.bucket), object);
    if (!erased) {
      const auto& fault = erased.error();
      const auto error = fault.domain ? map_s3_error(*fault.domain) : fault.wire;
      out.errors->push_back({error.code, object.key, error.message, std::nullopt});
    } else if (!request.delete_.quiet.value_or(false)) {
      s3::DeletedObject deleted;
      deleted.key = object.key;
      out.deleted->push_back(std::move(deleted));
    }
  }
  co_return out;
}

}  // namespace

void S3Service::add_object_operations() {
  service_.on<s3::PutObject>(
      [this](auto call, auto request) { return put_object(store_, std::move(call), std::move(request)); });
  service_.on<s3::GetObject>(
      [this](auto call, auto request) { return get_object(store_, std::move(call), std::move(request)); });
  service_.on<s3::HeadObject>(
      [this](auto call, auto request) { return head_object(store_, std::move(call), std::move(request)); });
  service_.on<s3::CopyObject>(
      [this](auto call, auto request) { return copy_object(store_, std::move(call), std::move(request)); });
  service_.on<s3::DeleteObject>(
      [this](auto call, auto request) { return delete_object(store_, std::move(call), std::move(request)); });
  service_.on<s3::DeleteObjects>(
      [this](auto call, auto request) { return delete_objects(store_, std::move(call), std::move(request)); });
}

}  // namespace gust::api
