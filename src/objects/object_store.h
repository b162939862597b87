// ObjectStore: buckets and objects on kv and blobs. No HTTP, no XML, no events: it writes to an Outbox inside its own
// transactions. Errors name their thing in Error::source: "bucket", "key", "version", "version id", "marker", "lock",
// "upload", "part", "part order", "part size", "part encryption", "digest", "checksum", "checksum kind", "object size",
// "closing", "not empty", "customer key" and its kin (objects/sealing.h). Loop thread only.
#pragma once

#include "async/blocking_pool.h"
#include "async/bytes.h"
#include "base/context.h"
#include "blobs/store.h"
#include "codec/aes_gcm.h"
#include "env/clock.h"
#include "env/random.h"
#include "kv/store.h"
#include "objects/hasher.h"
#include "objects/sealing.h"
#include "objects/types.h"

#include <atomic>
#include <functional>
#include <memory>
#include <set>
#include <unordered_map>

namespace gust::objects {

// Hears of every write of an object, inside its transaction (on a pool thread).
class Outbox {
 public:
  virtual ~Outbox() = default;
  virtual Result<void> append(kv::Transaction& tx, const ObjectEvent& event) = 0;
  // After the commit; loop thread.
  virtual void notify() = 0;
};

// Who asks, for events.
struct Origin {
  RequestId request_id;
  std::string source_ip;
  AccountId account;
  std::string trace_id = {};
};

// A key that a client brings with each request, to encrypt with or to read; none: the store's own.
using CustomerKey = std::optional<codec::Key256>;

// What a write gives its object beside the bytes.
struct Attributes {
  std::map<std::string, std::string> headers = {};
  std::map<std::string, std::string> metadata = {};
  std::string acl = {};
  std::map<std::string, std::string> tags = {};
  Lock lock = {};
  AccountId owner = {};  // empty: the bucket's
};

struct PutRequest {
  BucketName bucket;
  ObjectKey key;
  Attributes attributes;
  WriteCondition condition;
  std::optional<ChecksumKind> checksum_kind;
  // Asked after the last byte was read, when trailers are there.
  std::function<Result<Expected>()> expected;
  CustomerKey customer_key;
  EventKind event = EventKind::kPut;
  Origin origin;
};

struct CopyRequest {
  BucketName from_bucket;
  Object from;  // as got() with its conditions checked
  BucketName bucket;
  ObjectKey key;
  Attributes attributes;
  std::optional<ChecksumKind> checksum_kind;  // else the source's
  WriteCondition condition;
  Origin origin;
  CustomerKey from_key = {}, customer_key = {};
};

enum class Governance { kKept, kBypassed };

// What lifecycle rules were applied to.
struct Found {
  std::string rules;           // the bucket's configuration "lifecycle"
  std::uint64_t sequence = 0;  // of the version
  std::map<std::string, std::string> tags = {};
  Standing standing = Standing::kCurrent;
  std::size_t newer = 0;  // at least so many noncurrent versions are newer than this
};

struct EraseRequest {
  BucketName bucket;
  ObjectKey key;
  std::optional<std::string> version = {};  // an id, or "null"; without one the bucket's versioning decides
  std::string if_match = {};                // ETags, or "*"
  Governance governance = Governance::kKept;
  bool lifecycle = false;  // by the bucket's lifecycle rules, which events tell
  // Must be so still when the deletion commits; else kPrecondition with source "found".
  std::optional<Found> found = {};
  Origin origin = {};
};

struct Erased {
  std::optional<std::string> version;  // that is gone, or the marker's that was made; of a bucket with versioning
  bool marker = false;                 // it is a delete marker
};

struct CompleteRequest {
  BucketName bucket;
  ObjectKey key;
  std::string upload_id;
  struct Named {
    std::uint32_t number = 0;
    std::string etag;
    std::optional<Checksum> checksum;
  };
  std::vector<Named> parts;
  std::optional<Checksum> checksum;  // what the client says of the whole
  std::optional<std::uint64_t> size;
  WriteCondition condition;
  Origin origin;
};

struct PartRequest {
  BucketName bucket;
  ObjectKey key;
  std::string upload_id;
  std::uint32_t number = 0;
  std::optional<ChecksumKind> checksum_kind = {};  // else the upload's
  std::function<Result<Expected>()> expected = {};
  CustomerKey customer_key = {};
};

inline constexpr std::uint64_t kMinPartBytes = 5 << 20;
inline constexpr std::uint64_t kMaxPutBytes = 5ULL << 30;
inline constexpr std::uint64_t kMaxObjectBytes = 5ULL << 40;

class ObjectStore {
 public:
  ObjectStore(kv::Store& store, blobs::Store& blobs, env::Clock& clock, env::Random& random, Outbox& outbox,
              codec::Key256 key, std::size_t hash_threads = 2);
  ~ObjectStore();

