// Multipart uploads: create, part, part copy, complete, abort, and both listings.
#include "api/s3/encryption.h"
#include "api/s3/lifecycle_rules.h"
#include "api/s3/service.h"
#include "api/s3/shared.h"

#include <fmt/format.h>

#include <algorithm>

namespace gust::api {
namespace {

constexpr std::int32_t kMaxParts = 10'000;

wire::Reply<std::uint32_t> part_number(std::int32_t number) {
  if (number >= 1 && number <= kMaxParts) return static_cast<std::uint32_t>(number);
  return wire::fault("InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive",
                     {{"ArgumentName", "partNumber"}, {"ArgumentValue", std::to_string(number)}}, 400);
}

// Which checksum the parts and the whole have; a CRC-64/NVME is always of the whole, a digest never.
wire::Reply<void> choose_checksum(const s3::CreateMultipartUploadRequest& request, objects::Upload& upload) {
  using objects::ChecksumType;
  if (!request.checksum_algorithm) {
    if (!request.checksum_type) return {};
    return wire::fault("InvalidRequest",
                       "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.", {},
                       400);
  }
  upload.checksum_kind = checksum_kind(*request.checksum_algorithm);
  if (!upload.checksum_kind) {
    return wire::fault("InvalidRequest",
                       fmt::format("Checksum algorithm provided is unsupported: '{}'; use one of {}",
                                   *request.checksum_algorithm, checksum_names()),
                       {}, 400);
  }
  const bool nvme = upload.checksum_kind == objects::ChecksumKind::kCrc64Nvme;
  const bool whole = request.checksum_type ? *request.checksum_type == "FULL_OBJECT" : nvme;
  if (whole ? !objects::can_combine(*upload.checksum_kind) : nvme) {
    auto name = *request.checksum_algorithm;
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return wire::fault("InvalidRequest",
                       fmt::format("The {} checksum type cannot be used with the {} checksum algorithm.",
                                   whole ? "FULL_OBJECT" : "COMPOSITE", name),
                       {}, 400);
  }
  upload.checksum_type = whole ? ChecksumType::kFullObject : ChecksumType::kComposite;
  return {};
}

S3Reply<s3::CreateMultipartUploadOutput> create(const S3Parts& s3, wire::Call call,
                                                s3::CreateMultipartUploadRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_object(s3, call, "s3:PutObject", request));
  GUST_CO_TRY(auto key, check_key(request.key));
  objects::Upload upload;
  upload.key = std::move(key);
  GUST_CO_TRY(auto attributes, co_await attributes_of(s3, call, bucket, request));
  upload.headers = std::move(attributes.headers);
  upload.metadata = std::move(attributes.metadata);
  upload.acl = std::move(attributes.acl);
  upload.tags = std::move(attributes.tags);
  upload.lock = attributes.lock;
  upload.owner = std::move(attributes.owner);
  GUST_CO_CHECK(choose_checksum(request, upload));
  GUST_CO_TRY(const auto customer_key, encryption_asked(call, bucket, request));
  GUST_CO_TRY(const auto made, co_await s3.store.create_upload(bucket.name, std::move(upload), customer_key));
  s3::CreateMultipartUploadOutput out;
  out.bucket = request.bucket;
  out.key = request.key;
  out.upload_id = made.id;
  set_abortion(bucket, made, out);
  set_encryption(made.encryption, customer_key, out);
  if (made.checksum_kind) {
    out.checksum_algorithm = checksum_name(*made.checksum_kind);
    out.checksum_type = checksum_type_name(made.checksum_type);
  }
  co_return out;
}

// As the upload was begun, or the part would have been refused.
objects::Encryption encryption_of_part(const objects::CustomerKey& key) {
  return {key ? objects::EncryptionKind::kCustomer : objects::EncryptionKind::kStore};
}

// Requests that read no bytes may leave the key out; a key that they bring must be the upload's.
template <typename Request>
wire::Reply<objects::CustomerKey> upload_key_of(const wire::Call& call, const objects::Upload& upload,
                                                const Request& request) {
  GUST_TRY(auto key, customer_key_of(call, request));
  if (key) GUST_CHECK(objects::check_part_key(upload.encryption, key));
  return key;
}

S3Reply<s3::UploadPartOutput> upload_part(const S3Parts& s3, wire::Call call, s3::UploadPartRequest request) {
  GUST_CO_CHECK(co_await allow_object(s3, call, "s3:PutObject", request));
  GUST_CO_TRY(const auto number, part_number(request.part_number));
  if (!call.content_length)
    co_return wire::fault("MissingContentLength", "You must provide the Content-Length HTTP header.", {}, 411);
  GUST_CO_CHECK(check_content_md5(call.headers));
  GUST_CO_TRY(const auto kind, requested_checksum(call.headers));
  GUST_CO_TRY(const auto key, customer_key_of(call, request));
  objects::PartRequest put{BucketName(request.bucket),
                           ObjectKey(request.key),
                           request.upload_id,
                           number,
                           kind,
                           expectation(call, kind),
                           key};
  GUST_CO_TRY(const auto part, co_await s3.store.put_part(std::move(put), std::move(request.body)));
  s3::UploadPartOutput out;
  set_encryption(encryption_of_part(key), key, out);
  out.e_tag = quoted(part.etag);
  set_checksum(out, part.checksum);
  co_return out;
}

// Unlike a read's, this range must be whole and inside the source.
wire::Reply<ByteRange> copy_range(const std::optional<std::string>& header, std::uint64_t size) {
  ByteRange range{0, size};
  if (header) {
    const auto refuse = [&](std::string message) {
      return wire::fault("InvalidArgument", std::move(message),
                         {{"ArgumentName", "x-amz-copy-source-range"}, {"ArgumentValue", *header}}, 400);
    };
    const auto parsed = parse_range(*header, size);
    const bool whole = header->find('-') != header->size() - 1 && !header->starts_with("bytes=-");
    if (parsed && (!*parsed || !whole)) {
      return refuse(
          "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the "
          "zero-based offsets of the first and last bytes to copy");
    }
    const bool inside = parsed && header->ends_with(fmt::format("-{}", (*parsed)->first + (*parsed)->length - 1));
    if (!inside) return refuse(fmt::format("Range specified is not valid for source object of size: {}", size));
    range = **parsed;
  }
  if (range.length <= objects::kMaxPutBytes) return range;
  return wire::fault("InvalidRequest",
                     fmt::format("The specified copy source is larger than the maximum allowable size for a copy "
                                 "source: {}",
                                 objects::kMaxPutBytes),
                     {}, 400);
}

S3Reply<s3::UploadPartCopyOutput> upload_part_copy(const S3Parts& s3, wire::Call call,
                                                   s3::UploadPartCopyRequest request) {
  GUST_CO_CHECK(co_await allow_object(s3, call, "s3:PutObject", request));
  GUST_CO_TRY(const auto number, part_number(request.part_number));
  GUST_CO_TRY(const auto source, parse_copy_source(request.copy_source));
  GUST_CO_TRY(const auto from_bucket,
              co_await allow(s3, call, source_ask(source, request.expected_source_bucket_owner)));
  GUST_CO_TRY(const auto from, co_await source_object(s3, call, from_bucket, source));
  const auto allowed =
      check_read_conditions(from, request.copy_source_if_match, request.copy_source_if_none_match,
                            request.copy_source_if_modified_since, request.copy_source_if_unmodified_since);
  if (!allowed)
    co_return wire::fault("PreconditionFailed", "At least one of the pre-conditions you specified did not hold", {},
                          412);
  GUST_CO_TRY(const auto range, copy_range(request.copy_source_range, from.size));
  GUST_CO_TRY(const auto from_key, source_key_of(call, request));
  GUST_CO_TRY(const auto key, customer_key_of(call, request));
  GUST_CO_TRY(auto body, co_await s3.store.open(from, range.first, range.length, from_key));
  objects::PartRequest put{BucketName(request.bucket), ObjectKey(request.key), request.upload_id, number};
  put.customer_key = key;
  GUST_CO_TRY(const auto part, co_await s3.store.put_part(std::move(put), std::move(body)));
  s3::UploadPartCopyOutput out;
  set_encryption(encryption_of_part(key), key, out);
  out.copy_part_result.emplace();
  out.copy_part_result->e_tag = quoted(part.etag);
  out.copy_part_result->last_modified = part.modified_at;
  set_checksum(*out.copy_part_result, part.checksum);
  out.copy_source_version_id = shown_version(from_bucket, from);
  co_return out;
}

wire::Reply<objects::CompleteRequest> to_domain(const s3::CompleteMultipartUploadRequest& request,
                                                const objects::Upload& upload) {
  objects::CompleteRequest out;
  out.bucket = BucketName(request.bucket);
  out.key = ObjectKey(request.key);
  out.upload_id = request.upload_id;
  const auto kind = upload.checksum_kind;
  const bool each = kind && upload.checksum_type == objects::ChecksumType::kComposite;
  if (request.multipart_upload && request.multipart_upload->parts) {
    for (const auto& part : *request.multipart_upload->parts) {
      GUST_TRY(const auto number, part_number(part.part_number.value_or(0)));
      GUST_TRY(auto checksum, get_checksum(part));
      if (each && !checksum) {
        return wire::fault("InvalidRequest",
                           fmt::format("The upload was created using a {} checksum. The complete request must include "
                                       "the checksum for each part. It was missing for part {} in the request.",
                                       checksum_header_name(*kind), number),
                           {}, 400);
      }
      out.parts.push_back({number, part.e_tag.value_or(""), std::move(checksum)});
    }
  }
  if (out.parts.empty()) return wire::fault("InvalidRequest", "You must specify at least one part", {}, 400);
  if (request.checksum_type && kind && *request.checksum_type != checksum_type_name(upload.checksum_type)) {
    return wire::fault("InvalidRequest",
                       fmt::format("The upload was created using the {} checksum mode. The complete request must use "
                                   "the same checksum mode.",
                                   checksum_type_name(upload.checksum_type)),
                       {}, 400);
  }
  GUST_TRY(out.checksum, get_checksum(request));
  if (request.mpu_object_size) out.size = static_cast<std::uint64_t>(*request.mpu_object_size);
  GUST_TRY(out.condition, write_condition(request.if_match, request.if_none_match));
  return out;
}

s3::CompleteMultipartUploadOutput completed_answer(const wire::Call& call, const objects::Bucket& bucket,
                                                   const objects::Object& object) {
  s3::CompleteMultipartUploadOutput out;
  out.bucket = bucket.name.str();
  out.key = object.key.str();
  out.e_tag = quoted(object.etag);
  out.location = fmt::format("{}://{}/{}/{}", call.tls.empty() ? "http" : "https",
                             call.headers.get_or("host", "localhost"), bucket.name,
                             codec::percent_encode(object.key.str(), codec::Slash::kKeep));
  out.version_id = shown_version(bucket, object);
  set_encryption(object.encryption, std::nullopt, out);
  set_expiration(bucket, object, out);
  set_checksum(out, object.checksum);
  if (object.checksum) out.checksum_type = checksum_type_name(object.checksum->type);
  return out;
}

// A client whose answer was lost asks again: what is there is what the upload made.
bool was_completed(const objects::Object& object, const s3::CompleteMultipartUploadRequest& request) {
  if (object.upload_id != request.upload_id || !request.multipart_upload || !request.multipart_upload->parts)
    return false;
  const auto same = [](const objects::Part& part, const s3::CompletedPart& named) {
    return named.part_number == static_cast<std::int32_t>(part.number);
  };
  return std::ranges::equal(object.parts, *request.multipart_upload->parts, same);
}

S3Reply<s3::CompleteMultipartUploadOutput> complete(const S3Parts& s3, wire::Call call,
                                                    s3::CompleteMultipartUploadRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_object(s3, call, "s3:PutObject", request));
  const auto upload = co_await s3.store.upload(bucket.name, ObjectKey(request.key), request.upload_id);
  if (!upload) {
    const auto there = co_await s3.store.get(bucket.name, ObjectKey(request.key));
    if (there && was_completed(*there, request)) co_return completed_answer(call, bucket, *there);
    co_return std::unexpected(upload.error());
  }
  GUST_CO_CHECK(upload_key_of(call, *upload, request));
  GUST_CO_TRY(auto completed, to_domain(request, *upload));
  completed.origin = origin_of(call);
  GUST_CO_TRY(const auto object, co_await s3.store.complete(std::move(completed)));
  co_return completed_answer(call, bucket, object);
}

