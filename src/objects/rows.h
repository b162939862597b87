// The rows of the object store as keys and bytes (docs/formats/objects.md). Any thread.
#pragma once

#include "base/result.h"
#include "objects/types.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace gust::objects::rows {

std::string bucket_key(const BucketName& bucket);
std::string objects_prefix(const BucketName& bucket);
std::string object_key(const BucketName& bucket, std::string_view key);
// Older versions of a key, the newest first; below all of a bucket's.
std::string versions_prefix(const BucketName& bucket);
std::string versions_prefix(const BucketName& bucket, std::string_view key);
std::string version_key(const BucketName& bucket, std::string_view key, std::uint64_t sequence);
std::string uploads_prefix(const BucketName& bucket);
// Of the uploads of all keys that begin with `key_prefix`.
std::string uploads_prefix(const BucketName& bucket, std::string_view key_prefix);
std::string upload_key(const BucketName& bucket, std::string_view key, std::string_view upload_id);
std::string parts_prefix(std::string_view upload_id);
std::string part_key(std::string_view upload_id, std::uint32_t number);
std::string bytes_key(const blobs::BlobId& id);
std::string garbage_key(const blobs::BlobId& id);
std::string key_key(std::string_view name);

inline constexpr std::string_view kBuckets = "s3/b/";
inline constexpr std::string_view kAllObjects = "s3/o/";
inline constexpr std::string_view kAllVersions = "s3/v/";
inline constexpr std::string_view kAllUploads = "s3/u/";
inline constexpr std::string_view kAllParts = "s3/p/";
inline constexpr std::string_view kGarbage = "s3/g/";
inline constexpr std::string_view kKeys = "s3/k/";

std::string encode(const Bucket& bucket);
std::string encode(const Object& object);
std::string encode(const Upload& upload);
std::string encode(const Part& part);

// kCorrupt when the bytes are not such a row.
Result<Bucket> decode_bucket(std::string_view row);
Result<Object> decode_object(std::string_view row);
Result<Upload> decode_upload(std::string_view row);
Result<Part> decode_part(std::string_view row);

// A version's id, which tells where it is: 32 characters of base64 for URLs, of the sequence and of 16 random bytes.
std::string make_version_id(std::uint64_t sequence, std::span<const std::byte, 16> random);
// Nothing when it is none that was made here.
std::optional<std::uint64_t> sequence_of(std::string_view version_id);

}  // namespace gust::objects::rows
