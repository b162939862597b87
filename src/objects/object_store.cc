#include "objects/object_store.h"

#include "async/both.h"
#include "base/log.h"
#include "codec/hex.h"
#include "objects/condition.h"
#include "objects/rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace gust::objects {
namespace {

constexpr std::size_t kPiece = 4 * kChunkBytes;
constexpr std::size_t kInlineBytes =
    32 << 10;                                // objects up to this size live in a row: one synced write instead of three
// Removed blobs share the syncs of their folders; the rows of fewer stay until the next start.
constexpr std::size_t kSettleAt = 32;
constexpr std::size_t kHashHere = 16 << 10;  // fewer bytes are hashed on the loop: a hop costs more

blobs::BlobId new_id(env::Random& random) {
  std::array<std::byte, 16> bytes{};
  random.fill(bytes);
  return blobs::BlobId(codec::to_hex(bytes));
}

Result<Bucket> open_bucket(const std::optional<std::string>& row) {
  const auto none = [] { return fail(Code::kNotFound, "The specified bucket does not exist", "bucket"); };
  if (!row) return none();
  GUST_TRY(auto bucket, rows::decode_bucket(*row));
  if (bucket.closing == Closing::kYes) return none();
  return bucket;
}

Result<void> check(const Expected& expected, const Hasher::Result& got) {
  if (expected.md5 && *expected.md5 != got.md5) {
    return fail(Code::kInvalid, "The Content-MD5 you specified did not match what we received.", "digest");
  }
  if (expected.checksum && got.checksum && expected.checksum->value != got.checksum->value) {
    return fail(Code::kInvalid, "The checksum you specified did not match the calculated checksum.", "checksum");
  }
  return {};
}

// Source: "General purpose bucket naming rules", S3 user guide.
constexpr std::string_view kReservedPrefixes[] = {"xn--", "sthree-", "amzn-s3-demo-"};
constexpr std::string_view kReservedSuffixes[] = {"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"};

}  // namespace