S3Reply<s3::AbortMultipartUploadOutput> abort(const S3Parts& s3, wire::Call call,
                                              s3::AbortMultipartUploadRequest request) {
  GUST_CO_CHECK(co_await allow_object(s3, call, "s3:AbortMultipartUpload", request));
  GUST_CO_CHECK(co_await s3.store.abort(BucketName(request.bucket), ObjectKey(request.key), request.upload_id));
  co_return s3::AbortMultipartUploadOutput{};
}

S3Reply<s3::ListPartsOutput> list_parts(const S3Parts& s3, wire::Call call, s3::ListPartsRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_object(s3, call, "s3:ListMultipartUploadParts", request));
  GUST_CO_TRY(const auto upload,
              co_await s3.store.upload(BucketName(request.bucket), ObjectKey(request.key), request.upload_id));
  GUST_CO_CHECK(upload_key_of(call, upload, request));
  GUST_CO_TRY(const auto parts,
              co_await s3.store.parts(BucketName(request.bucket), ObjectKey(request.key), request.upload_id));
  GUST_CO_TRY(const auto after, part_marker(request.part_number_marker));
  GUST_CO_TRY(const auto limit, page_limit(request.max_parts, "max-parts"));
  s3::ListPartsOutput out;
  out.bucket = request.bucket;
  out.key = request.key;
  out.upload_id = request.upload_id;
  out.part_number_marker = static_cast<std::int32_t>(after);
  out.max_parts = static_cast<std::int32_t>(limit);
  out.storage_class = "STANDARD";
  set_abortion(bucket, upload, out);
  out.is_truncated = false;
  out.owner = owner_of(s3, bucket, upload.owner);
  out.initiator = s3::Initiator{.display_name = std::nullopt, .id = out.owner->id};
  if (upload.checksum_kind) {
    out.checksum_algorithm = checksum_name(*upload.checksum_kind);
    out.checksum_type = checksum_type_name(upload.checksum_type);
  }
  out.parts.emplace();
  for (const auto& part : parts) {
    if (part.number <= after) continue;
    if (out.parts->size() == limit) {
      out.is_truncated = true;
      break;
    }
    s3::Part one;
    one.part_number = static_cast<std::int32_t>(part.number);
    one.e_tag = quoted(part.etag);
    one.size = static_cast<std::int64_t>(part.size);
    one.last_modified = part.modified_at;
    set_checksum(one, part.checksum);
    out.next_part_number_marker = one.part_number;
    out.parts->push_back(std::move(one));
  }
  co_return out;
}

