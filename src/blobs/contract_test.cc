// What every blobs::Store promises, run against each implementation.
#include "async/testing.h"
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

INSTANTIATE_TEST_SUITE_P(Blobs, BlobContract, ::testing::Values("memory", "files"),
                         [](const auto& info) { return info.param; });

TEST(FileStore, SweepTakesUnfinishedFilesOfACrash) {
  Folder folder;
  env::SeededRandom random(1);
  auto store = *FileStore::open(folder.path, random);
  std::ofstream(folder.path / "new" / std::string(32, 'a')) << "half";
  const auto all = [](const BlobId&) { return true; };
  EXPECT_EQ(run([&]() -> Task<std::uint64_t> { return store->sweep(all); }), 1u);
  EXPECT_EQ(folder.files(), 0u);
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
