// What every blobs::Store promises, run against each implementation.
#include "async/testing.h"
#include "blobs/files/blocks.h"
#include "blobs/files/file_store.h"
#include "blobs/memory/memory_store.h"

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace gust::blobs {
namespace {

namespace fs = std::filesystem;
using async::Task;
using async::testing::run;

struct Folder {
  fs::path path;
  Folder() {
    std::string name = fs::temp_directory_path() / "gust-blobs-XXXXXX";
    path = ::mkdtemp(name.data());
  }
  ~Folder() { fs::remove_all(path); }
  std::size_t files() const {
    std::size_t n = 0;
    for (const auto& entry : fs::recursive_directory_iterator(path)) n += entry.is_regular_file() ? 1 : 0;
    return n;
  }
};

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 31 + (i >> 8));
  return text;
}

Task<BlobId> put(Store& store, std::string text, std::size_t piece) {
  GUST_CO_TRY(auto writer, co_await store.create());
  for (std::size_t at = 0; at < text.size(); at += piece) {
    const auto bytes = std::as_bytes(std::span(text)).subspan(at, std::min(piece, text.size() - at));
    GUST_CO_CHECK(co_await writer->write(bytes));
  }
  co_return co_await writer->commit();
}

Task<std::string> get(Store& store, BlobId id, std::uint64_t offset, std::uint64_t length) {
  GUST_CO_TRY(auto source, co_await store.open(id, offset, length));
  co_return co_await async::read_all(*source, 1 << 30);
}

class BlobContract : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override { reopen(); }
  void reopen() {
    if (std::string_view(GetParam()) == "memory") {
      if (!store_) store_ = std::make_unique<MemoryStore>();
      return;
    }
    store_ = *FileStore::open(folder_.path, random_);
  }

  env::SeededRandom random_{7};
  Folder folder_;
  std::unique_ptr<Store> store_;
};

