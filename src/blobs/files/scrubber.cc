#include "blobs/files/scrubber.h"

#include "base/log.h"

namespace gust::blobs {
namespace {

constexpr std::size_t kPiece = 256 << 10, kRestEvery = 1 << 20;

}  // namespace

Scrubber::Scrubber(async::Executor executor, FileStore& blobs, env::Random& random, ScrubSettings settings)
    : blobs_(blobs), random_(random), settings_(settings), tasks_(std::move(executor), "scrub") {}

void Scrubber::start() {
  if (settings_.bytes_per_second > 0) tasks_.spawn(run());
}

async::Task<void> Scrubber::run() {
  GUST_CO_CHECK(co_await async::sleep_for(settings_.first_after));
  for (;;) {
    const auto first = static_cast<unsigned>(random_.u64() % FileStore::kFolders);
    GUST_CO_CHECK(co_await rounds(first, settings_.bytes_per_second));
    GUST_CO_CHECK(co_await async::sleep_for(settings_.pause));
  }
}

async::Task<void> Scrubber::round() { return rounds(0, 0); }

async::Task<void> Scrubber::rounds(unsigned first, std::uint64_t bytes_per_second) {
  for (unsigned i = 0; i < FileStore::kFolders; ++i)
    GUST_CO_CHECK(co_await folder((first + i) % FileStore::kFolders, bytes_per_second));
  ++status_.rounds;
  if (!status_.damaged.empty())
    GUST_ERROR("scrub: {} blobs are damaged; gust fsck says of whom", status_.damaged.size());
  co_return Result<void>{};
}

async::Task<void> Scrubber::folder(unsigned index, std::uint64_t bytes_per_second) {
  GUST_CO_TRY(const auto blobs, co_await blobs_.list(index));
  for (const auto& blob : blobs) {
    const auto done = co_await read(blob.id, bytes_per_second);
    if (done || done.error().code == Code::kNotFound) {
      status_.damaged.erase(blob.id);  // removed meanwhile, or put right
    } else if (done.error().code == Code::kCorrupt) {
      status_.damaged.insert(blob.id);
    } else if (done.error().code == Code::kCancelled) {
      co_return done;
    } else {
      GUST_ERROR("scrub: {}", done.error().message);
    }
    ++status_.blobs;
  }
  co_return Result<void>{};
}

async::Task<void> Scrubber::read(BlobId id, std::uint64_t bytes_per_second) {
  GUST_CO_TRY(const auto size, co_await blobs_.size(id));
  GUST_CO_TRY(const auto source, co_await blobs_.open(id, 0, size));
  std::vector<std::byte> piece(kPiece);
  for (;;) {
    GUST_CO_TRY(const auto n, co_await source->read(piece));
    if (n == 0) co_return Result<void>{};
    status_.bytes += n;
    owed_ += n;
    if (bytes_per_second == 0 || owed_ < kRestEvery) continue;
    const Millis rest(owed_ * 1000 / bytes_per_second);
    owed_ = 0;
    GUST_CO_CHECK(co_await async::sleep_for(rest));
  }
}

}  // namespace gust::blobs
