#include "logs/block.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace gust::logs {
namespace {

SharedBatch batch_of(std::size_t count, std::uint64_t from) {
  auto out = std::make_shared<Batch>();
  for (std::size_t i = 0; i < count; ++i) {
    const auto n = from + i;
    out->push_back({static_cast<std::int64_t>(1'000'000 - n % 7 * 100), static_cast<std::int64_t>(2'000'000 + n), n,
                    "stream" + std::to_string(n % 3), n % 2 == 0 ? "request" + std::to_string(n / 10) : "",
                    std::string(n % 50, 'x') + " message " + std::to_string(n)});
  }
  return out;
}

struct Parts {
  BlockHeader header;
  std::string payload, filter;
};

Parts parts_of(const std::string& bytes) {
  const auto sizes = decode_head(bytes);
  EXPECT_TRUE(sizes);
  const auto header = decode_header(bytes.substr(0, kBlockHead), bytes.substr(kBlockHead, sizes->header_bytes));
  EXPECT_TRUE(header) << header.error().message;
  const auto filter_at = kBlockHead + sizes->header_bytes, payload_at = filter_at + sizes->filter_bytes;
  EXPECT_EQ(payload_at + sizes->payload_bytes, bytes.size());
  return {*header, bytes.substr(payload_at), bytes.substr(filter_at, sizes->filter_bytes)};
}

TEST(Block, GivesBackWhatWasPutInSortedByTime) {
  const std::vector<SharedBatch> batches{batch_of(100, 7), batch_of(1, 107), batch_of(500, 108)};
  const auto parts = parts_of(encode_block(42, batches));
  EXPECT_EQ(parts.header.number, 42U);
  EXPECT_EQ(parts.header.events, 601U);
  EXPECT_EQ(parts.header.first_sequence, 7U);
  EXPECT_EQ(parts.header.last_sequence, 607U);
  EXPECT_EQ(parts.header.streams.size(), 3U);
  std::vector<Event> expected;
  for (const auto& batch : batches) expected.insert(expected.end(), batch->begin(), batch->end());
  std::ranges::sort(expected, {}, position_of);
  const auto content = BlockContent::open(parts.header, parts.payload);
  ASSERT_TRUE(content) << content.error().message;
  ASSERT_EQ(content->size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const auto event = content->event(parts.header, i);
    EXPECT_EQ(position_of(event), position_of(expected[i]));
    EXPECT_EQ(event.ingested_ms, expected[i].ingested_ms);
    EXPECT_EQ(event.stream, expected[i].stream);
    EXPECT_EQ(event.request_id, expected[i].request_id);
    EXPECT_EQ(event.message, expected[i].message);
  }
  EXPECT_EQ(parts.header.first_ms, expected.front().at_ms);
  EXPECT_EQ(parts.header.last_ms, expected.back().at_ms);
}

TEST(Block, DamageIsSeen) {
  const auto bytes = encode_block(1, {batch_of(200, 1)});
  const auto whole = parts_of(bytes);
  std::mt19937 random(1);
  for (int i = 0; i < 300; ++i) {
    auto other = bytes;
    const auto at = random() % other.size();
    other[at] = static_cast<char>(other[at] ^ (1 << random() % 8));
    const auto sizes = decode_head(other);
    if (!sizes) continue;
    const auto header = decode_header(other.substr(0, kBlockHead), other.substr(kBlockHead, sizes->header_bytes));
    if (!header) {
      EXPECT_EQ(header.error().code, Code::kCorrupt);
      continue;
    }
    const auto payload = other.substr(kBlockHead + sizes->header_bytes + sizes->filter_bytes);
    const auto content = BlockContent::open(*header, payload);
    if (!content) EXPECT_EQ(content.error().code, Code::kCorrupt);
  }
  EXPECT_FALSE(decode_head(bytes.substr(0, kBlockHead - 1)));
  EXPECT_FALSE(BlockContent::open(whole.header, whole.payload.substr(1)));
}

TEST(TokenFilter, HasWhatWasAddedAndLittleElse) {
  FilterBuilder builder;
  for (int i = 0; i < 2000; ++i)
    builder.add("request 5f" + std::to_string(i * 7919) + "ab took long, {\"not\": json}");
  builder.add(R"({"level":"WARN","status":503,"nested":{"list":[{"id":"\u0041bc"}]}})");
  EXPECT_FALSE(builder.fields_cut());
  const auto bits = builder.take();
  const auto has = [&](std::uint64_t key, KeyOf) {
    return filter_has(bits.data() + filter_piece(key, bits.size() / kFilterPiece) * kFilterPiece, key);
  };
  EXPECT_TRUE(may_meet(need_text("REQUEST"), has));
  EXPECT_TRUE(may_meet(need_text("took"), has)) << "too short to tell";
  for (int i = 0; i < 2000; ++i) EXPECT_TRUE(may_meet(need_text("5f" + std::to_string(i * 7919) + "ab"), has));
  const auto field = [&](auto keys) { return has(keys[0], KeyOf::kField) && has(keys[1], KeyOf::kField); };
  EXPECT_TRUE(field(field_keys("$.level", "WARN")));
  EXPECT_TRUE(field(field_keys("$.status", 503.0)));
  EXPECT_TRUE(field(field_keys("$.nested.list[0].id", "Abc")));
  int wrong = 0;
  for (int i = 0; i < 1000; ++i) {
    if (may_meet(need_text("unseen" + std::to_string(i * 104729)), has)) ++wrong;
  }
  EXPECT_LT(wrong, 10);
}

TEST(TokenFilter, SaysWhenThereAreTooManyFields) {
  std::string many = "{\"first\":1";
  for (int i = 0; i < 400; ++i) many += ",\"f" + std::to_string(i) + "\":1";
  FilterBuilder builder;
  builder.add(many + "}");
  EXPECT_TRUE(builder.fields_cut());
}

}  // namespace
}  // namespace gust::logs