s3::MultipartUpload describe_upload(const S3Parts& s3, const objects::Bucket& bucket, const objects::Upload& upload,
                                    const std::optional<std::string>& encoding_type) {
  s3::MultipartUpload out;
  out.key = encoded(upload.key.str(), encoding_type);
  out.upload_id = upload.id;
  out.initiated = upload.started_at;
  out.storage_class = "STANDARD";
  out.owner = owner_of(s3, bucket, upload.owner);
  out.initiator = s3::Initiator{.display_name = std::nullopt, .id = out.owner->id};
  if (upload.checksum_kind) {
    out.checksum_algorithm = checksum_name(*upload.checksum_kind);
    out.checksum_type = checksum_type_name(upload.checksum_type);
  }
  return out;
}

S3Reply<s3::ListMultipartUploadsOutput> list_uploads(const S3Parts& s3, wire::Call call,
                                                     s3::ListMultipartUploadsRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_bucket(s3, call, "s3:ListBucketMultipartUploads", request));
  objects::UploadsQuery query;
  query.prefix = request.prefix.value_or("");
  query.delimiter = request.delimiter.value_or("");
  query.key_marker = request.key_marker.value_or("");
  // Without a key the id says nothing, as the service has it.
  if (!query.key_marker.empty()) query.id_marker = request.upload_id_marker.value_or("");
  GUST_CO_CHECK(check_encoding(request.encoding_type));
  GUST_CO_TRY(query.limit, page_limit(request.max_uploads, "max-uploads"));
  GUST_CO_TRY(const auto page, co_await s3.store.list_uploads(bucket.name, query));
  s3::ListMultipartUploadsOutput out;
  out.bucket = request.bucket;
  out.key_marker = encoded(query.key_marker, request.encoding_type);
  out.upload_id_marker = query.id_marker;
  out.prefix = encoded(query.prefix, request.encoding_type);
  out.delimiter = shown_delimiter(request.delimiter, request.encoding_type);
  out.encoding_type = request.encoding_type;
  out.max_uploads = static_cast<std::int32_t>(query.limit);
  out.is_truncated = page.truncated;
  if (page.truncated) {
    out.next_key_marker = encoded(page.next_key, request.encoding_type);
    out.next_upload_id_marker = page.next_id;
  }
  out.uploads.emplace();
  for (const auto& upload : page.uploads)
    out.uploads->push_back(describe_upload(s3, bucket, upload, request.encoding_type));
  out.common_prefixes.emplace();
  for (const auto& prefix : page.prefixes) out.common_prefixes->push_back({encoded(prefix, request.encoding_type)});
  co_return out;
}

}  // namespace

void S3Service::add_multipart_operations() {
  service_.on<s3::CreateMultipartUpload>(
      [this](auto call, auto request) { return create(parts_, std::move(call), std::move(request)); });
  service_.on<s3::UploadPart>(
      [this](auto call, auto request) { return upload_part(parts_, std::move(call), std::move(request)); });
  service_.on<s3::UploadPartCopy>(
      [this](auto call, auto request) { return upload_part_copy(parts_, std::move(call), std::move(request)); });
  service_.on<s3::CompleteMultipartUpload>(
      [this](auto call, auto request) { return complete(parts_, std::move(call), std::move(request)); });
  service_.on<s3::AbortMultipartUpload>(
      [this](auto call, auto request) { return abort(parts_, std::move(call), std::move(request)); });
  service_.on<s3::ListParts>(
      [this](auto call, auto request) { return list_parts(parts_, std::move(call), std::move(request)); });
  service_.on<s3::ListMultipartUploads>(
      [this](auto call, auto request) { return list_uploads(parts_, std::move(call), std::move(request)); });
}

}  // namespace gust::api
