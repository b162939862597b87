// Versions of a key, against memory and disk.
#include "objects/rows.h"
#include "objects/testing.h"

namespace gust::objects {
namespace {

using testing::ObjectTest;
using testing::run;

class VersionsTest : public ObjectTest {
 protected:
  void enable(Versioning versioning = Versioning::kEnabled) {
    ASSERT_TRUE(run(loop_, [&] { return objects_->set_versioning(bucket_, versioning); }));
  }
  std::string version(std::string key, std::string body) { return put(std::move(key), std::move(body))->version_id; }
  Result<Object> find(std::string key, std::optional<std::string> version = {}) {
    return run(loop_, [&] { return objects_->find(bucket_, ObjectKey(key), version); });
  }
  // "key id" of each, "-" before a marker, "*" behind the current one.
  std::vector<std::string> versions(VersionsQuery query = {}) {
    const auto page = run(loop_, [&] { return objects_->list_versions(bucket_, query); });
    std::vector<std::string> out;
    for (const auto& one : page->versions) {
      const auto& id = one.object.version_id;
      out.push_back((one.object.kind == VersionKind::kDeleteMarker ? "-" : "") + one.object.key.str() + " " +
                    (id.empty() ? "null" : id) + (one.latest ? "*" : ""));
    }
    return out;
  }
};

INSTANTIATE_TEST_SUITE_P(Stores, VersionsTest, testing::twins(), testing::twin_name);

TEST_P(VersionsTest, AnIdTellsWhereItsVersionIs) {
  std::array<std::byte, 16> random{};
  const auto id = rows::make_version_id(0x0123456789ABCDEF, random);
  EXPECT_EQ(id.size(), 32u);
  EXPECT_EQ(rows::sequence_of(id), 0x0123456789ABCDEFu);
  EXPECT_FALSE(rows::sequence_of("null"));
  EXPECT_FALSE(rows::sequence_of(std::string(32, '!')));
}

TEST_P(VersionsTest, OldOnesStayUntilTheyAreDeleted) {
  enable();
  const std::string large(100'000, 'x');
  const auto one = version("k", large), two = version("k", "two");
  EXPECT_EQ(*read("k"), "two");
  EXPECT_EQ(versions(), (std::vector<std::string>{"k " + two + "*", "k " + one}));
  EXPECT_EQ(blob_count(), 1u);
  ASSERT_TRUE(erase("k", one));
  EXPECT_EQ(blob_count(), 0u);
  EXPECT_EQ(versions(), (std::vector<std::string>{"k " + two + "*"}));
}

TEST_P(VersionsTest, TheNewestLeftIsPromoted) {
  enable();
  const auto one = version("k", "one"), two = version("k", "two");
  ASSERT_TRUE(erase("k", two));
  EXPECT_EQ(*read("k"), "one");
  EXPECT_EQ(get("k")->noncurrent_at, WallTime{});
  ASSERT_TRUE(erase("k", one));
  EXPECT_EQ(get("k").error().source, "key");
  EXPECT_TRUE(rows("s3/o/").empty());
  EXPECT_TRUE(rows("s3/v/").empty());
}

TEST_P(VersionsTest, AMarkerHidesWhatIsKept) {
  enable();
  const auto one = version("k", "one");
  const auto marker = erase("k");
  ASSERT_TRUE(marker && marker->marker && marker->version);
  EXPECT_EQ(get("k").error().source, "marker");
  EXPECT_EQ(get("k").error().code, Code::kNotFound);
  EXPECT_EQ(find("k")->version_id, *marker->version);
  EXPECT_TRUE(list({})->objects.empty());
  EXPECT_TRUE(list({.delimiter = "k"})->prefixes.empty());
  const auto gone = erase("k", *marker->version);
  EXPECT_TRUE(gone && gone->marker);
  EXPECT_EQ(*read("k"), "one");
}

TEST_P(VersionsTest, TheNullVersionIsOneAndIsFoundBehindOthers) {
  ASSERT_TRUE(put("k", "null one"));
  enable();
  const auto kept = version("k", "kept");
  EXPECT_EQ(find("k", "null")->etag, find("k", "null")->etag);
  EXPECT_EQ(versions(), (std::vector<std::string>{"k " + kept + "*", "k null"}));
  enable(Versioning::kSuspended);
  ASSERT_TRUE(put("k", "null two"));
  EXPECT_EQ(versions(), (std::vector<std::string>{"k null*", "k " + kept}));
  EXPECT_EQ(*read("k"), "null two");
  enable();
  const auto newest = version("k", "newest");
  ASSERT_TRUE(erase("k", "null"));
  EXPECT_EQ(versions(), (std::vector<std::string>{"k " + newest + "*", "k " + kept}));
  EXPECT_EQ(find("k", "null").error().source, "version");
}

TEST_P(VersionsTest, ALockedVersionStays) {
  enable();
  const auto one = version("k", "one");
  const auto lock = [&](LockMode mode, bool hold) {
    return run(loop_, [&] {
      auto change = [=, this](Object& object) -> Result<void> {
        object.lock = {mode, clock_.now() + std::chrono::hours(1), hold};
        return {};
      };
      return objects_->update(bucket_, ObjectKey("k"), one, change, std::nullopt, {});
    });
  };
  ASSERT_TRUE(lock(LockMode::kGovernance, false));
  EXPECT_EQ(erase("k", one).error().source, "lock");
  ASSERT_TRUE(lock(LockMode::kNone, true));
  EXPECT_EQ(erase("k", one).error().source, "lock");
  ASSERT_TRUE(lock(LockMode::kCompliance, false));
  EXPECT_EQ(erase("k", one).error().source, "lock");
  clock_.advance(std::chrono::hours(2));
  EXPECT_TRUE(erase("k", one));
}

TEST_P(VersionsTest, PagesGoOnBehindAVersionThatIsGone) {
  enable();
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(version("k", std::to_string(i)));
  const auto page = run(loop_, [&] { return objects_->list_versions(bucket_, {.limit = 2}); });
  ASSERT_TRUE(page->truncated);
  EXPECT_EQ(page->next_version, ids[3]);
  ASSERT_TRUE(erase("k", ids[3]));
  EXPECT_EQ(versions({.key_marker = "k", .version_marker = ids[3]}),
            (std::vector<std::string>{"k " + ids[2], "k " + ids[1], "k " + ids[0]}));
}

TEST_P(VersionsTest, PagesGoOnBehindANullVersionThatIsGone) {
  ASSERT_TRUE(put("k", "null"));
  enable();
  const auto kept = version("k", "kept");
  enable(Versioning::kSuspended);
  ASSERT_TRUE(put("k", "null again"));
  const auto page = run(loop_, [&] { return objects_->list_versions(bucket_, {.limit = 1}); });
  ASSERT_TRUE(page->truncated);
  EXPECT_EQ(page->next_version, "null");
  ASSERT_TRUE(erase("k", "null"));
  EXPECT_EQ(versions({.key_marker = "k", .version_marker = "null"}), (std::vector<std::string>{"k " + kept + "*"}));
}

TEST_P(VersionsTest, TheySurviveAReopening) {
  if (!durable()) GTEST_SKIP() << "memory does not survive";
  enable();
  const std::string large(100'000, 'x');
  const auto one = version("k", large);
  version("k", "two");
  EXPECT_EQ(reopen(), 0u) << "a blob of an older version was swept";
  const auto object = find("k", one);
  ASSERT_TRUE(object);
  EXPECT_EQ(object->size, large.size());
}

TEST_P(VersionsTest, RowsFromBeforeVersionsAreRead) {
  const auto bucket = rows::decode_bucket(
      R"({"name":"b","owner":"000000000000","region":"us-east-1","created":1,"cors":"{}","notification":"",)"
      R"("website":""})");
  ASSERT_TRUE(bucket);
  EXPECT_EQ(bucket->configuration("cors"), "{}");
  EXPECT_NE(bucket->configuration("ownershipControls").find("BucketOwnerEnforced"), std::string::npos);
  const auto object = rows::decode_object(
      R"({"key":"k","etag":"e-2","size":3,"modified":1,"headers":{},"metadata":{},"segments":[],"sequence":7,)"
      R"("parts":[2,1]})");
  ASSERT_TRUE(object);
  ASSERT_EQ(object->parts.size(), 2u);
  EXPECT_EQ(object->parts[1].number, 2u);
  EXPECT_EQ(object->parts[0].size, 2u);
}

}  // namespace
}  // namespace gust::objects