Result<void> check_bucket_name(std::string_view name) {
  const auto wrong = [&] { return fail(Code::kInvalid, "The specified bucket is not valid.", "bucket name"); };
  if (name.size() < 3 || name.size() > 63) return wrong();
  const auto alnum = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (!alnum(name.front()) || !alnum(name.back())) return wrong();
  if (!std::ranges::all_of(name, [&](char c) { return alnum(c) || c == '.' || c == '-'; })) return wrong();
  if (name.find("..") != std::string_view::npos) return wrong();
  if (std::ranges::any_of(kReservedPrefixes, [&](auto prefix) { return name.starts_with(prefix); })) return wrong();
  if (std::ranges::any_of(kReservedSuffixes, [&](auto suffix) { return name.ends_with(suffix); })) return wrong();
  const bool like_address = std::ranges::count(name, '.') == 3 &&
                            std::ranges::all_of(name, [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
  if (like_address) return wrong();
  return {};
}

ObjectStore::ObjectStore(kv::Store& store, blobs::Store& blobs, env::Clock& clock, env::Random& random, Outbox& outbox,
                         codec::Key256 key, std::size_t hash_threads)
    : store_(store),
      blobs_(blobs),
      clock_(clock),
      random_(random),
      outbox_(outbox),
      key_(std::move(key)),
      workers_("objects", hash_threads),
      pins_(std::make_shared<Pins>()) {}

ObjectStore::~ObjectStore() = default;

Result<Bucket> ObjectStore::need_bucket(kv::Reader& reader, const BucketName& name) const {
  GUST_TRY(const auto row, reader.get(rows::bucket_key(name)));
  return open_bucket(row);
}

async::Task<void> ObjectStore::create_bucket(NewBucket wanted) {
  GUST_CO_CHECK(check_bucket_name(wanted.name.str()));
  const Bucket made{wanted.name, wanted.owner, wanted.region, clock_.now(), wanted.configurations, wanted.versioning};
  kv::Store::Body body = [made](kv::Transaction& tx) -> Result<void> {
    GUST_TRY(const auto row, tx.get(rows::bucket_key(made.name)));
    if (row) {
      GUST_TRY(const auto there, rows::decode_bucket(*row));
      if (there.closing == Closing::kYes) return fail(Code::kConflict, "The bucket is being deleted", "closing");
      if (there.owner == made.owner) {
        return fail(Code::kAlreadyExists,
                    "Your previous request to create the named bucket succeeded and you already own it.", "own bucket");
      }
      return fail(
          Code::kAlreadyExists,
          "The requested bucket name is not available. The bucket namespace is shared by all users of the system. "
          "Please select a different name and try again.",
          "bucket");
    }
    tx.put(rows::bucket_key(made.name), rows::encode(made));
    return {};
  };
  co_return co_await store_.transact(std::move(body));
}

async::Task<Bucket> ObjectStore::bucket(BucketName name) {
  GUST_CO_TRY(const auto row, co_await store_.get(rows::bucket_key(name)));
  co_return open_bucket(row);
}

async::Task<std::vector<Bucket>> ObjectStore::buckets(AccountId owner) {
  std::vector<Bucket> out;
  auto range = kv::Range::prefix(std::string(rows::kBuckets));
  for (;;) {
    GUST_CO_TRY(const auto found, co_await store_.scan(range));
    for (const auto& row : found) {
      GUST_CO_TRY(auto bucket, rows::decode_bucket(row.value));
      if (bucket.owner == owner && bucket.closing == Closing::kNo) out.push_back(std::move(bucket));
    }
    if (found.size() < range.limit) co_return out;
    range.begin = found.back().key + '\0';
  }
}

async::Task<std::vector<Bucket>> ObjectStore::configured(std::string which) {
  std::vector<Bucket> out;
  auto range = kv::Range::prefix(std::string(rows::kBuckets));
  for (;;) {
    GUST_CO_TRY(const auto found, co_await store_.scan(range));
    for (const auto& row : found) {
      GUST_CO_TRY(auto bucket, rows::decode_bucket(row.value));
      if (bucket.closing == Closing::kNo && bucket.configurations.contains(which)) out.push_back(std::move(bucket));
    }
    if (found.size() < range.limit) co_return out;
    range.begin = found.back().key + '\0';
  }
}

async::Task<void> ObjectStore::configure(BucketName name, std::string which, std::string json) {
  kv::Store::Body body = [this, name, which, json](kv::Transaction& tx) -> Result<void> {
    GUST_TRY(auto bucket, need_bucket(tx, name));
    if (json.empty()) {
      bucket.configurations.erase(which);
    } else {
      bucket.configurations[which] = json;
    }
    tx.put(rows::bucket_key(name), rows::encode(bucket));
    return {};
  };
  co_return co_await store_.transact(std::move(body));
}

async::Task<void> ObjectStore::set_versioning(BucketName name, Versioning versioning) {
  kv::Store::Body body = [this, name, versioning](kv::Transaction& tx) -> Result<void> {
    GUST_TRY(auto bucket, need_bucket(tx, name));
    if (versioning != Versioning::kEnabled && bucket.configurations.contains("object-lock")) {
      return fail(Code::kConflict,
                  "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.",
                  "lock");
    }
    bucket.versioning = versioning;
    tx.put(rows::bucket_key(name), rows::encode(bucket));
    return {};
  };
  co_return co_await store_.transact(std::move(body));
}

async::Task<void> ObjectStore::grind(std::shared_ptr<Mill> mill, std::span<const std::byte> bytes) {
  auto job = [mill, bytes]() -> Result<void> {
    mill->hasher.update(bytes);
    mill->sealed = mill->sealer.feed(bytes);
    return {};
  };
  if (bytes.size() <= kHashHere) co_return job();
  co_return co_await workers_.run(std::move(job));
}

// The ETag is the MD5 of the bytes, but where a client's key encrypts them: it would tell of them without the key.
std::string ObjectStore::etag_of(const std::string& md5, const CustomerKey& customer_key) {
  return customer_key ? new_id(random_).str() : codec::to_hex(md5);
}

async::Task<ObjectStore::Ingested> ObjectStore::ingest(async::ByteSource& body, std::optional<ChecksumKind> kind,
                                                       const std::function<Result<Expected>()>& expected,
                                                       const CustomerKey& customer_key) {
  Ingested out;
  const auto key = fresh_key(random_);
  const auto mill = std::make_shared<Mill>(Hasher(kind), Sealer(key));
  std::unique_ptr<blobs::Writer> writer;
  const auto room = body.remaining().value_or(kPiece) <= kInlineBytes ? kInlineBytes : kPiece;
  const auto piece = std::make_unique_for_overwrite<std::byte[]>(room);
  for (bool end = false; !end;) {
    std::size_t filled = 0;
    while (filled < room) {
      const std::span rest(piece.get() + filled, room - filled);
      GUST_CO_TRY(const auto n, co_await body.read(rest));
      if (n == 0) {
        end = true;
        break;
      }
      filled += n;
    }
    const auto bytes = std::span<const std::byte>(piece.get(), filled);
    out.size += filled;
    if (out.size > kMaxPutBytes)
      co_return fail(Code::kTooLarge, "Your proposed upload exceeds the maximum allowed size", "object");
    GUST_CO_CHECK(co_await grind(mill, bytes));
    if (!writer && end && filled <= kInlineBytes) break;
    if (!writer) {
      GUST_CO_TRY(writer, co_await blobs_.create());
    }
    if (!mill->sealed.empty()) GUST_CO_CHECK(co_await writer->write(mill->sealed));
  }
  out.digests = mill->hasher.finish();
  out.etag = etag_of(out.digests.md5, customer_key);
  GUST_CO_TRY(const auto wanted, expected ? expected() : Result<Expected>(Expected{}));
  GUST_CO_CHECK(check(wanted, out.digests));
  if (out.size == 0) co_return out;
  const auto last = mill->sealer.finish();
  Segment segment{new_id(random_), out.size, writer ? Place::kBlob : Place::kRow};
  if (writer) {
    GUST_CO_CHECK(co_await writer->write(last));
    // Before it is visible, for nothing looks for blobs that no row tells of.
    GUST_CO_CHECK(co_await async::both(writer->sync(), announce(writer->id())));
    GUST_CO_TRY(segment.id, co_await writer->commit());
  } else {
    out.inline_bytes.assign(reinterpret_cast<const char*>(last.data()), last.size());
  }
  segment.sealed_key = wrap_key(customer_key ? *customer_key : key_, key, segment, random_);
  out.segments.push_back(std::move(segment));
  co_return out;
}

async::Task<void> ObjectStore::announce(blobs::BlobId id) {
  kv::Store::Body body = [id](kv::Transaction& tx) -> Result<void> {
    tx.put(rows::garbage_key(id), "");
    return {};
  };
  co_return co_await store_.transact(std::move(body));
}

void ObjectStore::keep(kv::Transaction& tx, const std::vector<Segment>& segments, const std::string& inline_bytes) {
  for (const auto& segment : segments) {
    if (segment.place == Place::kBlob) {
      tx.erase(rows::garbage_key(segment.id));
    } else {
      tx.put(rows::bytes_key(segment.id), inline_bytes);
    }
  }
}

void ObjectStore::discard(kv::Transaction& tx, const std::vector<Segment>& segments,
                          std::vector<blobs::BlobId>& garbage) {
  for (const auto& segment : segments) {
    if (segment.place == Place::kRow) {
      tx.erase(rows::bytes_key(segment.id));
    } else {
      tx.put(rows::garbage_key(segment.id), "");
      garbage.push_back(segment.id);
    }
  }
}

Result<void> ObjectStore::replace(kv::Transaction& tx, const Bucket& bucket, Object& object,
                                  const WriteCondition& condition, std::vector<blobs::BlobId>& garbage) {
  const auto key = rows::object_key(bucket.name, object.key.str());
  GUST_TRY(const auto row, tx.get(key));
  std::optional<Object> there;
  if (row) {
    GUST_TRY(there, rows::decode_object(*row));
  }
  const bool exists = there && there->kind == VersionKind::kObject;
  GUST_CHECK(check(condition, exists ? &*there : nullptr));
  if (object.owner == bucket.owner) object.owner = AccountId();
  return put_current(tx, bucket, object, std::move(there), garbage);
}

async::Task<Object> ObjectStore::commit(BucketName bucket, Object object, WriteCondition condition, EventKind kind,
                                        Origin origin, Also also) {
  struct State {
    Object object;
    std::vector<blobs::BlobId> garbage;
    bool heard = false;
  };
  const auto state = std::make_shared<State>(State{std::move(object), {}, false});
  kv::Store::Body body = [this, state, bucket, condition, kind, origin,
                          also = std::move(also)](kv::Transaction& tx) -> Result<void> {
    state->garbage.clear();
    GUST_TRY(const auto owner, need_bucket(tx, bucket));
    GUST_CHECK(also(tx, state->garbage));
    GUST_CHECK(replace(tx, owner, state->object, condition, state->garbage));
    state->heard = owner.configurations.contains("notification");
    return state->heard ? tell(tx, kind, owner, state->object, origin) : Result<void>();
  };
  GUST_CO_CHECK(co_await store_.transact(std::move(body)));
  if (state->heard) outbox_.notify();
  if (const auto removed = co_await remove_blobs(state->garbage); !removed) {
    GUST_WARN("objects: removing replaced blobs: {}", removed.error().message);  // the next start takes them
  }
  co_return std::move(state->object);
}

std::uint64_t ObjectStore::next_sequence(WallTime now, std::uint64_t behind) {
  auto known = last_sequence_.load();
  std::uint64_t next = 0;
  do {
    next = std::max({static_cast<std::uint64_t>(to_epoch_ms(now)) << 16, behind + 1, known + 1});
  } while (!last_sequence_.compare_exchange_weak(known, next));
  return next;
}

async::Task<void> ObjectStore::remove_blobs(std::vector<blobs::BlobId> garbage) {
  garbage.insert(garbage.end(), pins_->released.begin(), pins_->released.end());
  pins_->released.clear();
  for (const auto& id : garbage) {
    if (pins_->readers.contains(id)) {
      pins_->doomed.insert(id);
      continue;
    }
    GUST_CO_CHECK(co_await blobs_.remove(id));
    removed_.insert(id);
  }
  co_return removed_.size() < kSettleAt ? Result<void>() : co_await settle();
}

async::Task<void> ObjectStore::settle() {
  auto removed = std::exchange(removed_, {});
  GUST_CO_TRY(const auto settled, co_await blobs_.settle(removed));
  std::erase_if(removed, [&](const auto& id) { return settled.contains(id); });
  removed_.merge(removed);
  if (settled.empty()) co_return Result<void>{};
  kv::Store::Body body = [&settled](kv::Transaction& tx) -> Result<void> {
    for (const auto& id : settled) tx.erase(rows::garbage_key(id));
    return {};
  };
  co_return co_await store_.transact(std::move(body), kv::Durability::kBuffered);
}

Encryption ObjectStore::encryption_with(const CustomerKey& customer_key) {
  return customer_key ? customer_encryption(*customer_key, random_) : Encryption{EncryptionKind::kStore};
}

async::Task<Object> ObjectStore::put(PutRequest request, std::unique_ptr<async::ByteSource> body) {
  GUST_CO_CHECK(co_await bucket(request.bucket));
  GUST_CO_TRY(auto bytes, co_await ingest(*body, request.checksum_kind, request.expected, request.customer_key));
  Object object;
  object.key = request.key;
  object.etag = std::move(bytes.etag);
  object.size = bytes.size;
  object.headers = std::move(request.attributes.headers);
  object.metadata = std::move(request.attributes.metadata);
  object.acl = std::move(request.attributes.acl);
  object.tags = std::move(request.attributes.tags);
  object.lock = request.attributes.lock;
  object.owner = std::move(request.attributes.owner);
  object.checksum = bytes.digests.checksum;
  object.segments = std::move(bytes.segments);
  object.encryption = encryption_with(request.customer_key);
  const auto segments = object.segments;
  Also also = [segments, inline_bytes = std::move(bytes.inline_bytes)](kv::Transaction& tx, auto&) -> Result<void> {
    keep(tx, segments, inline_bytes);
    return {};
  };
  auto put = co_await commit(request.bucket, std::move(object), request.condition, request.event, request.origin,
                             std::move(also));
  if (!put) GUST_CO_CHECK(co_await remove_refused(put.error(), segments));
  co_return put;
}

async::Task<Object> ObjectStore::copy(CopyRequest request) {
  GUST_CO_TRY(auto source, co_await open(request.from, 0, request.from.size, request.from_key));
  PutRequest put_request;
  put_request.bucket = request.bucket;
  put_request.key = request.key;
  put_request.attributes = std::move(request.attributes);
  put_request.checksum_kind = request.checksum_kind;
  if (!request.checksum_kind && request.from.checksum) put_request.checksum_kind = request.from.checksum->kind;
  put_request.condition = std::move(request.condition);
  put_request.customer_key = std::move(request.customer_key);
  put_request.event = EventKind::kCopy;
  put_request.origin = request.origin;
  co_return co_await put(std::move(put_request), std::move(source));
}

}  // namespace gust::objects
