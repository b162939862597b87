// What the runner deletes, and what it leaves because it changed after it was found.
#include "objects/lifecycle_runner.h"

#include "async/testing.h"
#include "blobs/memory/memory_store.h"
#include "kv/memory/memory_store.h"

#include <gtest/gtest.h>

namespace gust::objects {
namespace {

using async::Task;
using async::testing::run;
using std::chrono::days;

struct KindsOutbox final : Outbox {
  Result<void> append(kv::Transaction&, const ObjectEvent& event) override {
    kinds.push_back(event.kind);
    return {};
  }
  void notify() override {}
  std::vector<EventKind> kinds;
};

class LifecycleRun : public ::testing::Test {
 protected:
  void make(Versioning versioning, std::string rule) {
    configurations_ = {{"lifecycle", R"({"Rules":[{"ID":"r","Status":"Enabled","Filter":{},)" + rule + "}]}"},
                       {"notification", "{}"}};
    NewBucket wanted{bucket_, owner_, "us-east-1", configurations_, versioning};
    ASSERT_TRUE(run(loop_, [&] { return objects_.create_bucket(wanted); }));
  }
  Object put(std::string key, Lock lock = {}) {
    const auto made = run(loop_, [&]() -> Task<Object> {
      PutRequest request;
      request.bucket = bucket_;
      request.key = ObjectKey(key);
      request.attributes.lock = lock;
      request.origin.account = owner_;
      auto body = async::from_string("some bytes");
      co_return co_await objects_.put(std::move(request), std::move(body));
    });
    EXPECT_TRUE(made);
    return made.value_or(Object{});
  }
  Result<Erased> erase(EraseRequest request) {
    request.bucket = bucket_;
    return run(loop_, [&] { return objects_.erase(request); });
  }
  void sweep() {
    LifecycleRunner runner(loop_.get_executor(), objects_, clock_, random_, {.page = 2});
    EXPECT_TRUE(run(loop_, [&] { return runner.sweep(); }));
  }
  void pass(days some) { clock_.advance(some); }
  // "key", "key marker" of each version in order.
  std::vector<std::string> left() {
    const auto page = run(loop_, [&] { return objects_.list_versions(bucket_, {}); });
    std::vector<std::string> out;
    for (const auto& v : page->versions)
      out.push_back(v.object.key.str() + (v.object.kind == VersionKind::kDeleteMarker ? " marker" : ""));
    return out;
  }
  Found found(const Object& object, Standing standing, std::size_t newer = 0) {
    return {configurations_["lifecycle"], object.sequence, object.tags, standing, newer};
  }
  using Names = std::vector<std::string>;

