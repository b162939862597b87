// What the object store keeps and answers: no HTTP, no XML. Any thread.
#pragma once

#include "base/ids.h"
#include "base/time.h"
#include "blobs/store.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace gust::objects {

enum class ChecksumKind { kCrc32, kCrc32c, kCrc64Nvme, kSha1, kSha256 };
enum class ChecksumType { kFullObject, kComposite };

struct Checksum {
  ChecksumKind kind = ChecksumKind::kCrc64Nvme;
  ChecksumType type = ChecksumType::kFullObject;
  std::string value;  // raw bytes; a composite one is of the parts' values
  std::uint32_t parts = 0;
  bool operator==(const Checksum&) const = default;
};

// Bytes of an object, in a blob or, when few, in a row of the store.
enum class Place { kBlob, kRow };
struct Segment {
  blobs::BlobId id;
  std::uint64_t size = 0;
  Place place = Place::kBlob;
  bool operator==(const Segment&) const = default;
};

// A bucket that is being deleted is there for nobody; its name is not free yet.
enum class Closing { kNo, kYes };

struct Bucket {
  BucketName name;
  AccountId owner;
  std::string region;
  WallTime created_at{};
  // Configurations as the wire layer gave them (JSON text), empty when there is none.
  std::string cors, notification, website;
  Closing closing = Closing::kNo;
};

struct Object {
  ObjectKey key;
  std::string etag;  // without quotes
  std::uint64_t size = 0;
  WallTime modified_at{};
  std::map<std::string, std::string> headers;   // Content-Type and the other system headers, by lower-case name
  std::map<std::string, std::string> metadata;  // x-amz-meta-*, without the prefix
  std::optional<Checksum> checksum;
  std::vector<Segment> segments;
  std::vector<std::uint64_t> part_sizes;  // of a multipart upload
  std::uint64_t sequence = 0;             // grows with every write of the key
};

struct Part {
  std::uint32_t number = 0;
  std::string etag;
  std::uint64_t size = 0;
  WallTime modified_at{};
  std::optional<Checksum> checksum;
  std::vector<Segment> segments;
};

struct Upload {
  std::string id;
  ObjectKey key;
  WallTime started_at{};
  std::map<std::string, std::string> headers;
  std::map<std::string, std::string> metadata;
  std::optional<ChecksumKind> checksum_kind;
  ChecksumType checksum_type = ChecksumType::kComposite;
};

// What must hold of the object that is there (or is not) when a write commits.
struct WriteCondition {
  std::string if_match;  // ETags as the client wrote them, or "*"; empty for none
  std::string if_none_match;
};

// What a client says that the bytes must be; checked after the last byte, before anything is visible.
struct Expected {
  std::optional<std::string> md5;  // raw
  std::optional<Checksum> checksum;
};

// Behind a key: everything greater. Behind what was listed: also not the common prefix that it is under again.
enum class ListStart { kBehindKey, kBehindListed };

struct ListQuery {
  std::string prefix = {};
  std::string delimiter = {};
  std::string after = {};
  std::size_t limit = 1000;
  ListStart start = ListStart::kBehindKey;
};

struct Page {
  std::vector<Object> objects;
  std::vector<std::string> prefixes;
  std::optional<std::string> next;  // pass as `after`, with kBehindListed, for the next page
};

enum class EventKind { kPut, kPost, kCopy, kCompleteMultipartUpload, kDelete };

// A write that others may want to know of.
struct ObjectEvent {
  EventKind kind = EventKind::kPut;
  Bucket bucket;  // as it was in the write's transaction, with its notification configuration
  Object object;
  WallTime at{};
  RequestId request_id;
  std::string source_ip;
  AccountId requester;
  std::string trace_id;
};

}  // namespace gust::objects
