// Multipart uploads: an upload's row, a row a part, and the object made of the parts' blobs without copying them.
#include "codec/hex.h"
#include "kv/key.h"
#include "objects/object_store.h"
#include "objects/rows.h"

#include <fmt/format.h>

#include <algorithm>

namespace gust::objects {
namespace {

std::unexpected<Error> no_upload() {
  return fail(Code::kNotFound,
              "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted "
              "or completed.",
              "upload");
}

std::string unquoted(std::string_view etag) {
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') etag = etag.substr(1, etag.size() - 2);
  return std::string(etag);
}

Result<std::vector<Part>> read_parts(kv::Reader& reader, const std::string& upload_id) {
  std::vector<Part> out;
  GUST_TRY(const auto found, reader.scan(kv::Range::prefix(rows::parts_prefix(upload_id), 10'000)));
  for (const auto& row : found) {
    GUST_TRY(auto part, rows::decode_part(row.value));
    out.push_back(std::move(part));
  }
  return out;
}

Result<void> check_order(const std::vector<CompleteRequest::Named>& named) {
  for (std::size_t i = 1; i < named.size(); ++i) {
    if (named[i].number <= named[i - 1].number) {
      return fail(
          Code::kInvalid,
          "The list of parts was not in ascending order. The parts list must be specified in order by part number.",
          "part order");
    }
  }
  return {};
}

// The one with this number, of parts in the order of their numbers.
const Part* find_part(const std::vector<Part>& parts, std::uint32_t number) {
  const auto it = std::ranges::lower_bound(parts, number, {}, &Part::number);
  return it == parts.end() || it->number != number ? nullptr : &*it;
}

// The parts that the request names, in its order.
Result<std::vector<Part>> choose(const std::vector<CompleteRequest::Named>& named, const std::vector<Part>& there) {
  GUST_CHECK(check_order(named));
  std::vector<Part> chosen;
  for (const auto& name : named) {
    const auto* part = find_part(there, name.number);
    const bool differs = part != nullptr && name.checksum && part->checksum &&
                         (name.checksum->kind != part->checksum->kind || name.checksum->value != part->checksum->value);
    if (part == nullptr || part->etag != unquoted(name.etag) || differs) {
      return fail(Code::kInvalid,
                  "One or more of the specified parts could not be found.  The part may not have been uploaded, or the "
                  "specified entity tag may not match the part's entity tag.",
                  "part");
    }
    chosen.push_back(*part);
  }
  for (std::size_t i = 0; i + 1 < chosen.size(); ++i) {
    if (chosen[i].size < kMinPartBytes) {
      return fail(Code::kInvalid, "Your proposed upload is smaller than the minimum allowed size", "part size");
    }
  }
  return chosen;
}

// Of the whole, when every part has one of the upload's kind. An upload that named none has a CRC-64/NVME.
std::optional<Checksum> checksum_of(const Upload& upload, const std::vector<Part>& parts) {
  const auto kind = upload.checksum_kind.value_or(ChecksumKind::kCrc64Nvme);
  std::vector<std::string> values;
  std::vector<PartValue> sized;
  for (const auto& part : parts) {
    if (!part.checksum || part.checksum->kind != kind) return std::nullopt;
    values.push_back(part.checksum->value);
    sized.push_back({part.checksum->value, part.size});
  }
  const bool is_composite = upload.checksum_kind && upload.checksum_type == ChecksumType::kComposite;
  return is_composite ? composite(kind, values) : combined(kind, sized);
}

Object assemble(const Upload& upload, const std::vector<Part>& parts) {
  Object object;
  object.key = upload.key;
  object.headers = upload.headers;
  object.metadata = upload.metadata;
  object.owner = upload.owner;
  object.acl = upload.acl;
  object.tags = upload.tags;
  object.lock = upload.lock;
  object.encryption = upload.encryption;
  object.upload_id = upload.id;
  codec::Digest md5(codec::DigestKind::kMd5);
  for (const auto& part : parts) {
    md5.update(codec::from_hex(part.etag).value_or(""));
    object.size += part.size;
    object.parts.push_back({part.number, {}, part.size, {}, part.checksum, {}});
    object.segments.insert(object.segments.end(), part.segments.begin(), part.segments.end());
  }
  object.etag = fmt::format("{}-{}", codec::to_hex(md5.finish()), parts.size());
  object.checksum = checksum_of(upload, parts);
  // Of an upload from before parts may be as they came.
  const bool plain = std::ranges::any_of(object.segments, [](const auto& s) { return s.sealed_key.empty(); });
  if (object.encryption.kind == EncryptionKind::kNone && !plain) object.encryption.kind = EncryptionKind::kStore;
  return object;
}

Result<void> check_whole(const CompleteRequest& request, const Object& object) {
  if (request.size && *request.size != object.size) {
    return fail(Code::kInvalid,
                fmt::format("The provided 'x-amz-mp-object-size' header value {} does not match what was computed: {}",
                            *request.size, object.size),
                "object size");
  }
  if (object.size > kMaxObjectBytes)
    return fail(Code::kTooLarge, "Your proposed upload exceeds the maximum allowed size", "object");
  if (!request.checksum) return {};
  if (!object.checksum || request.checksum->kind != object.checksum->kind ||
      request.checksum->type != object.checksum->type) {
    return fail(Code::kInvalid, "The checksum of the request is not of the kind and type that the upload was made with",
                "checksum kind");
  }
  if (request.checksum->value != object.checksum->value)
    return fail(Code::kInvalid, "The checksum you specified did not match the calculated checksum.", "checksum");
  return {};
}

}  // namespace

async::Task<Upload> ObjectStore::create_upload(BucketName bucket_name, Upload upload, CustomerKey customer_key) {
  upload.id = random_.pick(64, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._");
  upload.started_at = clock_.now();
  upload.encryption = encryption_with(customer_key);
  kv::Store::Body body = [this, bucket_name, upload](kv::Transaction& tx) -> Result<void> {
    GUST_CHECK(need_bucket(tx, bucket_name));
    tx.put(rows::upload_key(bucket_name, upload.key.str(), upload.id), rows::encode(upload));
    return {};
  };
  GUST_CO_CHECK(co_await store_.transact(std::move(body)));
  co_return upload;
}

async::Task<Upload> ObjectStore::upload(BucketName bucket_name, ObjectKey key, std::string upload_id) {
  GUST_CO_CHECK(co_await bucket(bucket_name));
  GUST_CO_TRY(const auto row, co_await store_.get(rows::upload_key(bucket_name, key.str(), upload_id)));
  if (!row) co_return no_upload();
  co_return rows::decode_upload(*row);
}

async::Task<Part> ObjectStore::put_part(PartRequest request, std::unique_ptr<async::ByteSource> source) {
  const auto& [bucket_name, key, upload_id, number, asked_kind, expected, customer_key] = request;
  auto kind = asked_kind;
  GUST_CO_TRY(const auto started, co_await upload(bucket_name, key, upload_id));
  GUST_CO_CHECK(check_part_key(started.encryption, customer_key));
  if (kind && started.checksum_kind && kind != started.checksum_kind) {
    co_return fail(Code::kInvalid, "The checksum of the part is not of the kind that the upload was made with",
                   "checksum kind");
  }
  if (!kind) kind = started.checksum_kind.value_or(ChecksumKind::kCrc64Nvme);
  GUST_CO_TRY(auto bytes, co_await ingest(*source, kind, expected, customer_key));
  const Part part{number,       std::move(bytes.etag),  bytes.size,
                  clock_.now(), bytes.digests.checksum, std::move(bytes.segments)};
  const auto garbage = std::make_shared<std::vector<blobs::BlobId>>();
  kv::Store::Body body = [=, inline_bytes = std::move(bytes.inline_bytes)](kv::Transaction& tx) -> Result<void> {
    garbage->clear();
    GUST_TRY(const auto there, tx.get(rows::upload_key(bucket_name, key.str(), upload_id)));
    if (!there) return no_upload();
    const auto part_key = rows::part_key(upload_id, number);
    GUST_TRY(const auto old, tx.get(part_key));
    if (old) {
      GUST_TRY(const auto replaced, rows::decode_part(*old));
      discard(tx, replaced.segments, *garbage);
    }
    keep(tx, part.segments, inline_bytes);
    tx.put(part_key, rows::encode(part));
    return {};
  };
  const auto done = co_await store_.transact(std::move(body));
  if (!done) {
    GUST_CO_CHECK(co_await remove_refused(done.error(), part.segments));
    co_return std::unexpected(done.error());
  }
  GUST_CO_CHECK(co_await remove_blobs(*garbage));
  co_return part;
}

async::Task<std::vector<Part>> ObjectStore::parts(BucketName bucket_name, ObjectKey key, std::string upload_id) {
  GUST_CO_CHECK(co_await upload(bucket_name, key, upload_id));
  const auto view = store_.snapshot();
  co_return read_parts(*view, upload_id);
}

// Reads the chosen parts again, so that the commit conflicts when one of them is replaced meanwhile.
static Result<void> check_unchanged(kv::Transaction& tx, const std::string& upload_id,
                                    const std::vector<Part>& chosen) {
  for (const auto& part : chosen) {
    GUST_TRY(const auto row, tx.get(rows::part_key(upload_id, part.number)));
    if (!row) return no_upload();
    GUST_TRY(const auto now, rows::decode_part(*row));
    if (now.segments != part.segments)
      return fail(Code::kConflict, "A part was replaced while the upload was completed", "part");
  }
  return {};
}

async::Task<Object> ObjectStore::complete(CompleteRequest request) {
  GUST_CO_TRY(const auto started, co_await upload(request.bucket, request.key, request.upload_id));
  GUST_CO_TRY(const auto there, co_await parts(request.bucket, request.key, request.upload_id));
  GUST_CO_TRY(const auto chosen, choose(request.parts, there));
  auto whole = assemble(started, chosen);
  GUST_CO_CHECK(check_whole(request, whole));
  Also also = [request, chosen](kv::Transaction& tx, std::vector<blobs::BlobId>& garbage) -> Result<void> {
    const auto upload_key = rows::upload_key(request.bucket, request.key.str(), request.upload_id);
    GUST_TRY(const auto row, tx.get(upload_key));
    if (!row) return no_upload();
    GUST_CHECK(check_unchanged(tx, request.upload_id, chosen));
    GUST_TRY(const auto now, read_parts(tx, request.upload_id));
    for (const auto& part : now) {
      if (find_part(chosen, part.number) == nullptr) discard(tx, part.segments, garbage);
      tx.erase(rows::part_key(request.upload_id, part.number));
    }
    tx.erase(upload_key);
    return {};
  };
  GUST_CO_TRY(auto object, co_await commit(request.bucket, std::move(whole), request.condition,
                                           EventKind::kCompleteMultipartUpload, request.origin, std::move(also)));
  GUST_CO_CHECK(co_await drop_parts(request.upload_id));
  co_return object;
}

async::Task<void> ObjectStore::abort(BucketName bucket_name, ObjectKey key, std::string upload_id) {
  GUST_CO_CHECK(co_await upload(bucket_name, key, upload_id));
  kv::Store::Body body = [=](kv::Transaction& tx) -> Result<void> {
    const auto upload_key = rows::upload_key(bucket_name, key.str(), upload_id);
    GUST_TRY(const auto row, tx.get(upload_key));
    if (!row) return no_upload();
    tx.erase(upload_key);
    return {};
  };
  GUST_CO_CHECK(co_await store_.transact(std::move(body)));
  co_return co_await drop_parts(upload_id);
}

}  // namespace gust::objects
