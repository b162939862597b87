// What a check of the store and a scrub find, and that nothing damaged is served.
#include "objects/checker.h"

#include "base/log.h"
#include "blobs/files/scrubber.h"
#include "env/simulated_files.h"
#include "kv/rocks/files_env.h"
#include "objects/rows.h"
#include "objects/testing.h"

#include <fstream>

namespace gust::objects::testing {
namespace {

constexpr std::size_t kBig = 300'000;

class Checking : public ObjectTest {
 protected:
  blobs::FileStore& files() { return static_cast<blobs::FileStore&>(*blobs_); }

  CheckReport check(WallTime orphans_before = WallTime::max()) {
    return *run(loop_, [&]() -> Task<CheckReport> {
      GUST_CO_TRY(auto there, co_await list_blobs(files()));
      const auto rows = store_->snapshot();
      CheckInput input{*rows, files(), std::move(there), {}, orphans_before, own_key_};
      co_return co_await check_everything(std::move(input));
    });
  }
  // "kind what", sorted.
  std::set<std::string> problems(WallTime orphans_before = WallTime::max()) {
    std::set<std::string> out;
    for (const auto& each : check(orphans_before).problems)
      out.insert(std::string(name_of(each.kind)) + " " + each.what.substr(0, each.what.find(' ')));
    return out;
  }
  fs::path file_of(const Segment& segment) {
    return folder_.path / "blobs" / segment.id.str().substr(0, 2) / (segment.id.str() + ".crc");
  }
  void flip(const fs::path& path, std::streamoff at) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(at);
    const auto byte = static_cast<char>(file.get() ^ 1);
    file.seekp(at);
    file.put(byte);
  }
  void change_row(std::string key, std::optional<std::string> value) {
    ASSERT_TRUE(run(loop_, [&]() -> Task<void> {
      kv::Store::Body body = [&](kv::Transaction& tx) -> Result<void> {
        if (value) {
          tx.put(key, *value);
        } else {
          tx.erase(key);
        }
        return {};
      };
      return store_->transact(std::move(body));
    }));
  }
};
INSTANTIATE_TEST_SUITE_P(Objects, Checking, ::testing::Values("durable"), twin_name);

TEST_P(Checking, AStoreThatIsAsItShouldBeIsClean) {
  ASSERT_TRUE(put("empty", ""));
  ASSERT_TRUE(put("small", "bytes"));
  ASSERT_TRUE(put("large", pattern(kBig)));
  Upload upload;
  upload.key = ObjectKey("parts");
  const auto id = run(loop_, [&] { return objects_->create_upload(bucket_, upload); })->id;
  CompleteRequest request;
  request.bucket = bucket_;
  request.key = upload.key;
  request.upload_id = id;
  for (const std::uint32_t number : {1, 2}) {
    const auto part = run(loop_, [&]() -> Task<Part> {
      auto body = async::from_string(pattern(number == 1 ? kMinPartBytes : 100, 3));
      PartRequest wanted{bucket_, upload.key, id, number, ChecksumKind::kCrc32c};
      co_return co_await objects_->put_part(std::move(wanted), std::move(body));
    });
    request.parts.push_back({number, part->etag, {}});
  }
  EXPECT_EQ(problems(), std::set<std::string>{});
  EXPECT_EQ(check().parts, 2u);
  ASSERT_TRUE(run(loop_, [&] { return objects_->complete(request); }));
  const auto report = check();
  EXPECT_EQ(problems(), std::set<std::string>{});
  EXPECT_EQ(report.objects, 4u);
  EXPECT_EQ(report.bytes, 5 + kBig + kMinPartBytes + 100);
}

TEST_P(Checking, OlderVersionsAreChecked) {
  ASSERT_TRUE(run(loop_, [&] { return objects_->set_versioning(bucket_, Versioning::kEnabled); }));
  const auto old = put("k", pattern(kBig));
  ASSERT_TRUE(put("k", "new"));
  ASSERT_TRUE(erase("k"));
  EXPECT_EQ(problems(), std::set<std::string>{});
  EXPECT_EQ(check().objects, 3u);
  flip(file_of(old->segments.at(0)), 10);
  const auto found = check().problems;
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].what, "bucket/k version " + old->version_id);
}

