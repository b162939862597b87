// What the operations of S3 share: owners, headers, checksums, conditions. Any thread.
#pragma once

#include "api/s3.gen.h"
#include "api/s3/access.h"
#include "api/s3/acl.h"
#include "codec/base64.h"
#include "codec/time_format.h"
#include "objects/object_store.h"
#include "wire/service.h"

#include <optional>
#include <string>

namespace gust::api {

template <typename T>
using S3Reply = boost::asio::awaitable<wire::Reply<T>>;

wire::WireError map_s3_error(const Error& error);
// Names the bucket, the key or the upload that an error is about.
void complete_s3_error(wire::WireError& error, std::string_view path);
wire::WireError map_s3_violations(const std::vector<wire::Violation>& violations);
// The refusal of a sub-resource of S3 that is not served: without it "GET /bucket?torrent" would list the bucket.
std::optional<wire::WireError> unserved_s3(std::string_view method, std::string_view path,
                                           const codec::QueryPairs& query);
wire::WireError method_not_allowed();
// The bucket is in the region `expected`, and the request is signed for another.
Error wrong_region(const wire::Call& call, const std::string& expected);

objects::Origin origin_of(const wire::Call& call);

inline std::string quoted(const std::string& etag) { return "\"" + etag + "\""; }

// Content-Type and its kin from a request with those members.
template <typename Request>
std::map<std::string, std::string> system_headers(const Request& request) {
  std::map<std::string, std::string> out;
  const auto add = [&](const char* name, const std::optional<std::string>& value) {
    if (value) out.emplace(name, *value);
  };
  add("content-type", request.content_type);
  add("cache-control", request.cache_control);
  add("content-disposition", request.content_disposition);
  add("content-encoding", request.content_encoding);
  add("content-language", request.content_language);
  add("x-amz-website-redirect-location", request.website_redirect_location);
  if (request.storage_class != "STANDARD") add("x-amz-storage-class", request.storage_class);
  if (request.expires) out.emplace("expires", codec::to_http_date(*request.expires));
  out.try_emplace("content-type", "binary/octet-stream");
  return out;
}

// The checksum that a request asks for, from x-amz-checksum-*, x-amz-trailer or x-amz-sdk-checksum-algorithm.
// kInvalid when it names one that is not served, several, or one and another's value.
Result<std::optional<objects::ChecksumKind>> requested_checksum(const http::Headers& headers);
// What Content-MD5 and the checksum header or trailer say the body must be.
Result<objects::Expected> expected_digests(const http::Headers& headers, const http::Headers* trailers,
                                           std::optional<objects::ChecksumKind> kind);
// expected_digests(), to be asked after the body's end.
std::function<Result<objects::Expected>()> expectation(const wire::Call& call,
                                                       std::optional<objects::ChecksumKind> kind);
// The digests of a body that does not stream.
Result<void> check_body_digests(const wire::Operation& operation, const http::Headers& headers,
                                const http::Headers* trailers, const std::string& body);
// Content-MD5 is well-formed, so that a bad one is refused before the body is read.
Result<void> check_content_md5(const http::Headers& headers);

inline constexpr std::string_view kBrokenSchema =
    "The XML you provided was not well-formed or did not validate against our published schema";
inline constexpr std::string_view kOneChecksum =
    "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.";

std::string_view checksum_name(objects::ChecksumKind kind);    // "CRC32C"
std::string checksum_names();                                  // "CRC32, CRC32C, ..."
std::string checksum_header_name(objects::ChecksumKind kind);  // "crc32c"
std::optional<objects::ChecksumKind> checksum_kind(std::string_view name);
std::string_view checksum_type_name(objects::ChecksumType type);
std::string checksum_text(const objects::Checksum& checksum);  // base64, with "-N" when composite

// "AAAA" or "AAAA-3" as a client writes it; kInvalid when it is not of this kind.
Result<objects::Checksum> parse_checksum(objects::ChecksumKind kind, const std::string& text);

// The one checksum member that a request or a part of it has.
template <typename T>
Result<std::optional<objects::Checksum>> get_checksum(const T& from) {
  using objects::ChecksumKind;
  std::optional<objects::Checksum> out;
  const auto take = [&](ChecksumKind kind, const std::optional<std::string>& text) -> Result<void> {
    if (!text) return {};
    if (out) return fail(Code::kInvalid, std::string(kOneChecksum), "invalid checksum");
    GUST_TRY(out, parse_checksum(kind, *text));
    return {};
  };
  GUST_CHECK(take(ChecksumKind::kCrc32, from.checksum_crc32));
  GUST_CHECK(take(ChecksumKind::kCrc32c, from.checksum_crc32_c));
  GUST_CHECK(take(ChecksumKind::kCrc64Nvme, from.checksum_crc64_nvme));
  GUST_CHECK(take(ChecksumKind::kSha1, from.checksum_sha1));
  GUST_CHECK(take(ChecksumKind::kSha256, from.checksum_sha256));
  GUST_CHECK(take(ChecksumKind::kSha512, from.checksum_sha512));
  GUST_CHECK(take(ChecksumKind::kMd5, from.checksum_md5));
  GUST_CHECK(take(ChecksumKind::kXxh64, from.checksum_xxhash64));
  GUST_CHECK(take(ChecksumKind::kXxh3, from.checksum_xxhash3));
  GUST_CHECK(take(ChecksumKind::kXxh128, from.checksum_xxhash128));
  return out;
}

// Sets the one checksum member of an answer.
template <typename Answer>
void set_checksum(Answer& answer, const std::optional<objects::Checksum>& checksum) {
  using objects::ChecksumKind;
  if (!checksum) return;
  const auto text = checksum_text(*checksum);
  switch (checksum->kind) {
    case ChecksumKind::kCrc32:
      answer.checksum_crc32 = text;
      break;
    case ChecksumKind::kCrc32c:
      answer.checksum_crc32_c = text;
      break;
    case ChecksumKind::kCrc64Nvme:
      answer.checksum_crc64_nvme = text;
      break;
    case ChecksumKind::kSha1:
      answer.checksum_sha1 = text;
      break;
    case ChecksumKind::kSha256:
      answer.checksum_sha256 = text;
      break;
    case ChecksumKind::kSha512:
      answer.checksum_sha512 = text;
      break;
    case ChecksumKind::kMd5:
      answer.checksum_md5 = text;
      break;
    case ChecksumKind::kXxh64:
      answer.checksum_xxhash64 = text;
      break;
    case ChecksumKind::kXxh3:
      answer.checksum_xxhash3 = text;
      break;
    case ChecksumKind::kXxh128:
      answer.checksum_xxhash128 = text;
      break;
  }
}

// If-Match and its kin on a read: 412 or 304 as a fault, in the precedence that the service documents.
wire::Reply<void> check_read_conditions(const objects::Object& object, const std::optional<std::string>& if_match,
                                        const std::optional<std::string>& if_none_match,
                                        const std::optional<WallTime>& if_modified_since,
                                        const std::optional<WallTime>& if_unmodified_since);

// If-Match and If-None-Match of a write; NotImplemented for what the service does not take there.
wire::Reply<objects::WriteCondition> write_condition(const std::optional<std::string>& if_match,
                                                     const std::optional<std::string>& if_none_match);

struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t length = 0;
};
// The one range of a Range header; nothing when it is to be ignored (malformed, or several). InvalidRange as a fault.
wire::Reply<std::optional<ByteRange>> parse_range(const std::string& header, std::uint64_t size);

