#include "objects/rows.h"

#include <gtest/gtest.h>

namespace gust::objects::rows {
namespace {

Object whole_object() {
  Object object;
  object.key = ObjectKey("ü \"/\\\n");
  object.etag = "e-2";
  object.size = 7'000'000'000;
  object.modified_at = from_epoch_ms(1'440'938'160'123);
  object.headers = {{"content-type", "text/plain"}, {"expires", ""}};
  object.metadata = {{"a", "ü"}, {"b", "2"}};
  object.checksum = Checksum{ChecksumKind::kSha256, ChecksumType::kComposite, std::string(32, '\x01'), 2};
  object.segments = {{blobs::BlobId("one"), 5, Place::kRow, std::string(60, '\x02')}, {blobs::BlobId("two"), 6}};
  object.parts.resize(2);
  object.parts[0].number = 1;
  object.parts[0].size = 5;
  object.parts[0].checksum = Checksum{ChecksumKind::kSha256, ChecksumType::kFullObject, std::string(32, '\x03'), 0};
  object.parts[1].number = 7;
  object.parts[1].size = 6;
  object.sequence = 1ULL << 63;
  object.upload_id = "upload";
  object.owner = AccountId("123456789012");
  object.acl = "{}";
  object.tags = {{"t", "v"}};
  object.lock = {LockMode::kCompliance, from_epoch_ms(99), true};
  object.encryption = {EncryptionKind::kCustomer, "salt", "proof"};
  object.version_id = "v";
  object.null_sequence = 3;
  object.noncurrent_at = from_epoch_ms(5);
  return object;
}

TEST(Rows, AnObjectComesBackAsItWas) {
  const auto wanted = whole_object();
  const auto row = encode(wanted);
  const auto got = decode_object(row);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(encode(*got), row);
  EXPECT_EQ(got->key, wanted.key);
  EXPECT_EQ(got->sequence, wanted.sequence);
  EXPECT_EQ(got->segments, wanted.segments);
  EXPECT_EQ(got->checksum, wanted.checksum);
  EXPECT_EQ(got->parts.at(0).checksum, wanted.parts[0].checksum);
  EXPECT_EQ(got->parts.at(1).number, 7u);
  EXPECT_EQ(got->encryption, wanted.encryption);
  EXPECT_EQ(got->lock, wanted.lock);
}

TEST(Rows, AMarkerComesBackAsOne) {
  Object marker;
  marker.key = ObjectKey("k");
  marker.kind = VersionKind::kDeleteMarker;
  const auto got = decode_object(encode(marker));
  ASSERT_TRUE(got);
  EXPECT_EQ(got->kind, VersionKind::kDeleteMarker);
  EXPECT_EQ(got->encryption.kind, EncryptionKind::kNone);
}

TEST(Rows, PartsOfEarlierRowsAreSizesAlone) {
  auto row = encode(whole_object());
  const auto at = row.find("\"parts\":["), end = row.find("]]", at);
  row.replace(at, end + 2 - at, "\"parts\":[5,6]");
  const auto got = decode_object(row);
  ASSERT_TRUE(got) << got.error().message;
  ASSERT_EQ(got->parts.size(), 2u);
  EXPECT_EQ(got->parts[1].number, 2u);
  EXPECT_EQ(got->parts[1].size, 6u);
}

TEST(Rows, WhatIsNoRowIsCorrupt) {
  const auto row = encode(whole_object());
  for (std::size_t size = 0; size < row.size(); size += 13)
    EXPECT_EQ(decode_object(std::string_view(row).substr(0, size)).error().code, Code::kCorrupt) << size;
  for (const auto* name : {"key", "etag", "size", "modified", "headers", "metadata", "segments", "sequence"}) {
    auto without = row;
    without.replace(without.find(std::string("\"") + name + "\":") + 1, 1, "?");
    EXPECT_EQ(decode_object(without).error().code, Code::kCorrupt) << name;
  }
  auto wrong = row;
  wrong.replace(wrong.find("7000000000"), 10, "\"70000000\"");
  EXPECT_EQ(decode_object(wrong).error().code, Code::kCorrupt);
  EXPECT_EQ(decode_object(row + "x").error().code, Code::kCorrupt);
  EXPECT_EQ(decode_object("[]").error().code, Code::kCorrupt);
}

// A row that was decoded once is known by its bytes.
TEST(Rows, ABucketIsWhatItsBytesSay) {
  Bucket bucket{BucketName("name"), AccountId("123456789012"), "eu-west-1", from_epoch_ms(1), {{"cors", "{}"}}};
  for (int i = 0; i < 100; ++i) {
    bucket.region = "region-" + std::to_string(i % 40);
    bucket.closing = i % 3 == 0 ? Closing::kYes : Closing::kNo;
    const auto row = encode(bucket);
    for (int again = 0; again < 2; ++again) {
      const auto got = decode_bucket(row);
      ASSERT_TRUE(got);
      EXPECT_EQ(encode(*got), row);
    }
  }
  EXPECT_EQ(decode_bucket("{}").error().code, Code::kCorrupt);
  EXPECT_EQ(decode_bucket("").error().code, Code::kCorrupt);
}

}  // namespace
}  // namespace gust::objects::rows
