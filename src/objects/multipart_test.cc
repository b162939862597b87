// What multipart uploads promise, on both twins.
#include "objects/testing.h"

namespace gust::objects::testing {
namespace {

class MultipartContract : public ObjectTest {
 protected:
  using Named = CompleteRequest::Named;

  std::string start(std::optional<ChecksumKind> kind = {}, ChecksumType type = ChecksumType::kComposite) {
    Upload upload;
    upload.key = key_;
    upload.checksum_kind = kind;
    upload.checksum_type = type;
    return run(loop_, [&] { return objects_->create_upload(bucket_, upload); })->id;
  }
  Task<Part> part_task(std::string id, std::uint32_t number, std::string body) {
    auto source = async::from_string(std::move(body));
    PartRequest request{bucket_, key_, id, number};
    co_return co_await objects_->put_part(std::move(request), std::move(source));
  }
  Result<Part> part(std::string id, std::uint32_t number, std::string body) {
    return run(loop_, [&] { return part_task(id, number, body); });
  }
  CompleteRequest request(std::string id, std::vector<Named> named) {
    CompleteRequest out;
    out.bucket = bucket_;
    out.key = key_;
    out.upload_id = std::move(id);
    out.parts = std::move(named);
    return out;
  }
  Result<Object> complete(CompleteRequest request) {
    return run(loop_, [&] { return objects_->complete(request); });
  }
  Result<void> abort(std::string id) {
    return run(loop_, [&] { return objects_->abort(bucket_, key_, id); });
  }

