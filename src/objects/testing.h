// For tests only: an object store on either pair of twins, in memory or durable in a folder of its own.
#pragma once

#include "async/task_group.h"
#include "async/testing.h"
#include "blobs/files/file_store.h"
#include "blobs/memory/memory_store.h"
#include "codec/digest.h"
#include "codec/hex.h"
#include "kv/memory/memory_store.h"
#include "kv/rocks/rocks_store.h"
#include "objects/key_file.h"
#include "objects/object_store.h"
#include "objects/rows.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace gust::objects::testing {

namespace fs = std::filesystem;
using async::Task;
using async::testing::run;

struct Folder {
  fs::path path;
  Folder() {
    std::string name = fs::temp_directory_path() / "gust-objects-XXXXXX";
    path = ::mkdtemp(name.data());
  }
  ~Folder() { fs::remove_all(path); }
};

// Writes a row "outbox/<n>" for each event, with its kind and key; refuses when told so.
struct RecordingOutbox final : Outbox {
  Result<void> append(kv::Transaction& tx, const ObjectEvent& event) override {
    tx.put("outbox/" + std::to_string(++count), std::to_string(static_cast<int>(event.kind)) + event.object.key.str());
    if (refuses) return fail(Code::kNoSpace, "no room");
    return {};
  }
  void notify() override { ++notified; }
  std::atomic<int> count = 0;
  bool refuses = false;
  int notified = 0;
};

inline std::string pattern(std::size_t size, int seed = 0) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 31 + (i >> 8) + static_cast<unsigned>(seed));
  return text;
}

inline std::string md5_hex(std::string_view text) {
  return codec::to_hex(codec::digest(codec::DigestKind::kMd5, text));
}

// Ends with an error after `text`, as a connection that breaks.
class BrokenSource final : public async::ByteSource {
 public:
  explicit BrokenSource(std::string text) : whole_(async::from_string(std::move(text))) {}
  Task<std::size_t> read(std::span<std::byte> out) override {
    GUST_CO_TRY(const auto n, co_await whole_->read(out));
    if (n == 0) co_return fail(Code::kInvalid, "the connection broke", "body");
    co_return n;
  }

 private:
  std::unique_ptr<async::ByteSource> whole_;
};

class ObjectTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    reopen();
    ASSERT_TRUE(run(loop_, [&] { return objects_->create_bucket({bucket_, AccountId("000000000000"), "us-east-1"}); }));
  }

  bool durable() const { return std::string_view(GetParam()) == "durable"; }

  // That of the folder.
  void take_key(const std::string& folder) {
    EXPECT_TRUE(run(loop_, [&]() -> Task<void> {
      GUST_CO_TRY(own_key_, co_await open_key(*store_, env::system_files(), folder, random_));
      co_return Result<void>{};
    }));
  }
  // As at the daemon's start: opens what is there, and recovers. Answers how many blobs went.
  std::uint64_t reopen() {
    objects_.reset();
    if (durable()) {
      store_.reset();
      store_ = *kv::RocksStore::open(folder_.path / "kv", {.threads = 4});
      blobs_ = *blobs::FileStore::open(folder_.path / "blobs", random_);
      take_key(folder_.path);
    } else if (!store_) {
      store_ = std::make_unique<kv::MemoryStore>();
      blobs_ = std::make_unique<blobs::MemoryStore>();
    }
    const auto before = blob_count();
    EXPECT_TRUE(run(loop_, [&] { return blobs_->remove_unfinished(); }));
    objects_ = std::make_unique<ObjectStore>(*store_, *blobs_, clock_, random_, outbox_, own_key_);
    EXPECT_TRUE(run(loop_, [&] { return objects_->recover(); }));
    return before - blob_count();
  }

  Result<Object> put(std::string key, std::string body, WriteCondition condition = {}) {
    return run(loop_, [&] { return put_task(key, body, condition); });
  }
  Task<Object> put_task(std::string key, std::string body, WriteCondition condition = {}) {
    PutRequest request;
    request.bucket = bucket_;
    request.key = ObjectKey(std::move(key));
    request.condition = std::move(condition);
    auto source = async::from_string(std::move(body));
    co_return co_await objects_->put(std::move(request), std::move(source));
  }
  Result<std::string> read(std::string key) {
    return run(loop_, [&]() -> Task<std::string> {
      GUST_CO_TRY(const auto object, co_await objects_->get(bucket_, ObjectKey(key)));
      GUST_CO_TRY(auto source, co_await objects_->open(object, 0, object.size));
      co_return co_await async::read_all(*source, 1 << 30);
    });
  }
  Result<Object> get(std::string key) {
    return run(loop_, [&] { return objects_->get(bucket_, ObjectKey(key)); });
  }
  Result<Erased> erase(std::string key, std::optional<std::string> version = {}) {
    EraseRequest request{bucket_, ObjectKey(std::move(key)), std::move(version)};
    return run(loop_, [&] { return objects_->erase(std::move(request)); });
  }
  Result<Page> list(ListQuery query) {
    return run(loop_, [&] { return objects_->list(bucket_, query); });
  }
  void listen() {
    ASSERT_TRUE(run(loop_, [&] { return objects_->configure(bucket_, "notification", "{}"); }));
  }
  // But that of the key.
  std::vector<std::string> rows(std::string prefix) {
    const auto found = store_->snapshot()->scan(kv::Range::prefix(prefix));
    std::vector<std::string> out;
    for (const auto& row : *found) {
      if (!row.key.starts_with(objects::rows::kKeys)) out.push_back(row.value);
    }
    return out;
  }
  // Blobs that are there.
  std::size_t blob_count() {
    if (!durable()) return static_cast<blobs::MemoryStore&>(*blobs_).count();
    std::size_t n = 0;
    for (const auto& entry : fs::recursive_directory_iterator(folder_.path / "blobs"))
      n += entry.is_regular_file() ? 1 : 0;
    return n;
  }

  boost::asio::io_context loop_;
  Folder folder_;
  env::FakeClock clock_;
  env::SystemRandom random_;
  codec::Key256 own_key_ = fresh_key(random_);
  RecordingOutbox outbox_;
  std::unique_ptr<kv::Store> store_;
  std::unique_ptr<blobs::Store> blobs_;
  std::unique_ptr<ObjectStore> objects_;
  BucketName bucket_{"bucket"};
};

inline auto twins() { return ::testing::Values("memory", "durable"); }
inline std::string twin_name(const ::testing::TestParamInfo<const char*>& info) { return info.param; }

}  // namespace gust::objects::testing
