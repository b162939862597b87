// Objects at rest: what is in the store is not what was put there, what clients' keys encrypt needs them, and what was
// there before is read as it is.
#include "objects/rows.h"
#include "objects/testing.h"

#include <fstream>

namespace gust::objects::testing {
namespace {

constexpr std::size_t kBig = 300'000;

class AtRest : public ObjectTest {
 protected:
  Result<Object> put_with(std::string key, std::string body, CustomerKey customer_key) {
    return run(loop_, [&]() -> Task<Object> {
      PutRequest request;
      request.bucket = bucket_;
      request.key = ObjectKey(key);
      request.customer_key = customer_key;
      auto source = async::from_string(body);
      co_return co_await objects_->put(std::move(request), std::move(source));
    });
  }
  Result<std::string> read_with(std::string key, CustomerKey customer_key) {
    return run(loop_, [&]() -> Task<std::string> {
      GUST_CO_TRY(const auto object, co_await objects_->get(bucket_, ObjectKey(key)));
      GUST_CO_TRY(auto source, co_await objects_->open(object, 0, object.size, customer_key));
      co_return co_await async::read_all(*source, 1 << 30);
    });
  }
  void change_row(std::string key, std::string value) {
    ASSERT_TRUE(run(loop_, [&]() -> Task<void> {
      kv::Store::Body body = [&](kv::Transaction& tx) -> Result<void> {
        tx.put(key, value);
        return {};
      };
      return store_->transact(std::move(body));
    }));
  }
  codec::Key256 mine_ = fresh_key(random_);
};
INSTANTIATE_TEST_SUITE_P(Objects, AtRest, twins(), twin_name);

TEST_P(AtRest, TheStoreHasNoByteOfIt) {
  const std::string secret = "what nobody is to find on the disk", large = secret + pattern(kBig) + secret;
  ASSERT_TRUE(put("small", secret));
  ASSERT_TRUE(put("large", large));
  for (const auto& row : rows("s3/")) EXPECT_EQ(row.find(secret), std::string::npos);
  if (!durable()) return;
  for (const auto& entry : fs::recursive_directory_iterator(folder_.path)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path());
    const std::string there((std::istreambuf_iterator<char>(in)), {});
    EXPECT_EQ(there.find(secret), std::string::npos) << entry.path();
  }
  EXPECT_EQ(reopen(), 0u);
  EXPECT_EQ(read("small"), secret);
  EXPECT_EQ(read("large"), large);
}

TEST_P(AtRest, AClientsKeyIsNeededAgain) {
  for (const auto& body : {std::string("small"), pattern(kBig)}) {
    const auto made = put_with("k", body, mine_);
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_NE(made->etag, md5_hex(body));
    EXPECT_EQ(made->encryption.kind, EncryptionKind::kCustomer);
    EXPECT_EQ(read_with("k", mine_), body);
    EXPECT_EQ(read_with("k", {}).error().source, "customer key missing");
    EXPECT_EQ(read_with("k", fresh_key(random_)).error().code, Code::kDenied);
    for (const auto& row : rows("s3/")) EXPECT_EQ(row.find(mine_.text()), std::string::npos);
  }
  ASSERT_TRUE(put("k", "the store's"));
  EXPECT_EQ(read_with("k", mine_).error().source, "customer key unused");
}

TEST_P(AtRest, ACopyIsEncryptedAnew) {
  for (const bool from_mine : {false, true}) {
    const auto source = put_with("from", pattern(kBig), from_mine ? CustomerKey(mine_) : CustomerKey());
    ASSERT_TRUE(source);
    const auto other = fresh_key(random_);
    for (const auto& target : {CustomerKey(), CustomerKey(other)}) {
      const auto made = run(loop_, [&]() -> Task<Object> {
        CopyRequest copy{bucket_, *source, bucket_, ObjectKey("to")};
        if (from_mine) copy.from_key = mine_;
        copy.customer_key = target;
        co_return co_await objects_->copy(std::move(copy));
      });
      ASSERT_TRUE(made) << made.error().message;
      EXPECT_NE(made->segments[0].sealed_key, source->segments[0].sealed_key);
      EXPECT_EQ(read_with("to", target), pattern(kBig));
    }
  }
}

TEST_P(AtRest, PartsAreOfTheirUploadsKey) {
  Upload upload;
  upload.key = ObjectKey("parts");
  const auto begun = run(loop_, [&] { return objects_->create_upload(bucket_, upload, mine_); });
  const auto put_part = [&](std::uint32_t number, std::string body, CustomerKey key) {
    return run(loop_, [&]() -> Task<Part> {
      PartRequest request{bucket_, upload.key, begun->id, number};
      request.customer_key = key;
      auto source = async::from_string(body);
      co_return co_await objects_->put_part(std::move(request), std::move(source));
    });
  };
  EXPECT_EQ(put_part(1, "x", {}).error().source, "part encryption");
  EXPECT_EQ(put_part(1, "x", fresh_key(random_)).error().source, "part encryption");
  const auto large = pattern(kMinPartBytes + 1);
  const auto one = put_part(1, large, mine_), two = put_part(2, "the end", mine_);
  ASSERT_TRUE(one && two);
  CompleteRequest request;
  request.bucket = bucket_;
  request.key = upload.key;
  request.upload_id = begun->id;
  request.parts = {{1, one->etag, {}}, {2, two->etag, {}}};
  const auto whole = run(loop_, [&] { return objects_->complete(request); });
  ASSERT_TRUE(whole) << whole.error().message;
  EXPECT_EQ(read_with("parts", mine_), large + "the end");
  EXPECT_EQ(read_with("parts", {}).error().source, "customer key missing");
}

TEST_P(AtRest, WhatWasThereBeforeIsReadAsItIs) {
  auto object = *put("k", "plain bytes");
  change_row(rows::bytes_key(object.segments[0].id).c_str(), "plain bytes");
  object.segments[0].sealed_key.clear();
  object.encryption = {};
  change_row(rows::object_key(bucket_, "k"), rows::encode(object));
  EXPECT_EQ(read("k"), "plain bytes");
  EXPECT_EQ(get("k")->encryption.kind, EncryptionKind::kNone);
}

TEST_P(AtRest, BytesOfAnotherObjectAreNotTaken) {
  const auto one = *put("one", pattern(1000, 1)), two = *put("two", pattern(1000, 2));
  change_row(rows::bytes_key(one.segments[0].id), rows("s3/d/" + two.segments[0].id.str()).at(0));
  EXPECT_EQ(read("one").error().code, Code::kCorrupt);
  auto exchanged = one;
  exchanged.segments[0].sealed_key = two.segments[0].sealed_key;
  change_row(rows::object_key(bucket_, "one"), rows::encode(exchanged));
  EXPECT_EQ(read("one").error().source, "sealed key");
}

}  // namespace
}  // namespace gust::objects::testing
