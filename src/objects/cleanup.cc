// What goes away: buckets with what is in them, parts without an upload, blobs that no row names.
#include "kv/key.h"
#include "objects/object_store.h"
#include "objects/rows.h"

namespace gust::objects {

async::Task<bool> ObjectStore::is_empty(BucketName name) {
  GUST_CO_TRY(const auto some, co_await store_.scan(kv::Range::prefix(rows::objects_prefix(name), 1)));
  co_return some.empty();
}

async::Task<void> ObjectStore::set_closing(BucketName name, Closing closing) {
  kv::Store::Body body = [name, closing](kv::Transaction& tx) -> Result<void> {
    GUST_TRY(const auto row, tx.get(rows::bucket_key(name)));
    if (!row) return fail(Code::kNotFound, "The specified bucket does not exist", "bucket");
    GUST_TRY(auto bucket, rows::decode_bucket(*row));
    if (bucket.closing == closing) return fail(Code::kConflict, "The bucket is being deleted", "closing");
    bucket.closing = closing;
    tx.put(rows::bucket_key(name), rows::encode(bucket));
    return {};
  };
  co_return co_await store_.transact(std::move(body));
}

async::Task<void> ObjectStore::delete_bucket(BucketName name) {
  const auto not_empty = [] {
    return fail(Code::kConflict, "The bucket you tried to delete is not empty", "not empty");
  };
  GUST_CO_CHECK(co_await bucket(name));
  GUST_CO_TRY(const bool empty, co_await is_empty(name));
  if (!empty) co_return not_empty();
  // From here on nothing is written to the bucket; what was committed just before shows in the second look.
  GUST_CO_CHECK(co_await set_closing(name, Closing::kYes));
  GUST_CO_TRY(const bool still_empty, co_await is_empty(name));
  if (!still_empty) {
    GUST_CO_CHECK(co_await set_closing(name, Closing::kNo));
    co_return not_empty();
  }
  GUST_CO_CHECK(co_await drop_uploads(name));
  kv::Store::Body body = [name](kv::Transaction& tx) -> Result<void> {
    tx.erase(rows::bucket_key(name));
    return {};
  };
  co_return co_await store_.transact(std::move(body));
}

async::Task<void> ObjectStore::drop_uploads(BucketName name) {
  for (;;) {
    GUST_CO_TRY(const auto found, co_await store_.scan(kv::Range::prefix(rows::uploads_prefix(name))));
    if (found.empty()) co_return Result<void>{};
    kv::Store::Body body = [&found](kv::Transaction& tx) -> Result<void> {
      for (const auto& row : found) tx.erase(row.key);
      return {};
    };
    GUST_CO_CHECK(co_await store_.transact(std::move(body)));
    for (const auto& row : found) {
      GUST_CO_TRY(const auto upload, rows::decode_upload(row.value));
      GUST_CO_CHECK(co_await drop_parts(upload.id));
    }
  }
}

async::Task<void> ObjectStore::drop_parts(std::string upload_id) {
  for (;;) {
    GUST_CO_TRY(const auto found, co_await store_.scan(kv::Range::prefix(rows::parts_prefix(upload_id))));
    if (found.empty()) co_return Result<void>{};
    const auto garbage = std::make_shared<std::vector<blobs::BlobId>>();
    kv::Store::Body body = [&found, garbage](kv::Transaction& tx) -> Result<void> {
      garbage->clear();
      for (const auto& row : found) {
        GUST_TRY(const auto part, rows::decode_part(row.value));
        discard(tx, part.segments, *garbage);
        tx.erase(row.key);
      }
      return {};
    };
    GUST_CO_CHECK(co_await store_.transact(std::move(body)));
    GUST_CO_CHECK(co_await remove_blobs(*garbage));
  }
}

async::Task<void> ObjectStore::recover() {
  for (;;) {
    GUST_CO_TRY(const auto found, co_await store_.scan(kv::Range::prefix(std::string(rows::kGarbage))));
    if (found.empty()) break;
    for (const auto& row : found) {
      const blobs::BlobId id(row.key.substr(rows::kGarbage.size()));
      GUST_CO_CHECK(co_await blobs_.remove(id));
      removed_.insert(id);
    }
    GUST_CO_CHECK(co_await settle());
  }
  GUST_CO_CHECK(co_await recover_buckets());
  GUST_CO_CHECK(co_await recover_parts());
  co_return co_await settle();
}

async::Task<void> ObjectStore::remove_refused(Error why, std::vector<Segment> segments) {
  // After a failure of the disk the commit may have happened: the next start knows.
  const bool rolled_back = why.code == Code::kPrecondition || why.code == Code::kNotFound ||
                           why.code == Code::kInvalid || why.code == Code::kConflict;
  if (!rolled_back) co_return Result<void>{};
  std::vector<blobs::BlobId> refused;
  for (const auto& segment : segments) {
    if (segment.place == Place::kBlob) refused.push_back(segment.id);
  }
  co_return co_await remove_blobs(std::move(refused));
}

// A bucket whose deletion was not acknowledged is there again.
async::Task<void> ObjectStore::recover_buckets() {
  auto range = kv::Range::prefix(std::string(rows::kBuckets));
  for (;;) {
    GUST_CO_TRY(const auto found, co_await store_.scan(range));
    for (const auto& row : found) {
      GUST_CO_TRY(const auto bucket, rows::decode_bucket(row.value));
      if (bucket.closing == Closing::kYes) GUST_CO_CHECK(co_await set_closing(bucket.name, Closing::kNo));
    }
    if (found.size() < range.limit) co_return Result<void>{};
    range.begin = found.back().key + '\0';
  }
}

async::Task<void> ObjectStore::recover_parts() {
  std::set<std::string> uploads;
  auto range = kv::Range::prefix(std::string(rows::kAllUploads));
  for (;;) {
    GUST_CO_TRY(const auto found, co_await store_.scan(range));
    for (const auto& row : found) {
      GUST_CO_TRY(const auto upload, rows::decode_upload(row.value));
      uploads.insert(upload.id);
    }
    if (found.size() < range.limit) break;
    range.begin = found.back().key + '\0';
  }
  // Looks at the first part of each upload, then goes on behind all of them.
  range = kv::Range::prefix(std::string(rows::kAllParts), 1);
  for (;;) {
    GUST_CO_TRY(const auto found, co_await store_.scan(range));
    if (found.empty()) co_return Result<void>{};
    auto rest = std::string_view(found[0].key).substr(rows::kAllParts.size());
    std::string upload_id;
    if (!kv::take_text(rest, upload_id)) co_return fail(Code::kCorrupt, "the key of a part's row is malformed");
    range.begin = kv::after_prefix(rows::parts_prefix(upload_id));
    if (!uploads.contains(upload_id)) GUST_CO_CHECK(co_await drop_parts(upload_id));
  }
}

Result<std::set<blobs::BlobId>> ObjectStore::referenced(kv::Reader& reader) {
  std::set<blobs::BlobId> out;
  const auto add = [&](const std::vector<Segment>& segments) {
    for (const auto& s : segments) {
      if (s.place == Place::kBlob) out.insert(s.id);
    }
  };
  for (const auto prefix : {rows::kAllObjects, rows::kAllVersions, rows::kAllParts}) {
    auto range = kv::Range::prefix(std::string(prefix));
    for (;;) {
      GUST_TRY(const auto found, reader.scan(range));
      for (const auto& row : found) {
        if (prefix != rows::kAllParts) {
          GUST_TRY(const auto object, rows::decode_object(row.value));
          add(object.segments);
        } else {
          GUST_TRY(const auto part, rows::decode_part(row.value));
          add(part.segments);
        }
      }
      if (found.size() < range.limit) break;
      range.begin = found.back().key + '\0';
    }
  }
  return out;
}

}  // namespace gust::objects
