// What the object store promises of single objects and buckets, on both twins.
#include "objects/testing.h"

namespace gust::objects::testing {
namespace {

constexpr std::size_t kBig = 700'000;  // in a blob; small ones are in a row

using ObjectContract = ObjectTest;
INSTANTIATE_TEST_SUITE_P(Objects, ObjectContract, twins(), twin_name);

TEST_P(ObjectContract, RoundTripsEverySize) {
  for (const std::size_t size : {0, 1, 32768, 32769, 262144, 262145, 1'000'003}) {
    const auto body = pattern(size);
    const auto made = put("k" + std::to_string(size), body);
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(made->size, size);
    EXPECT_EQ(made->etag, md5_hex(body));
    EXPECT_EQ(read("k" + std::to_string(size)), body);
  }
}

TEST_P(ObjectContract, ReadsRanges) {
  for (const std::size_t size : {std::size_t{1000}, kBig}) {
    const auto body = pattern(size);
    const auto object = put("k", body);
    const auto part = [&](std::uint64_t offset, std::uint64_t length) {
      return run(loop_, [&]() -> Task<std::string> {
        GUST_CO_TRY(auto source, co_await objects_->open(*object, offset, length));
        co_return co_await async::read_all(*source, 1 << 30);
      });
    };
    EXPECT_EQ(part(0, 10), body.substr(0, 10));
    EXPECT_EQ(part(size - 3, 3), body.substr(size - 3));
    EXPECT_EQ(part(500, 0), "");
    EXPECT_EQ(part(size - 3, 4).error().code, Code::kInvalid);
    EXPECT_EQ(part(size + 1, 0).error().code, Code::kInvalid);
  }
}

TEST_P(ObjectContract, WhatIsNotThereIsNotFound) {
  EXPECT_EQ(get("none").error().source, "key");
  EXPECT_TRUE(erase("none"));
  bucket_ = BucketName("other");
  EXPECT_EQ(get("none").error().source, "bucket");
  EXPECT_EQ(put("k", "x").error().source, "bucket");
  EXPECT_EQ(erase("k").error().source, "bucket");
  EXPECT_EQ(list({}).error().source, "bucket");
}

TEST(BucketNames, SomeAreReserved) {
  for (const auto* name :
       {"xn--a", "sthree-a", "amzn-s3-demo-a", "a-s3alias", "a--ol-s3", "a.mrap", "a--x-s3", "a--table-s3"})
    EXPECT_FALSE(check_bucket_name(name)) << name;
  for (const auto* name : {"xn-a", "my-sthree-a", "s3alias", "x-s3.a", "abc"})
    EXPECT_TRUE(check_bucket_name(name)) << name;
}

TEST_P(ObjectContract, AnOverwriteAndAnEraseRemoveTheOldBytes) {
  ASSERT_TRUE(put("k", pattern(kBig)));
  EXPECT_EQ(blob_count(), 1u);
  ASSERT_TRUE(put("k", pattern(kBig, 1)));
  EXPECT_EQ(blob_count(), 1u);
  ASSERT_TRUE(put("k", "small"));
  EXPECT_EQ(blob_count(), 0u);
  EXPECT_EQ(rows("s3/d/").size(), 1u);
  ASSERT_TRUE(erase("k"));
  EXPECT_TRUE(rows("s3/d/").empty());
  EXPECT_EQ(rows("s3/g/").size(), 2u);  // until more have gone, or a start
  reopen();
  EXPECT_TRUE(rows("s3/g/").empty());
}

TEST_P(ObjectContract, TheRowsOfManyRemovedBlobsGo) {
  for (int n = 0; n < 40; ++n) {
    ASSERT_TRUE(put("k", pattern(kBig, n)));
    EXPECT_EQ(blob_count(), 1u);
  }
  EXPECT_EQ(rows("s3/g/").size(), 7u);  // 39 went, 32 of them with their rows
}

TEST_P(ObjectContract, AReaderKeepsItsBytesUntilItEnds) {
  const auto body = pattern(kBig);
  const auto object = put("k", body);
  const auto got = run(loop_, [&]() -> Task<std::string> {
    GUST_CO_TRY(auto source, co_await objects_->open(*object, 0, object->size));
    GUST_CO_CHECK(co_await put_task("k", pattern(kBig, 1)));
    co_return co_await async::read_all(*source, 1 << 30);
  });
  EXPECT_EQ(got, body);
  ASSERT_TRUE(put("k", "x"));  // the next write takes what the reader let go
  EXPECT_EQ(blob_count(), 0u);
}

TEST_P(ObjectContract, ConditionsOfWrites) {
  const auto first = put("k", "1", {.if_match = "", .if_none_match = "*"});
  ASSERT_TRUE(first);
  EXPECT_EQ(put("k", "2", {.if_match = "", .if_none_match = "*"}).error().code, Code::kPrecondition);
  EXPECT_EQ(put("k", "2", {.if_match = "\"no\"", .if_none_match = ""}).error().code, Code::kPrecondition);
  EXPECT_EQ(put("none", "2", {.if_match = "\"no\"", .if_none_match = ""}).error().source, "key");
  EXPECT_TRUE(put("k", "2", {.if_match = "\"" + first->etag + "\"", .if_none_match = ""}));
  EXPECT_EQ(read("k"), "2");
  EXPECT_EQ(put("k", pattern(kBig), {.if_match = "", .if_none_match = "*"}).error().code, Code::kPrecondition);
  EXPECT_EQ(blob_count(), 0u);
}

TEST_P(ObjectContract, OfConcurrentPutsOfAKeyOneIsThereWhole) {
  async::TaskGroup group(loop_.get_executor(), "puts");
  constexpr int kWriters = 12;
  int done = 0;
  const auto writer = [&](int n) -> Task<void> {
    GUST_CO_CHECK(co_await put_task("k", pattern(kBig, n)));
    ++done;
    co_return Result<void>{};
  };
  ASSERT_TRUE(run(loop_, [&]() -> Task<void> {
    for (int n = 0; n < kWriters; ++n) group.spawn(writer(n));
    co_return co_await group.drain(SteadyTime::max());
  }));
  EXPECT_EQ(done, kWriters);
  const auto body = read("k");
  ASSERT_TRUE(body);
  EXPECT_EQ(md5_hex(*body), get("k")->etag);
  EXPECT_EQ(blob_count(), 1u);
}

TEST_P(ObjectContract, OfConcurrentFirstPutsOnlyOneSucceeds) {
  async::TaskGroup group(loop_.get_executor(), "puts");
  int made = 0, refused = 0;
  const auto writer = [&](int n) -> Task<void> {
    const WriteCondition condition{.if_match = "", .if_none_match = "*"};
    const auto put = co_await put_task("k", std::to_string(n), condition);
    put ? ++made : ++refused;
    co_return Result<void>{};
  };
  ASSERT_TRUE(run(loop_, [&]() -> Task<void> {
    for (int n = 0; n < 8; ++n) group.spawn(writer(n));
    co_return co_await group.drain(SteadyTime::max());
  }));
  EXPECT_EQ(made, 1);
  EXPECT_EQ(refused, 7);
}

TEST_P(ObjectContract, SequencesOfAKeyGrow) {
  const auto one = put("k", "1"), two = put("k", "2");
  EXPECT_LT(one->sequence, two->sequence);
}

TEST_P(ObjectContract, EventsAreWrittenWithTheObject) {
  ASSERT_TRUE(put("unheard", "x"));
  EXPECT_TRUE(rows("outbox/").empty());
  listen();
  ASSERT_TRUE(put("k", "x"));
  ASSERT_TRUE(erase("k"));
  ASSERT_TRUE(erase("never there"));
  EXPECT_EQ(rows("outbox/"), (std::vector<std::string>{"0k", "4k"}));
  EXPECT_EQ(outbox_.notified, 2);
  outbox_.refuses = true;
  EXPECT_EQ(put("refused", pattern(kBig)).error().code, Code::kNoSpace);
  EXPECT_EQ(rows("outbox/").size(), 2u);
  EXPECT_EQ(get("refused").error().code, Code::kNotFound);
}

TEST_P(ObjectContract, ABrokenOrWrongBodyLeavesNothing) {
  PutRequest request;
  request.bucket = bucket_;
  request.key = ObjectKey("k");
  const auto broken = run(loop_, [&]() -> Task<Object> {
    co_return co_await objects_->put(request, std::make_unique<BrokenSource>(pattern(kBig)));
  });
  EXPECT_EQ(broken.error().source, "body");
  request.expected = [] { return Expected{std::string(16, 'x'), std::nullopt}; };
  const auto wrong = run(
      loop_, [&]() -> Task<Object> { co_return co_await objects_->put(request, async::from_string(pattern(kBig))); });
  EXPECT_EQ(wrong.error().source, "digest");
  EXPECT_EQ(blob_count(), 0u);
  EXPECT_EQ(get("k").error().code, Code::kNotFound);
}

TEST_P(ObjectContract, ChecksumsAreComputedAndCompared) {
  PutRequest request;
  request.bucket = bucket_;
  request.key = ObjectKey("k");
  request.checksum_kind = ChecksumKind::kCrc32;
  const auto with = [&](std::string value) {
    request.expected = [=] {
      return Expected{std::nullopt, Checksum{ChecksumKind::kCrc32, ChecksumType::kFullObject, value, 0}};
    };
    return run(loop_,
               [&]() -> Task<Object> { co_return co_await objects_->put(request, async::from_string("123456789")); });
  };
  EXPECT_EQ(with("\x01\x02\x03\x04").error().source, "checksum");
  ASSERT_TRUE(with("\xcb\xf4\x39\x26"));
  EXPECT_EQ(get("k")->checksum->value, "\xcb\xf4\x39\x26");
}

TEST_P(ObjectContract, CopiesBytesAndWhatTheCallerSaysOfThem) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{9}, kBig}) {
    const auto from = put("from", pattern(size));
    CopyRequest request;
    request.from_bucket = bucket_;
    request.from = *from;
    request.bucket = bucket_;
    request.key = ObjectKey("to");
    request.attributes.metadata = {{"a", "1"}};
    const auto to = run(loop_, [&] { return objects_->copy(request); });
    ASSERT_TRUE(to) << to.error().message;
    EXPECT_EQ(to->etag, from->etag);
    EXPECT_EQ(to->metadata, request.attributes.metadata);
    ASSERT_TRUE(erase("from"));
    EXPECT_EQ(read("to"), pattern(size));
  }
}