// "bucket/key" or "/bucket/key", percent-encoded, of x-amz-copy-source. kInvalid.
struct CopySource {
  BucketName bucket;
  ObjectKey key;
  std::optional<std::string> version = {};
};
Result<CopySource> parse_copy_source(const std::string& text);

// At most 1024 bytes of UTF-8.
Result<ObjectKey> check_key(const std::string& key);
// Names in lower case; MetadataTooLarge past 2 KB.
wire::Reply<std::map<std::string, std::string>> check_metadata(
    const std::optional<std::map<std::string, std::string>>& given);
// Values outside ASCII as RFC 2047 has them, as the service answers them.
std::map<std::string, std::string> mail_safe(const std::map<std::string, std::string>& metadata);
// The version's id as answers show it; nothing in a bucket that never had versioning.
std::optional<std::string> shown_version(const objects::Bucket& bucket, const objects::Object& object);

// `account` owns it, or the bucket's owner when that is empty.
s3::Owner owner_of(const S3Parts& s3, const objects::Bucket& bucket, const AccountId& account);
std::string storage_class_of(const objects::Object& object);
// get() of the store, with what the service says of one that is missing or deleted.
S3Reply<objects::Object> readable_object(const S3Parts& s3, const wire::Call& call, const objects::Bucket& bucket,
                                         std::string key, std::optional<std::string> version);

