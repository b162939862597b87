// Versions of a key: its current one under s3/o/, the older ones under s3/v/; what a write or a deletion does to them.
#include "objects/condition.h"
#include "objects/object_store.h"
#include "objects/rows.h"

#include "base/log.h"

#include <algorithm>
#include <array>

namespace gust::objects {
namespace {

std::unexpected<Error> no_key() { return fail(Code::kNotFound, "The specified key does not exist.", "key"); }

bool is_version(const Object& object, const std::string& version) {
  return object.version_id.empty() ? version == "null" : object.version_id == version;
}

// Where the row of an older version would be; 0 when there can be none.
Result<std::uint64_t> older_sequence(const Object& current, const std::string& version) {
  if (version == "null") return current.null_sequence;
  const auto sequence = rows::sequence_of(version);
  if (!sequence) return fail(Code::kInvalid, "Invalid version id specified", "version id");
  return *sequence;
}

Result<void> check_lock(const Object& object, Governance governance, WallTime now) {
  const auto& lock = object.lock;
  const bool kept =
      lock.mode == LockMode::kCompliance || (lock.mode == LockMode::kGovernance && governance == Governance::kKept);
  if (!lock.legal_hold && !(kept && lock.until > now)) return {};
  return fail(Code::kDenied, "Access Denied because object protected by object lock.", "lock");
}

// Every row that this depends on is read by its key, so that a write to one meanwhile is a conflict.
Result<void> check_found(kv::Reader& reader, const Bucket& bucket, const EraseRequest& request, const Object* object,
                         bool current) {
  if (!request.found) return {};
  const auto& found = *request.found;
  const auto changed = [] {
    return fail(Code::kPrecondition, "it is no longer what the rules were applied to", "found");
  };
  if (object == nullptr || object->sequence != found.sequence || object->tags != found.tags) return changed();
  if (bucket.configuration("lifecycle") != found.rules) return changed();
  if (current != (found.standing != Standing::kNoncurrent)) return changed();
  const auto key = request.key.str();
  if (found.standing == Standing::kAlone) {
    GUST_TRY(const auto older, reader.scan(kv::Range::prefix(rows::versions_prefix(bucket.name, key), 1)));
    return older.empty() ? Result<void>() : changed();
  }
  if (found.standing == Standing::kCurrent || found.newer == 0) return {};
  auto range = kv::Range::prefix(rows::versions_prefix(bucket.name, key), found.newer);
  range.end = rows::version_key(bucket.name, key, found.sequence);
  GUST_TRY(const auto newer, reader.scan(range));
  if (newer.size() < found.newer) return changed();
  for (const auto& row : newer) {
    GUST_TRY(const auto still, reader.get(row.key));
    if (!still) return changed();
  }
  return {};
}

std::optional<std::string> shown_version(const Object& object) {
  return object.version_id.empty() ? "null" : object.version_id;
}

}  // namespace

struct ObjectStore::Erasing {
  Erased erased;
  std::vector<blobs::BlobId> garbage;
  std::optional<std::pair<EventKind, Object>> event;
};

Result<std::optional<ObjectStore::Located>> ObjectStore::locate(kv::Reader& reader, const BucketName& bucket,
                                                                const ObjectKey& key,
                                                                const std::optional<std::string>& version) {
  if (version && version->empty())
    return fail(Code::kInvalid, "Version id cannot be the empty string", "version id");
  if (version && *version != "null" && !rows::sequence_of(*version))
    return fail(Code::kInvalid, "Invalid version id specified", "version id");
  Located located{rows::object_key(bucket, key.str()), {}, true};
  GUST_TRY(const auto row, reader.get(located.row_key));
  if (!row) return std::nullopt;
  GUST_TRY(located.object, rows::decode_object(*row));
  if (!version || is_version(located.object, *version)) return located;
  GUST_TRY(const auto sequence, older_sequence(located.object, *version));
  if (sequence == 0) return std::nullopt;
  located = {rows::version_key(bucket, key.str(), sequence), {}, false};
  GUST_TRY(const auto older, reader.get(located.row_key));
  if (!older) return std::nullopt;
  GUST_TRY(located.object, rows::decode_object(*older));
  if (!is_version(located.object, *version)) return std::nullopt;
  return located;
}

Result<void> ObjectStore::put_current(kv::Transaction& tx, const Bucket& bucket, Object& object,
                                      std::optional<Object> there, std::vector<blobs::BlobId>& garbage) {
  object.modified_at = clock_.now();
  object.sequence = next_sequence(object.modified_at, there ? there->sequence : 0);
  const auto& key = object.key.str();
  object.version_id.clear();
  object.null_sequence = 0;
  if (bucket.versioning == Versioning::kEnabled) {
    std::array<std::byte, 16> random{};
    random_.fill(random);
    object.version_id = rows::make_version_id(object.sequence, random);
    if (there) object.null_sequence = there->version_id.empty() ? there->sequence : there->null_sequence;
  } else if (there && there->null_sequence != 0) {
    // What is written is the null version: the one that was that goes.
    const auto null_key = rows::version_key(bucket.name, key, there->null_sequence);
    GUST_TRY(const auto row, tx.get(null_key));
    if (row) {
      GUST_TRY(const auto null, rows::decode_object(*row));
      discard(tx, null.segments, garbage);
      tx.erase(null_key);
    }
  }
  if (there && (bucket.versioning == Versioning::kEnabled || !there->version_id.empty())) {
    there->noncurrent_at = object.modified_at;
    there->null_sequence = 0;
    tx.put(rows::version_key(bucket.name, key, there->sequence), rows::encode(*there));
  } else if (there) {
    discard(tx, there->segments, garbage);
  }
  tx.put(rows::object_key(bucket.name, key), rows::encode(object));
  return {};
}

async::Task<Object> ObjectStore::find(BucketName bucket_name, ObjectKey key, std::optional<std::string> version) {
  if (!version) {
    GUST_CO_TRY(const auto row, co_await store_.get(rows::object_key(bucket_name, key.str())));
    if (row) co_return rows::decode_object(*row);
    GUST_CO_CHECK(co_await bucket(bucket_name));
    co_return no_key();
  }
  const auto found = std::make_shared<std::optional<Located>>();
  auto job = [reader = std::shared_ptr(store_.snapshot()), found, bucket_name, key, version]() -> Result<void> {
    GUST_TRY(*found, locate(*reader, bucket_name, key, version));
    return {};
  };
  GUST_CO_CHECK(co_await workers_.run(std::move(job)));
  if (*found) co_return std::move((*found)->object);
  GUST_CO_CHECK(co_await bucket(bucket_name));
  co_return fail(Code::kNotFound, "The specified version does not exist.", "version");
}

async::Task<Object> ObjectStore::get(BucketName bucket, ObjectKey key, std::optional<std::string> version) {
  const bool named = version.has_value();
  GUST_CO_TRY(auto object, co_await find(std::move(bucket), std::move(key), std::move(version)));
  if (object.kind == VersionKind::kObject) co_return object;
  if (named) co_return fail(Code::kUnsupported, "The specified method is not allowed against this resource.", "marker");
  co_return fail(Code::kNotFound, "The specified key does not exist.", "marker");
}

Result<void> ObjectStore::tell(kv::Transaction& tx, EventKind kind, const Bucket& bucket, const Object& object,
                               const Origin& origin) {
  return outbox_.append(
      tx, {kind, bucket, object, clock_.now(), origin.request_id, origin.source_ip, origin.account, origin.trace_id});
}

// Of a bucket with versioning: a marker in front of what is there. Without: what is there goes.
Result<void> ObjectStore::erase_current(kv::Transaction& tx, const Bucket& bucket, const EraseRequest& request,
                                        Erasing& erasing) {
  GUST_TRY(auto located, locate(tx, bucket.name, request.key, std::nullopt));
  const bool exists = located && located->object.kind == VersionKind::kObject;
  GUST_CHECK(check({request.if_match, ""}, exists ? &located->object : nullptr));
  GUST_CHECK(check_found(tx, bucket, request, exists ? &located->object : nullptr, true));
  if (bucket.versioning != Versioning::kNever) {
    Object marker;
    marker.key = request.key;
    marker.kind = VersionKind::kDeleteMarker;
    if (request.origin.account != bucket.owner) marker.owner = request.origin.account;
    std::optional<Object> there;
    if (located) there = std::move(located->object);
    GUST_CHECK(put_current(tx, bucket, marker, std::move(there), erasing.garbage));
    erasing.erased = {shown_version(marker), true};
    erasing.event.emplace(request.lifecycle ? EventKind::kLifecycleDeleteMarker : EventKind::kDeleteMarker, marker);
    return {};
  }
  if (!located) return {};
  tx.erase(located->row_key);
  discard(tx, located->object.segments, erasing.garbage);
  auto& gone = located->object;
  gone.sequence = next_sequence(clock_.now(), gone.sequence);
  erasing.event.emplace(request.lifecycle ? EventKind::kLifecycleDelete : EventKind::kDelete, std::move(gone));
  return {};
}

// The newest of the older versions becomes the current one.
Result<void> ObjectStore::promote(kv::Transaction& tx, const BucketName& bucket, const Object& gone) {
  const auto& key = gone.key.str();
  GUST_TRY(const auto older, tx.scan(kv::Range::prefix(rows::versions_prefix(bucket, key), 1)));
  if (older.empty()) {
    tx.erase(rows::object_key(bucket, key));
    return {};
  }
  // Read by its key as well, so that its deletion meanwhile is a conflict.
  GUST_TRY(const auto row, tx.get(older[0].key));
  if (!row) return fail(Code::kConflict, "a version was deleted meanwhile", "version");
  GUST_TRY(auto next, rows::decode_object(*row));
  next.noncurrent_at = {};
  next.null_sequence = next.version_id.empty() ? 0 : gone.null_sequence;
  tx.erase(older[0].key);
  tx.put(rows::object_key(bucket, key), rows::encode(next));
  return {};
}

Result<void> ObjectStore::erase_version(kv::Transaction& tx, const Bucket& bucket, const EraseRequest& request,
                                        Erasing& erasing) {
  GUST_TRY(const auto located, locate(tx, bucket.name, request.key, request.version));
  GUST_CHECK(check_found(tx, bucket, request, located ? &located->object : nullptr, located && located->current));
  if (!located) {
    GUST_CHECK(check({request.if_match, ""}, nullptr));
    erasing.erased.version = request.version;
    return {};
  }
  const auto& object = located->object;
  GUST_CHECK(check({request.if_match, ""}, &object));
  GUST_CHECK(check_lock(object, request.governance, clock_.now()));
  discard(tx, object.segments, erasing.garbage);
  if (located->current) {
    GUST_CHECK(promote(tx, bucket.name, object));
  } else {
    tx.erase(located->row_key);
    if (object.version_id.empty()) {
      GUST_TRY(auto current, locate(tx, bucket.name, request.key, std::nullopt));
      if (current) {
        current->object.null_sequence = 0;
        tx.put(current->row_key, rows::encode(current->object));
      }
    }
  }
  erasing.erased = {shown_version(object), object.kind == VersionKind::kDeleteMarker};
  erasing.event.emplace(request.lifecycle ? EventKind::kLifecycleDelete : EventKind::kDelete, object);
  return {};
}

async::Task<Erased> ObjectStore::erase(EraseRequest request) {
  const auto state = std::make_shared<Erasing>();
  const auto asked = std::make_shared<const EraseRequest>(std::move(request));
  kv::Store::Body body = [this, state, asked](kv::Transaction& tx) -> Result<void> {
    *state = Erasing{};
    GUST_TRY(const auto bucket, need_bucket(tx, asked->bucket));
    GUST_CHECK(asked->version ? erase_version(tx, bucket, *asked, *state) : erase_current(tx, bucket, *asked, *state));
    if (!bucket.configurations.contains("notification")) state->event.reset();
    return state->event ? tell(tx, state->event->first, bucket, state->event->second, asked->origin) : Result<void>();
  };
  GUST_CO_CHECK(co_await store_.transact(std::move(body)));
  if (state->event) outbox_.notify();
  if (const auto removed = co_await remove_blobs(state->garbage); !removed) {
    GUST_WARN("objects: removing an erased object's blobs: {}", removed.error().message);
  }
  co_return state->erased;
}

async::Task<Object> ObjectStore::update(BucketName bucket_name, ObjectKey key, std::optional<std::string> version,
                                        Change change, std::optional<EventKind> event, Origin origin) {
  struct State {
    Object object;
    bool heard = false;
  };
  const auto state = std::make_shared<State>();
  kv::Store::Body body = [=, this](kv::Transaction& tx) -> Result<void> {
    GUST_TRY(const auto bucket, need_bucket(tx, bucket_name));
    GUST_TRY(auto located, locate(tx, bucket_name, key, version));
    if (!located) return version ? fail(Code::kNotFound, "The specified version does not exist.", "version") : no_key();
    if (located->object.kind == VersionKind::kDeleteMarker) {
      return version ? fail(Code::kUnsupported, "The specified method is not allowed against this resource.", "marker")
                     : fail(Code::kNotFound, "The specified key does not exist.", "marker");
    }
    GUST_CHECK(change(located->object));
    tx.put(located->row_key, rows::encode(located->object));
    state->object = std::move(located->object);
    state->heard = event && bucket.configurations.contains("notification");
    return state->heard ? tell(tx, *event, bucket, state->object, origin) : Result<void>();
  };
  GUST_CO_CHECK(co_await store_.transact(std::move(body)));
  if (state->heard) outbox_.notify();
  co_return std::move(state->object);
}

}  // namespace gust::objects
