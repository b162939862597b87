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

// In rows as numbers: new ones go to the end.
enum class ChecksumKind { kCrc32, kCrc32c, kCrc64Nvme, kSha1, kSha256, kSha512, kMd5, kXxh64, kXxh3, kXxh128 };
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
  std::string sealed_key = {};  // raw; empty: the bytes are not encrypted (objects/sealing.h)
  bool operator==(const Segment&) const = default;
};

// With whose key the keys of the segments are encrypted. None: as all was before.
enum class EncryptionKind { kNone, kStore, kCustomer };
struct Encryption {
  EncryptionKind kind = EncryptionKind::kNone;
  std::string salt = {}, proof = {};  // raw; of a client's key, an HMAC
  bool operator==(const Encryption&) const = default;
};

// A bucket that is being deleted is there for nobody; its name is not free yet.
enum class Closing { kNo, kYes };

// Whether a write keeps what was there before. Once on it can only be suspended.
enum class Versioning { kNever, kEnabled, kSuspended };

struct Bucket {
  BucketName name;
  AccountId owner;
  std::string region;
  WallTime created_at{};
  // Configurations as the wire layer gave them (JSON text) by their name ("cors", "policy"); those that are set.
  std::map<std::string, std::string> configurations = {};
  Versioning versioning = Versioning::kNever;
  Closing closing = Closing::kNo;

  // Empty when there is none.
  std::string configuration(const std::string& which) const {
    const auto it = configurations.find(which);
    return it == configurations.end() ? "" : it->second;
  }
};

// A bucket that is to be made.
struct NewBucket {
  BucketName name;
  AccountId owner;
  std::string region;
  std::map<std::string, std::string> configurations = {};
  Versioning versioning = Versioning::kNever;
};

enum class LockMode { kNone, kGovernance, kCompliance };

// What keeps a version from being deleted.
struct Lock {
  LockMode mode = LockMode::kNone;
  WallTime until{};  // of a mode
  bool legal_hold = false;
  bool operator==(const Lock&) const = default;
};

// How a version stands among those of its key: alone is the current one when there is no other.
enum class Standing { kCurrent, kAlone, kNoncurrent };

// A marker says that the key was deleted and what was there before is kept: it has no bytes.
enum class VersionKind { kObject, kDeleteMarker };

struct Part {
  std::uint32_t number = 0;
  std::string etag;
  std::uint64_t size = 0;
  WallTime modified_at{};
  std::optional<Checksum> checksum;
  std::vector<Segment> segments;
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
  std::vector<Part> parts;     // of a multipart upload, without their segments
  std::string upload_id;       // of that upload
  std::uint64_t sequence = 0;  // grows with every write of the key
  VersionKind kind = VersionKind::kObject;
  std::string version_id;  // empty: the version "null", of a bucket without versioning
  AccountId owner;
  std::string acl;  // JSON text as the wire layer gave it; empty: all to the owner
  std::map<std::string, std::string> tags;
  Lock lock;
  Encryption encryption;
  // Of the key's current version: where its null version is, when that is an older one; else 0.
  std::uint64_t null_sequence = 0;
  WallTime noncurrent_at{};  // of an older version: since when it is that
};

struct Upload {
  std::string id;
  ObjectKey key;
  WallTime started_at{};
  std::map<std::string, std::string> headers;
  std::map<std::string, std::string> metadata;
  std::optional<ChecksumKind> checksum_kind;
  ChecksumType checksum_type = ChecksumType::kComposite;
  AccountId owner;  // who began it, and is to own the object
  std::string acl;
  std::map<std::string, std::string> tags;
  Lock lock;
  Encryption encryption;  // of the parts that are to come
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

// Versions of all keys, or of one, the newest of each key first.
struct VersionsQuery {
  std::string prefix = {};
  std::string delimiter = {};
  std::string key_marker = {};
  // Behind this version of `key_marker` ("null" too); empty: behind the key.
  std::string version_marker = {};
  std::size_t limit = 1000;
};

struct VersionsPage {
  struct Version {
    Object object;
    bool latest = false;
  };
  std::vector<Version> versions;
  std::vector<std::string> prefixes;
  bool truncated = false;
  std::string next_key, next_version;  // to be passed as markers; the version is empty behind a prefix
};

// Uploads that have not ended, by key and then by id.
struct UploadsQuery {
  std::string prefix = {};
  std::string delimiter = {};
  std::string key_marker = {};
  std::string id_marker = {};  // behind this upload of `key_marker`; empty: behind the key
  std::size_t limit = 1000;
};

struct UploadsPage {
  std::vector<Upload> uploads;
  std::vector<std::string> prefixes;
  bool truncated = false;
  std::string next_key, next_id;  // to be passed as markers; the id is empty behind a prefix
};

enum class EventKind {
  kPut,
  kPost,
  kCopy,
  kCompleteMultipartUpload,
  kDelete,
  kDeleteMarker,
  kTagging,
  kTaggingDelete,
  kAcl,
  kLifecycleDelete,
  kLifecycleDeleteMarker
};

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