  // kInvalid for a bad name; kAlreadyExists with source "bucket", or "own bucket" when the owner has it already.
  async::Task<void> create_bucket(NewBucket wanted);
  async::Task<Bucket> bucket(BucketName name);
  async::Task<std::vector<Bucket>> buckets(AccountId owner);
  // Of all owners, those that have the configuration `which`.
  async::Task<std::vector<Bucket>> configured(std::string which);
  async::Task<void> delete_bucket(BucketName name);
  // Sets the configuration `which`, or removes it when `json` is empty.
  async::Task<void> configure(BucketName name, std::string which, std::string json);
  // kConflict with source "lock" when a bucket with object lock is to be suspended.
  async::Task<void> set_versioning(BucketName name, Versioning versioning);

  async::Task<Object> put(PutRequest request, std::unique_ptr<async::ByteSource> body);
  // kNotFound: "key", or "version" for one that was named. A delete marker is no object: kNotFound with source
  // "marker", kUnsupported where the marker itself was named. kInvalid, "version id": not such an id.
  async::Task<Object> get(BucketName bucket, ObjectKey key, std::optional<std::string> version = {});
  // The same, and markers too.
  async::Task<Object> find(BucketName bucket, ObjectKey key, std::optional<std::string> version = {});
  // Bytes [offset, offset + length) of what get() answered; readable to its end also when the object is replaced.
  async::Task<std::unique_ptr<async::ByteSource>> open(Object object, std::uint64_t offset, std::uint64_t length,
                                                       CustomerKey key = {});
  // Succeeds also when there is none, unless `if_match` is given. kDenied with source "lock" for a version that is
  // locked.
  async::Task<Erased> erase(EraseRequest request);
  // Changes what is not of the bytes (tags, ACL, lock) of the current version or of the one named.
  using Change = std::function<Result<void>(Object&)>;
  async::Task<Object> update(BucketName bucket, ObjectKey key, std::optional<std::string> version, Change change,
                             std::optional<EventKind> event, Origin origin);
  async::Task<Object> copy(CopyRequest request);
  async::Task<Page> list(BucketName bucket, ListQuery query);
  async::Task<VersionsPage> list_versions(BucketName bucket, VersionsQuery query);

  async::Task<Upload> create_upload(BucketName bucket, Upload upload, CustomerKey key = {});
  async::Task<Upload> upload(BucketName bucket, ObjectKey key, std::string upload_id);
  async::Task<Part> put_part(PartRequest request, std::unique_ptr<async::ByteSource> body);
  async::Task<std::vector<Part>> parts(BucketName bucket, ObjectKey key, std::string upload_id);
  async::Task<UploadsPage> list_uploads(BucketName bucket, UploadsQuery query);
  async::Task<Object> complete(CompleteRequest request);
  async::Task<void> abort(BucketName bucket, ObjectKey key, std::string upload_id);

  // Every blob that a row names: reads every object's row.
  static Result<std::set<blobs::BlobId>> referenced(kv::Reader& reader);
  // At the start: ends what a crash left half done (blobs to be removed, or committed and not named, buckets being
  // deleted, parts that came while their upload ended).
  async::Task<void> recover();

 private:
  class Reading;
  // Blobs that are being read are removed after their last reader has ended.
  struct Pins {
    std::unordered_map<blobs::BlobId, int> readers;
    std::set<blobs::BlobId> doomed;       // to be removed, and still read
    std::vector<blobs::BlobId> released;  // to be removed, no longer read
  };
  struct Ingested {
    std::vector<Segment> segments;
    std::string inline_bytes;  // of the one segment that goes to a row
    std::uint64_t size = 0;
    Hasher::Result digests;
    std::string etag;
  };
  // What a piece of a body goes through.
  struct Mill {
    Hasher hasher;
    Sealer sealer;
    std::span<const std::byte> sealed = {};
  };

