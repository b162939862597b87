// Fills a bucket of a stopped daemon with many objects, by the object store's own rows in the real store, so that what
// is on disk is what as many uploads leave: bench_objects_fill DATA BUCKET COUNT. The bucket has to be there.
#include "async/testing.h"
#include "codec/digest.h"
#include "kv/rocks/rocks_store.h"
#include "objects/rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace {

using namespace gust;

constexpr std::uint64_t kAtOnce = 5000;

// Object `i` of the bucket, of a few bytes: what is listed is its row, as large as any object's.
void put(kv::Transaction& tx, const BucketName& bucket, std::uint64_t i, WallTime now) {
  const auto bytes = fmt::format("the bytes of object {}", i);
  objects::Object object;
  object.key = ObjectKey(fmt::format("object-{:09}", i));
  object.etag = fmt::format("{:032x}", i * 0x9e3779b97f4a7c15ULL);
  object.size = bytes.size();
  object.modified_at = now;
  object.headers = {{"content-type", "application/octet-stream"}};
  object.checksum = objects::Checksum{objects::ChecksumKind::kCrc64Nvme, objects::ChecksumType::kFullObject,
                                      fmt::format("{:08}", i % 100'000'000), 0};
  object.segments = {{blobs::BlobId(fmt::format("{:016x}{:016x}", i * 0x9e3779b97f4a7c15ULL, i)), bytes.size(),
                      objects::Place::kRow}};
  object.sequence = (static_cast<std::uint64_t>(to_epoch_ms(now)) << 16) + i;
  tx.put(objects::rows::object_key(bucket, object.key.str()), objects::rows::encode(object));
  tx.put(objects::rows::bytes_key(object.segments[0].id), bytes);
}

async::Task<void> fill(kv::Store& store, BucketName bucket, std::uint64_t count) {
  const auto now = from_epoch_ms(1'700'000'000'000);
  for (std::uint64_t begin = 0; begin < count; begin += kAtOnce) {
    const auto end = std::min(count, begin + kAtOnce);
    // The last one is synced, and with it all before.
    const auto durability = end == count ? kv::Durability::kSynced : kv::Durability::kBuffered;
    kv::Store::Body body = [&bucket, begin, end, now](kv::Transaction& tx) -> Result<void> {
      for (auto i = begin; i < end; ++i) put(tx, bucket, i, now);
      return {};
    };
    GUST_CO_CHECK(co_await store.transact(std::move(body), durability));
  }
  co_return Result<void>{};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: bench_objects_fill DATA BUCKET COUNT\n");
    return 2;
  }
  auto store = kv::RocksStore::open(std::string(argv[1]) + "/kv");
  if (!store) {
    std::fprintf(stderr, "opening the store: %s\n", store.error().message.c_str());
    return 1;
  }
  const BucketName bucket(argv[2]);
  const auto count = std::strtoull(argv[3], nullptr, 10);
  const auto done = async::testing::run([&]() { return fill(**store, bucket, count); });
  if (!done) std::fprintf(stderr, "filling: %s\n", done.error().message.c_str());
  return done ? 0 : 1;
}