TEST_P(BlobContract, RoundTripsEverySize) {
  for (const std::size_t size : {0, 1, 4096, 262144, 262145, 1'000'003}) {
    const auto text = pattern(size);
    const auto id = run([&]() -> Task<BlobId> { return put(*store_, text, 100'000); });
    ASSERT_TRUE(id) << id.error().message;
    EXPECT_EQ(run([&]() -> Task<std::string> { return get(*store_, *id, 0, size); }), text);
    EXPECT_EQ(run([&]() -> Task<std::uint64_t> { return store_->size(*id); }), size);
    if (size > 10) {
      const auto part = run([&]() -> Task<std::string> { return get(*store_, *id, 3, size - 10); });
      EXPECT_EQ(part, text.substr(3, size - 10));
    }
  }
}

TEST_P(BlobContract, WhatIsNotThereIsNotFound) {
  const BlobId none(std::string(32, '0'));
  EXPECT_EQ(run([&]() -> Task<std::string> { return get(*store_, none, 0, 0); }).error().code, Code::kNotFound);
  EXPECT_EQ(run([&]() -> Task<std::uint64_t> { return store_->size(none); }).error().code, Code::kNotFound);
  EXPECT_TRUE(run([&]() -> Task<void> { return store_->remove(none); }));
}

TEST_P(BlobContract, ARangePastTheEndIsInvalid) {
  const auto id = run([&]() -> Task<BlobId> { return put(*store_, "0123456789", 10); });
  EXPECT_EQ(run([&]() -> Task<std::string> { return get(*store_, *id, 5, 6); }).error().code, Code::kInvalid);
  EXPECT_EQ(run([&]() -> Task<std::string> { return get(*store_, *id, 11, 0); }).error().code, Code::kInvalid);
}

TEST_P(BlobContract, ADroppedWriterLeavesNothing) {
  const auto result = run([&]() -> Task<void> {
    GUST_CO_TRY(auto writer, co_await store_->create());
    const auto text = pattern(600'000);
    GUST_CO_CHECK(co_await writer->write(std::as_bytes(std::span(text))));
    co_return Result<void>{};
  });
  ASSERT_TRUE(result);
  EXPECT_EQ(folder_.files(), 0u);
}

TEST_P(BlobContract, AnOpenReaderOutlivesTheRemoval) {
  const auto text = pattern(700'000);
  const auto read = run([&]() -> Task<std::string> {
    GUST_CO_TRY(const auto id, co_await put(*store_, text, 700'000));
    GUST_CO_TRY(auto source, co_await store_->open(id, 0, text.size()));
    GUST_CO_CHECK(co_await store_->remove(id));
    co_return co_await async::read_all(*source, 1 << 30);
  });
  EXPECT_EQ(read, text);
}

TEST_P(BlobContract, SweepTakesWhatNothingNames) {
  const auto kept = run([&]() -> Task<BlobId> { return put(*store_, "kept", 4); });
  const auto orphan = run([&]() -> Task<BlobId> { return put(*store_, "orphan", 6); });
  reopen();
  const auto is_kept = [&](const BlobId& id) { return id == *kept; };
  EXPECT_EQ(run([&]() -> Task<std::uint64_t> { return store_->sweep(is_kept); }), 1u);
  EXPECT_EQ(run([&]() -> Task<std::string> { return get(*store_, *kept, 0, 4); }), "kept");
  EXPECT_FALSE(run([&]() -> Task<std::uint64_t> { return store_->size(*orphan); }));
}

TEST_P(BlobContract, OneThatWasSyncedIsThereWhenItIsCommitted) {
  const auto id = run([&]() -> Task<BlobId> {
    GUST_CO_TRY(auto writer, co_await store_->create());
    const std::string text = "text";
    GUST_CO_CHECK(co_await writer->write(std::as_bytes(std::span(text))));
    GUST_CO_CHECK(co_await writer->sync());
    EXPECT_FALSE(co_await store_->size(writer->id()));
    GUST_CO_TRY(const auto committed, co_await writer->commit());
    EXPECT_EQ(committed, writer->id());
    co_return committed;
  });
  reopen();
  EXPECT_EQ(run([&]() -> Task<std::uint64_t> { return store_->remove_unfinished(); }), 0u);
  EXPECT_EQ(run([&]() -> Task<std::string> { return get(*store_, *id, 0, 4); }), "text");
}

INSTANTIATE_TEST_SUITE_P(Blobs, BlobContract, ::testing::Values("memory", "files"),
                         [](const auto& info) { return info.param; });

TEST(FileStore, UnfinishedFilesOfACrashAreRemoved) {
  Folder folder;
  env::SeededRandom random(1);
  auto store = *FileStore::open(folder.path, random);
  std::ofstream(folder.path / "new" / std::string(32, 'a')) << "half";
  EXPECT_EQ(run([&]() -> Task<std::uint64_t> { return store->remove_unfinished(); }), 1u);
  EXPECT_EQ(folder.files(), 0u);
}

std::string file_of(const Folder& folder, const BlobId& id) {
  return folder.path / id.str().substr(0, 2) / (id.str() + ".crc");
}

TEST(FileStore, BytesThatChangedAreNeverServed) {
  Folder folder;
  env::SeededRandom random(1);
  std::atomic<int> heard = 0;
  auto store = *FileStore::open(folder.path, random, {.damaged = [&](const BlobId&) { ++heard; }});
  const auto text = pattern(5 * kBlockBytes + 1000);
  const auto id = *run([&]() -> Task<BlobId> { return put(*store, text, 100'000); });
  const auto path = file_of(folder, id);
  EXPECT_EQ(fs::file_size(path), stored_bytes(text.size()));
  EXPECT_TRUE(run([&]() -> Task<void> { return store->check(id); }));
  const auto whole = [&] { return run([&]() -> Task<std::string> { return get(*store, id, 0, text.size()); }); };
  for (const std::uint64_t at : {std::uint64_t{0}, kBlockBytes - 1, kBlockBytes + 1, 3 * kBlockBytes + 17,
                                 stored_bytes(text.size()) - 1}) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    const auto turn = [&] {
      file.seekg(static_cast<std::streamoff>(at));
      const auto byte = static_cast<char>(file.get() ^ 4);
      file.seekp(static_cast<std::streamoff>(at));
      file.put(byte).flush();
    };
    turn();
    EXPECT_EQ(whole().error().code, Code::kCorrupt) << at;
    EXPECT_EQ(run([&]() -> Task<void> { return store->check(id); }).error().code, Code::kCorrupt) << at;
    const auto block = at / (kBlockBytes + kSumBytes);
    const auto elsewhere = block == 4 ? 0 : 4 * kBlockBytes;  // what does not touch the block is served
    EXPECT_EQ(run([&]() -> Task<std::string> { return get(*store, id, elsewhere, 10); }), text.substr(elsewhere, 10));
    turn();
    EXPECT_EQ(whole(), text);
  }
  EXPECT_EQ(heard, 10);
  fs::resize_file(path, stored_bytes(2 * kBlockBytes));  // a whole number of blocks
  EXPECT_FALSE(whole());
  fs::resize_file(path, stored_bytes(2 * kBlockBytes) + 3);
  EXPECT_EQ(run([&]() -> Task<std::uint64_t> { return store->size(id); }).error().code, Code::kCorrupt);
}

TEST(FileStore, BytesOfAnotherBlobAreNotServed) {
  Folder folder;
  env::SeededRandom random(1);
  auto store = *FileStore::open(folder.path, random);
  const auto a = *run([&]() -> Task<BlobId> { return put(*store, pattern(100'000), 100'000); });
  const auto b = *run([&]() -> Task<BlobId> { return put(*store, pattern(100'000), 100'000); });
  fs::copy_file(file_of(folder, a), file_of(folder, b), fs::copy_options::overwrite_existing);
  EXPECT_EQ(run([&]() -> Task<std::string> { return get(*store, b, 0, 10); }).error().code, Code::kCorrupt);
}

TEST(FileStore, WhatIsHeldGoesAfterwards) {
  Folder folder;
  env::SeededRandom random(1);
  auto store = *FileStore::open(folder.path, random);
  const auto id = *run([&]() -> Task<BlobId> { return put(*store, "bytes", 5); });
  auto first = store->hold(), second = store->hold();
  EXPECT_TRUE(run([&]() -> Task<void> { return store->remove(id); }));
  EXPECT_EQ(store->waiting_to_go(), std::set<BlobId>{id});
  first.reset();
  EXPECT_EQ(run([&]() -> Task<std::string> { return get(*store, id, 0, 5); }), "bytes");
  second.reset();
  store.reset();  // the pool ends what it has
  EXPECT_EQ(folder.files(), 0u);
}

TEST(FileStore, FilesOfEarlierVersionsGetTheirChecksums) {
  Folder folder;
  env::SeededRandom random(1);
  auto store = *FileStore::open(folder.path, random);
  const BlobId id("ab" + std::string(30, '0'));
  std::ofstream(folder.path / "ab" / id.str()) << pattern(200'000);
  const auto all = [](const BlobId&) { return true; };
  EXPECT_EQ(run([&]() -> Task<std::uint64_t> { return store->sweep(all); }), 0u);
  EXPECT_EQ(run([&]() -> Task<std::string> { return get(*store, id, 0, 200'000); }), pattern(200'000));
  EXPECT_EQ(folder.files(), 1u);
}

TEST(FileStore, AFullDiskAnswersNoSpaceAndLeavesNothing) {
  if (::geteuid() != 0) GTEST_SKIP() << "mounting a small disk needs root";
  Folder folder;
  ASSERT_EQ(::mount("tmpfs", folder.path.c_str(), "tmpfs", 0, "size=4m"), 0);
  env::SeededRandom random(1);
  {
    auto store = *FileStore::open(folder.path, random);
    const auto refused = run([&]() -> Task<BlobId> { return put(*store, pattern(8 << 20), 1 << 20); });
    EXPECT_EQ(refused.error().code, Code::kNoSpace) << refused.error().message;
    EXPECT_EQ(folder.files(), 0u);
    EXPECT_TRUE(run([&]() -> Task<BlobId> { return put(*store, pattern(1 << 20), 1 << 20); }));
  }
  EXPECT_EQ(::umount2(folder.path.c_str(), MNT_DETACH), 0);
}

}  // namespace
}  // namespace gust::blobs