// MalformedXML, as the service says it of a body that breaks its schema.
std::unexpected<wire::Fault> malformed_xml();

// Of a listing: at most 1,000; InvalidArgument for less than none, with the argument's name.
wire::Reply<std::size_t> page_limit(const std::optional<std::int32_t>& limit, std::string_view argument);
// Of a listing of parts: behind which one it begins. InvalidArgument for less than none.
wire::Reply<std::uint32_t> part_marker(const std::optional<std::int32_t>& marker);
// InvalidArgument for another than "url".
wire::Reply<void> check_encoding(const std::optional<std::string>& encoding_type);
// With what conditions of policies may say of a listing.
template <typename Request>
async::Task<objects::Bucket> allow_list(const S3Parts& s3, const wire::Call& call, std::string_view action,
                                        const Request& request) {
  Ask ask{action, request.bucket, request.expected_bucket_owner};
  ask.keys.emplace_back("s3:prefix", request.prefix.value_or(""));
  if (request.delimiter) ask.keys.emplace_back("s3:delimiter", *request.delimiter);
  if (request.max_keys) ask.keys.emplace_back("s3:max-keys", std::to_string(*request.max_keys));
  return allow(s3, call, std::move(ask));
}

// What PutObject, CopyObject and CreateMultipartUpload give an object beside its bytes: headers, metadata, tags, ACL,
// lock. Faults: the service's refusals of what is wrong or not served.
struct Asked {
  const std::optional<std::string>& storage_class;
  const std::optional<std::string>& redirect;
  const std::optional<std::string>& tagging;
  const std::optional<std::string>& lock_mode;
  const std::optional<WallTime>& lock_until;
  const std::optional<std::string>& legal_hold;
  AclHeaders acl;
};
S3Reply<objects::Attributes> check_attributes(const S3Parts& s3, const wire::Call& call, const objects::Bucket& bucket,
                                              std::string key, Asked asked, std::map<std::string, std::string> headers,
                                              std::optional<std::map<std::string, std::string>> metadata);
template <typename Request>
S3Reply<objects::Attributes> attributes_of(const S3Parts& s3, const wire::Call& call, const objects::Bucket& bucket,
                                           const Request& r) {
  return check_attributes(
      s3, call, bucket, r.key,
      {r.storage_class, r.website_redirect_location, r.tagging, r.object_lock_mode, r.object_lock_retain_until_date,
       r.object_lock_legal_hold_status, acl_headers(r)},
      system_headers(r), r.metadata);
}

// The source of a copy, as readable_object().
S3Reply<objects::Object> source_object(const S3Parts& s3, const wire::Call& call, const objects::Bucket& bucket,
                                       CopySource source);
// Of a source of a copy: who may read it.
Ask source_ask(const CopySource& source, const std::optional<std::string>& expected_owner);

// "%2B" and so on when the client asked for encoding-type=url.
std::string encoded(const std::string& text, const std::optional<std::string>& encoding_type);
// An empty delimiter is none.
std::optional<std::string> shown_delimiter(const std::optional<std::string>& delimiter,
                                           const std::optional<std::string>& encoding_type);

}  // namespace gust::api