  // More to write in an object's transaction; names the blobs that go with it.
  using Also = std::function<Result<void>(kv::Transaction&, std::vector<blobs::BlobId>&)>;

  async::Task<Ingested> ingest(async::ByteSource& body, std::optional<ChecksumKind> kind,
                               const std::function<Result<Expected>()>& expected, const CustomerKey& customer_key);
  async::Task<void> grind(std::shared_ptr<Mill> mill, std::span<const std::byte> bytes);
  std::string etag_of(const std::string& md5, const CustomerKey& customer_key);
  Encryption encryption_with(const CustomerKey& customer_key);
  // Writes the object's row over the one that is there, with the event, in one transaction.
  async::Task<Object> commit(BucketName bucket, Object object, WriteCondition condition, EventKind kind, Origin origin,
                             Also also);
  // A version's row, which may be the key's current one.
  struct Located {
    std::string row_key;
    Object object;
    bool current = false;
  };
  static Result<std::optional<Located>> locate(kv::Reader& reader, const BucketName& bucket, const ObjectKey& key,
                                               const std::optional<std::string>& version);
  // Puts `object` as the key's current version over `there`, which is kept or discarded as the bucket's versioning
  // says.
  Result<void> put_current(kv::Transaction& tx, const Bucket& bucket, Object& object, std::optional<Object> there,
                           std::vector<blobs::BlobId>& garbage);
  Result<void> replace(kv::Transaction& tx, const Bucket& bucket, Object& object, const WriteCondition& condition,
                       std::vector<blobs::BlobId>& garbage);
  struct Erasing;
  Result<void> erase_current(kv::Transaction& tx, const Bucket& bucket, const EraseRequest& request, Erasing& erasing);
  Result<void> erase_version(kv::Transaction& tx, const Bucket& bucket, const EraseRequest& request, Erasing& erasing);
  Result<void> promote(kv::Transaction& tx, const BucketName& bucket, const Object& gone);
  Result<void> tell(kv::Transaction& tx, EventKind kind, const Bucket& bucket, const Object& object,
                    const Origin& origin);
  // Greater than every one before, and than `behind`.
  std::uint64_t next_sequence(WallTime now, std::uint64_t behind);
  async::Task<bool> is_empty(BucketName name);
  async::Task<void> set_closing(BucketName name, Closing closing);
  async::Task<void> drop_uploads(BucketName name);
  // Parts that were committed while their upload ended.
  async::Task<void> drop_parts(std::string upload_id);
  async::Task<void> recover_buckets();
  async::Task<void> recover_parts();
  Result<Bucket> need_bucket(kv::Reader& reader, const BucketName& name) const;
  // Makes a row that says "this blob is to be removed", durably, before the blob is there.
  async::Task<void> announce(blobs::BlobId id);
  // The segments of a body are named from here on: no blob of theirs is to be removed.
  static void keep(kv::Transaction& tx, const std::vector<Segment>& segments, const std::string& inline_bytes);
  // Rows that say "this blob is to be removed"; the blobs go after the commit, when no reader has them.
  static void discard(kv::Transaction& tx, const std::vector<Segment>& segments, std::vector<blobs::BlobId>& garbage);
  async::Task<void> remove_blobs(std::vector<blobs::BlobId> garbage);
  // Erases the rows that say so of the blobs of removed_, once those cannot be there again.
  async::Task<void> settle();
  // After a transaction that certainly did not commit: the blobs that it would have named.
  async::Task<void> remove_refused(Error why, std::vector<Segment> segments);

  kv::Store& store_;
  blobs::Store& blobs_;
  env::Clock& clock_;
  env::Random& random_;
  Outbox& outbox_;
  codec::Key256 key_;            // of what no client brought a key for
  async::BlockingPool workers_;  // hash, encrypt, and read listings
  std::atomic<std::uint64_t> last_sequence_ = 0;
  std::shared_ptr<Pins> pins_;
  std::set<blobs::BlobId> removed_;  // whose rows s3/g/ are there still
};

// 3-63 of a-z, 0-9, '.' and '-', as the service documents it.
Result<void> check_bucket_name(std::string_view name);

}  // namespace gust::objects