TEST_P(Checking, FindsWhatIsWrong) {
  const auto damaged = put("damaged", pattern(kBig)), missing = put("missing", pattern(kBig, 1)),
             inside = put("row-gone", "bytes"), changed = put("row-changed", "bytes");
  ASSERT_TRUE(put("unreadable", "bytes"));
  flip(file_of(damaged->segments.at(0)), 70'000);
  fs::remove(file_of(missing->segments.at(0)));
  change_row(rows::bytes_key(inside->segments.at(0).id), std::nullopt);
  change_row(rows::bytes_key(changed->segments.at(0).id), "bytez");
  change_row(rows::object_key(bucket_, "unreadable"), "{}");
  const std::string id(32, 'a');
  std::ofstream(folder_.path / "blobs/aa" / (id + ".crc")) << "orphan";
  std::ofstream(folder_.path / "blobs/new" / id) << "half";
  EXPECT_EQ(problems(), (std::set<std::string>{"damaged bucket/damaged", "missing bucket/missing",
                                               "missing bucket/row-gone", "damaged bucket/row-changed",
                                               "undecodable row", "orphan row row", "orphan blob blob",
                                               "unfinished new/" + id}));
  // While it is written to, what is young may be in the making.
  EXPECT_FALSE(problems(env::SystemClock().now() - std::chrono::minutes(1)).contains("orphan blob blob"));
}

TEST_P(Checking, AReadOfDamagedBytesIsRefused) {
  const auto first = put("first", pattern(kBig)), later = put("later", pattern(kBig));
  flip(file_of(first->segments.at(0)), 10);
  flip(file_of(later->segments.at(0)), static_cast<std::streamoff>(kBig - 5));
  EXPECT_EQ(read("first").error().code, Code::kCorrupt);
  EXPECT_EQ(read("later").error().code, Code::kCorrupt);
  const auto opened = run(loop_, [&] { return objects_->open(*first, 0, kBig); });
  EXPECT_EQ(opened.error().code, Code::kCorrupt) << "before any byte is sent";
}

TEST_P(Checking, AScrubFindsIt) {
  const auto object = put("k", pattern(kBig));
  ASSERT_TRUE(put("other", pattern(kBig)));
  blobs::Scrubber scrubber(loop_.get_executor(), files(), random_);
  ASSERT_TRUE(run(loop_, [&] { return scrubber.round(); }));
  EXPECT_TRUE(scrubber.status().damaged.empty());
  EXPECT_EQ(scrubber.status().blobs, 2u);
  flip(file_of(object->segments.at(0)), 100'000);
  ASSERT_TRUE(run(loop_, [&] { return scrubber.round(); }));
  EXPECT_EQ(scrubber.status().damaged, std::set<blobs::BlobId>{object->segments.at(0).id});
  flip(file_of(object->segments.at(0)), 100'000);  // as when the file comes back from a backup
  ASSERT_TRUE(run(loop_, [&] { return scrubber.round(); }));
  EXPECT_TRUE(scrubber.status().damaged.empty());
  EXPECT_EQ(scrubber.status().rounds, 3u);
}

// Rows lie in files of RocksDB, which checks its own blocks whenever it reads them.
TEST_P(Checking, ARowThatChangedOnTheDiskIsNotServed) {
  std::string noise(20'000, '\0');  // which compression leaves as it is
  random_.fill(std::as_writable_bytes(std::span(noise)));
  ASSERT_TRUE(put("k", noise));
  reopen();  // which writes the log's rows to a table
  objects_.reset(), store_.reset();
  std::size_t turned = 0;
  for (const auto& entry : fs::directory_iterator(folder_.path / "kv")) {
    if (entry.path().extension() != ".sst" || fs::file_size(entry) < 10'000) continue;
    flip(entry.path(), 5'000);
    ++turned;
  }
  ASSERT_GT(turned, 0u);
  store_ = *kv::RocksStore::open(folder_.path / "kv");
  objects_ = std::make_unique<ObjectStore>(*store_, *blobs_, clock_, random_, outbox_, own_key_);
  EXPECT_EQ(read("k").error().code, Code::kCorrupt);
  EXPECT_EQ(problems(), (std::set<std::string>{"damaged bucket/k", "damaged rows"}));
}

// Every bit of a blob's file, or many of them: never other bytes than were put.
TEST(Flips, NoFlippedBitIsEverServed) {
  env::SeededRandom random(1);
  env::SimulatedFiles files(1);
  const auto store = *blobs::FileStore::open("/blobs", random, {0, &files, {}});
  boost::asio::io_context loop;
  const auto text = pattern(150'000);
  const auto id = *run(loop, [&]() -> Task<blobs::BlobId> {
    GUST_CO_TRY(auto writer, co_await store->create());
    GUST_CO_CHECK(co_await writer->write(std::as_bytes(std::span(text))));
    co_return co_await writer->commit();
  });
  const auto path = "/blobs/" + id.str().substr(0, 2) + "/" + id.str() + ".crc";
  const auto bits = files.info(path)->size * 8;
  const auto quiet = [](log::Level, std::string_view) {};
  log::set_sink(quiet);
  for (int n = 0; n < 2000; ++n) {
    const auto bit = random.u64() % bits, offset = random.u64() % text.size();
    const auto length = random.u64() % (text.size() - offset);
    files.flip(path, bit);
    const auto got = run(loop, [&]() -> Task<std::string> {
      GUST_CO_TRY(auto source, co_await store->open(id, offset, length));
      co_return co_await async::read_all(*source, 1 << 30);
    });
    if (got) {
      EXPECT_EQ(*got, text.substr(offset, length)) << "bit " << bit;
    } else {
      EXPECT_EQ(got.error().code, Code::kCorrupt);
    }
    EXPECT_FALSE(run(loop, [&] { return store->check(id); })) << "bit " << bit;
    files.flip(path, bit);
  }
  log::set_sink(nullptr);
}

}  // namespace
}  // namespace gust::objects::testing