TEST_P(ObjectContract, BucketsAreMadeOnceAndListedByOwner) {
  const AccountId owner("000000000000"), other("111111111111");
  const auto create = [&](std::string name, const AccountId& who) {
    return run(loop_, [&] { return objects_->create_bucket({BucketName(name), who, "us-east-1"}); });
  };
  EXPECT_EQ(create("bucket", owner).error().source, "own bucket");
  EXPECT_EQ(create("bucket", other).error().source, "bucket");
  EXPECT_EQ(create("Bad_Name", owner).error().source, "bucket name");
  ASSERT_TRUE(create("another", other));
  const auto mine = run(loop_, [&] { return objects_->buckets(owner); });
  ASSERT_EQ(mine->size(), 1u);
  EXPECT_EQ(mine->at(0).name.str(), "bucket");
}

TEST_P(ObjectContract, OnlyAnEmptyBucketIsDeleted) {
  ASSERT_TRUE(put("k", "x"));
  const auto remove = [&] { return run(loop_, [&] { return objects_->delete_bucket(bucket_); }); };
  EXPECT_EQ(remove().error().source, "not empty");
  EXPECT_EQ(read("k"), "x");
  ASSERT_TRUE(erase("k"));
  ASSERT_TRUE(remove());
  EXPECT_EQ(remove().error().source, "bucket");
  EXPECT_TRUE(rows("s3/").empty());
}

TEST_P(ObjectContract, ABucketIsNeverDeletedWithAnAcknowledgedObject) {
  async::TaskGroup group(loop_.get_executor(), "race");
  for (int round = 0; round < 20; ++round) {
    bool stored = false, deleted = false;
    const auto writer = [&]() -> Task<void> {
      stored = (co_await put_task("k", "x")).has_value();
      co_return Result<void>{};
    };
    const auto remover = [&]() -> Task<void> {
      deleted = (co_await objects_->delete_bucket(bucket_)).has_value();
      co_return Result<void>{};
    };
    ASSERT_TRUE(run(loop_, [&]() -> Task<void> {
      group.spawn(writer());
      group.spawn(remover());
      co_return co_await group.drain(SteadyTime::max());
    }));
    EXPECT_FALSE(stored && deleted);
    EXPECT_EQ(get("k").has_value(), stored);
    if (stored) ASSERT_TRUE(erase("k"));
    if (deleted) {
      ASSERT_TRUE(
          run(loop_, [&] { return objects_->create_bucket({bucket_, AccountId("000000000000"), "us-east-1"}); }));
    }
  }
}

}  // namespace
}  // namespace gust::objects::testing