  boost::asio::io_context loop_;
  env::FakeClock clock_;
  env::SystemRandom random_;
  KindsOutbox outbox_;
  kv::MemoryStore store_;
  blobs::MemoryStore blobs_;
  ObjectStore objects_{store_, blobs_, clock_, random_, outbox_, fresh_key(random_)};
  BucketName bucket_{"bucket"};
  AccountId owner_{"000000000000"};
  std::map<std::string, std::string> configurations_;
};

TEST_F(LifecycleRun, DeletesObjectsOfABucketWithoutVersioning) {
  make(Versioning::kNever, R"("Expiration":{"Days":2})");
  for (const auto* key : {"a", "b", "c", "d", "e"}) put(key);
  pass(days(2));
  sweep();
  EXPECT_EQ(left().size(), 5u);
  put("c");
  pass(days(1));
  sweep();
  EXPECT_EQ(left(), Names{"c"});
  EXPECT_EQ(outbox_.kinds.back(), EventKind::kLifecycleDelete);
}

TEST_F(LifecycleRun, HidesCurrentVersionsThenDeletesOlderOnesThenTheMarker) {
  make(Versioning::kEnabled, R"("Expiration":{"Days":1},"NoncurrentVersionExpiration":{"NoncurrentDays":1})");
  put("k");
  pass(days(2));
  sweep();
  EXPECT_EQ(left(), (Names{"k marker", "k"}));
  EXPECT_EQ(outbox_.kinds.back(), EventKind::kLifecycleDeleteMarker);
  sweep();
  EXPECT_EQ(left(), (Names{"k marker", "k"}));
  pass(days(2));
  sweep();
  sweep();
  EXPECT_EQ(left(), Names{});
  EXPECT_EQ(outbox_.kinds.back(), EventKind::kLifecycleDelete);
}

TEST_F(LifecycleRun, OfASuspendedBucketTheNullVersionBecomesANullMarker) {
  make(Versioning::kSuspended, R"("Expiration":{"Days":1})");
  put("k");
  pass(days(2));
  sweep();
  EXPECT_EQ(left(), Names{"k marker"});
}

TEST_F(LifecycleRun, KeepsTheNewestNoncurrentVersionsAndLockedOnes) {
  make(Versioning::kEnabled, R"("NoncurrentVersionExpiration":{"NoncurrentDays":1,"NewerNoncurrentVersions":2})");
  const auto locked = put("k", {LockMode::kCompliance, clock_.now() + days(5), false});
  for (int i = 0; i < 5; ++i) put("k");
  pass(days(2));
  sweep();
  EXPECT_EQ(left().size(), 4u);  // the current one, two, and the locked one
  pass(days(4));
  sweep();
  EXPECT_EQ(left().size(), 3u);
  EXPECT_FALSE(run(loop_, [&] { return objects_.find(bucket_, ObjectKey("k"), locked.version_id); }));
}

TEST_F(LifecycleRun, AbortsUploads) {
  make(Versioning::kNever, R"("AbortIncompleteMultipartUpload":{"DaysAfterInitiation":1})");
  Upload upload;
  upload.key = ObjectKey("k");
  ASSERT_TRUE(run(loop_, [&] { return objects_.create_upload(bucket_, upload); }));
  const auto open = [&] { return run(loop_, [&] { return objects_.list_uploads(bucket_, {}); })->uploads.size(); };
  sweep();
  EXPECT_EQ(open(), 1u);
  pass(days(2));
  sweep();
  EXPECT_EQ(open(), 0u);
}

TEST_F(LifecycleRun, ADeletionThatWasOvertakenIsRefused) {
  make(Versioning::kNever, R"("Expiration":{"Days":1})");
  const auto first = put("k");
  const auto second = put("k");
  const auto refused = [&](Found what) {
    const auto done = erase({.bucket = bucket_, .key = ObjectKey("k"), .found = what});
    return !done && done.error().code == Code::kPrecondition && done.error().source == "found";
  };
  EXPECT_TRUE(refused(found(first, Standing::kCurrent)));
  auto retagged = found(second, Standing::kCurrent);
  retagged.tags["a"] = "1";
  EXPECT_TRUE(refused(retagged));
  auto other_rules = found(second, Standing::kCurrent);
  other_rules.rules = "{}";
  EXPECT_TRUE(refused(other_rules));
  EXPECT_EQ(left(), Names{"k"});
  EXPECT_FALSE(refused(found(second, Standing::kCurrent)));
  EXPECT_EQ(left(), Names{});
}

TEST_F(LifecycleRun, AVersionThatStandsOtherwiseIsKept) {
  make(Versioning::kEnabled, R"("NoncurrentVersionExpiration":{"NoncurrentDays":1})");
  const auto oldest = put("k"), older = put("k"), newest = put("k");
  const auto erase_found = [&](const Object& object, Found what) {
    return erase({.bucket = bucket_, .key = ObjectKey("k"), .version = object.version_id, .found = what}).has_value();
  };
  EXPECT_FALSE(erase_found(newest, found(newest, Standing::kNoncurrent)));
  EXPECT_FALSE(erase_found(newest, found(newest, Standing::kAlone)));
  EXPECT_FALSE(erase_found(older, found(older, Standing::kCurrent)));
  EXPECT_FALSE(erase_found(oldest, found(oldest, Standing::kNoncurrent, 2)));  // one newer than it is noncurrent
  EXPECT_EQ(left().size(), 3u);
  EXPECT_TRUE(erase_found(oldest, found(oldest, Standing::kNoncurrent, 1)));
  EXPECT_TRUE(erase_found(older, found(older, Standing::kNoncurrent)));
  EXPECT_TRUE(erase_found(newest, found(newest, Standing::kAlone)));
  EXPECT_EQ(left(), Names{});
}

TEST_F(LifecycleRun, StartsAtOnceAndStops) {
  make(Versioning::kNever, R"("Expiration":{"Days":1})");
  put("k");
  pass(days(2));
  LifecycleRunner runner(loop_.get_executor(), objects_, clock_, random_, {});
  runner.start();
  const auto stopped = run(loop_, [&]() -> Task<void> {
    for (;;) {
      GUST_CO_TRY(const auto page, co_await objects_.list_versions(bucket_, {}));
      if (page.versions.empty()) break;
    }
    co_return co_await runner.stop();
  });
  EXPECT_TRUE(stopped);
}

}  // namespace
}  // namespace gust::objects