  ObjectKey key_{"big"};
  const std::string one_ = pattern(kMinPartBytes, 1), two_ = pattern(kMinPartBytes + 1, 2), tail_ = "tail";
};
INSTANTIATE_TEST_SUITE_P(Objects, MultipartContract, twins(), twin_name);

TEST_P(MultipartContract, MakesOneObjectOfItsParts) {
  listen();
  const auto id = start();
  const auto three = part(id, 30, tail_), one = part(id, 1, one_), two = part(id, 2, two_);
  const auto list = run(loop_, [&] { return objects_->parts(bucket_, key_, id); });
  ASSERT_EQ(list->size(), 3u);
  EXPECT_EQ(list->at(2).number, 30u);
  EXPECT_EQ(get("big").error().code, Code::kNotFound);
  const auto made = complete(request(id, {{1, one->etag, {}}, {2, two->etag, {}}, {30, three->etag, {}}}));
  ASSERT_TRUE(made) << made.error().message;
  const auto digests = codec::digest(codec::DigestKind::kMd5, one_) + codec::digest(codec::DigestKind::kMd5, two_) +
                       codec::digest(codec::DigestKind::kMd5, tail_);
  EXPECT_EQ(made->etag, md5_hex(digests) + "-3");
  std::vector<std::uint64_t> sizes;
  for (const auto& part : made->parts) sizes.push_back(part.size);
  EXPECT_EQ(sizes, (std::vector<std::uint64_t>{one_.size(), two_.size(), tail_.size()}));
  EXPECT_EQ(read("big"), one_ + two_ + tail_);
  EXPECT_EQ(rows("outbox/"), std::vector<std::string>{"3big"});
  EXPECT_TRUE(rows("s3/u/").empty());
  EXPECT_TRUE(rows("s3/p/").empty());
  EXPECT_EQ(complete(request(id, {{1, one->etag, {}}})).error().source, "upload");
  EXPECT_EQ(part(id, 1, "late").error().source, "upload");
}

TEST_P(MultipartContract, PartsThatAreReplacedOrLeftOutGo) {
  const auto id = start();
  ASSERT_TRUE(part(id, 1, one_));
  const auto again = part(id, 1, two_);
  ASSERT_TRUE(part(id, 2, one_));
  ASSERT_TRUE(part(id, 3, tail_));
  ASSERT_TRUE(complete(request(id, {{1, again->etag, {}}})));
  EXPECT_EQ(read("big"), two_);
  EXPECT_EQ(blob_count(), 1u);
  EXPECT_TRUE(rows("s3/d/").empty());
}

TEST_P(MultipartContract, AnAbortedUploadLeavesNothing) {
  const auto id = start();
  ASSERT_TRUE(part(id, 1, one_));
  ASSERT_TRUE(part(id, 2, tail_));
  ASSERT_TRUE(abort(id));
  EXPECT_EQ(blob_count(), 0u);
  reopen();
  for (const auto* prefix : {"s3/u/", "s3/p/", "s3/d/", "s3/g/"}) EXPECT_TRUE(rows(prefix).empty()) << prefix;
  EXPECT_EQ(abort(id).error().source, "upload");
}

TEST_P(MultipartContract, RefusalsLeaveTheUploadAsItWas) {
  const auto id = start();
  const auto one = part(id, 1, tail_), two = part(id, 2, tail_ + "2");
  const auto refused = [&](std::vector<Named> named) { return complete(request(id, named)).error().source; };
  EXPECT_EQ(refused({{2, two->etag, {}}, {1, one->etag, {}}}), "part order");
  EXPECT_EQ(refused({{1, one->etag, {}}, {1, one->etag, {}}}), "part order");
  EXPECT_EQ(refused({{1, one->etag, {}}, {3, two->etag, {}}}), "part");
  EXPECT_EQ(refused({{1, two->etag, {}}}), "part");
  EXPECT_EQ(refused({{1, one->etag, {}}, {2, two->etag, {}}}), "part size");
  auto with_size = request(id, {{1, one->etag, {}}});
  with_size.size = 5;
  EXPECT_EQ(complete(with_size).error().source, "object size");
  with_size.size = 4;
  EXPECT_TRUE(complete(with_size));
}

TEST_P(MultipartContract, TheChecksumOfTheWholeIsCombinedFromParts) {
  for (const auto kind : {ChecksumKind::kCrc32, ChecksumKind::kCrc32c, ChecksumKind::kCrc64Nvme}) {
    const auto id = start(kind, ChecksumType::kFullObject);
    const auto one = part(id, 1, one_), two = part(id, 2, tail_);
    ChecksumStream whole(kind);
    for (const auto& text : {one_, tail_}) whole.update(std::as_bytes(std::span(text)));
    const Checksum wanted{kind, ChecksumType::kFullObject, whole.finish(), 0};
    auto completed = request(id, {{1, one->etag, one->checksum}, {2, two->etag, two->checksum}});
    completed.checksum = wanted;
    completed.checksum->value[0] ^= 1;
    EXPECT_EQ(complete(completed).error().source, "checksum");
    completed.checksum = wanted;
    const auto made = complete(completed);
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(made->checksum, wanted);
  }
}

TEST_P(MultipartContract, ACompositeChecksumIsOfThePartsValues) {
  const auto id = start(ChecksumKind::kSha256);
  const auto one = part(id, 1, one_), two = part(id, 2, tail_);
  auto completed = request(id, {{1, one->etag, one->checksum}, {2, two->etag, one->checksum}});
  EXPECT_EQ(complete(completed).error().source, "part");
  completed.parts[1].checksum = two->checksum;
  const auto made = complete(completed);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->checksum, composite(ChecksumKind::kSha256, {one->checksum->value, two->checksum->value}));
}

TEST_P(MultipartContract, APartThatComesWhileItsUploadEndsNeitherSpoilsNorLeaks) {
  async::TaskGroup group(loop_.get_executor(), "race");
  for (int round = 0; round < 10; ++round) {
    const auto id = start();
    const auto one = part(id, 1, one_);
    const auto completed = request(id, {{1, one->etag, {}}});
    bool ended = false;
    const auto late = [&](std::uint32_t number) -> Task<void> {
      (void)co_await part_task(id, number, two_);
      co_return Result<void>{};
    };
    const auto end = [&]() -> Task<void> {
      ended = (co_await objects_->complete(completed)).has_value();
      co_return Result<void>{};
    };
    ASSERT_TRUE(run(loop_, [&]() -> Task<void> {
      group.spawn(late(1));
      group.spawn(late(2));
      group.spawn(end());
      co_return co_await group.drain(SteadyTime::max());
    }));
    if (ended) {
      EXPECT_EQ(read("big"), one_);
      EXPECT_TRUE(rows("s3/p/").empty());
      ASSERT_TRUE(erase("big"));
    } else {
      ASSERT_TRUE(abort(id));
    }
    EXPECT_EQ(blob_count(), 0u);
  }
}

// What lies between the markers of one page and of the next is listed once, with every size of the pages.
TEST_P(MultipartContract, UploadsAreListedPageByPage) {
  for (const auto* key : {"a", "a\x01", "a/b", "a/c", "d", "d", "d", "e//", "e/f/g", "z"}) {
    key_ = ObjectKey(key);
    start();
  }
  const auto walk = [&](UploadsQuery query) {
    std::vector<std::string> out;
    for (;;) {
      const auto page = run(loop_, [&] { return objects_->list_uploads(bucket_, query); });
      EXPECT_LE(page->uploads.size() + page->prefixes.size(), query.limit);
      for (const auto& upload : page->uploads) out.push_back(upload.key.str() + " " + upload.id);
      out.insert(out.end(), page->prefixes.begin(), page->prefixes.end());
      if (!page->truncated) return out;
      query.key_marker = page->next_key;
      query.id_marker = page->next_id;
    }
  };
  const auto keys = [&](UploadsQuery query) {
    auto out = walk(query);
    for (auto& one : out) one = one.substr(0, one.find(' '));
    std::ranges::sort(out);
    return out;
  };
  using Names = std::vector<std::string>;
  for (const std::size_t limit : {1, 2, 3, 1000}) {
    EXPECT_EQ(keys({.limit = limit}), (Names{"a", "a\x01", "a/b", "a/c", "d", "d", "d", "e//", "e/f/g", "z"}));
    EXPECT_EQ(keys({.delimiter = "/", .limit = limit}), (Names{"a", "a\x01", "a/", "d", "d", "d", "e/", "z"}));
    EXPECT_EQ(keys({.prefix = "e/", .delimiter = "/", .limit = limit}), (Names{"e//", "e/f/"}));
    EXPECT_EQ(keys({.key_marker = "a/b", .limit = limit}), (Names{"a/c", "d", "d", "d", "e//", "e/f/g", "z"}));
    EXPECT_EQ(walk({.limit = limit}), walk({}));
  }
  const auto none = run(loop_, [&] { return objects_->list_uploads(bucket_, {.limit = 0}); });
  EXPECT_FALSE(none->truncated);
}

TEST_P(MultipartContract, UploadsAreListedAndGoWithTheirBucket) {
  const auto id = start();
  key_ = ObjectKey("other");
  const auto other = start();
  const auto list = [&](UploadsQuery query) {
    return run(loop_, [&] { return objects_->list_uploads(bucket_, query); });
  };
  EXPECT_EQ(list({})->uploads.size(), 2u);
  const auto some = list({.prefix = "b"});
  ASSERT_EQ(some->uploads.size(), 1u);
  EXPECT_EQ(some->uploads.at(0).id, id);
  ASSERT_TRUE(part(other, 1, one_));
  ASSERT_TRUE(run(loop_, [&] { return objects_->delete_bucket(bucket_); }));
  reopen();
  EXPECT_TRUE(rows("s3/").empty());
  EXPECT_EQ(blob_count(), 0u);
}

}  // namespace
}  // namespace gust::objects::testing
