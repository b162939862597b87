// Pages of queries and scans: what is in them, where they end, and what they read.
#include "tables/page_reader.h"

#include "tables/testing.h"

#include <algorithm>

namespace gust::tables {
namespace {

using namespace testing;
using Kind = PageQuery::RangeIs::Kind;

class PageTest : public TableTest {
 protected:
  // "pk sk" of each.
  std::vector<std::string> names(PageQuery query) {
    std::vector<std::string> out;
    for (const auto& item : all(std::move(query)))
      out.push_back(*item.at("pk").as<std::string>() + " " + *item.at("sk").as<std::string>());
    return out;
  }
  void fill(std::vector<std::string> pks, std::vector<std::string> sks) {
    for (const auto& pk : pks) {
      for (const auto& sk : sks) ASSERT_TRUE(put(item(pk, sk)));
    }
  }
  PageQuery of(std::string pk, Kind kind = Kind::kAny, std::string low = "", std::string high = "") {
    auto out = query();
    out.hash = text(std::move(pk));
    out.range = {kind, text(std::move(low)), text(std::move(high))};
    return out;
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, PageTest, twins(), twin_name);

using Names = std::vector<std::string>;

TEST_P(PageTest, QueriesAreRangesOfOneHashValue) {
  fill({"p", "pp", "o"}, {"a", "ab", "abc", "b", "b\xFF", "c"});
  EXPECT_EQ(names(of("p")), (Names{"p a", "p ab", "p abc", "p b", "p b\xFF", "p c"}));
  EXPECT_EQ(names(of("p", Kind::kEqual, "ab")), (Names{"p ab"}));
  EXPECT_EQ(names(of("p", Kind::kEqual, "aa")), Names{});
  EXPECT_EQ(names(of("p", Kind::kLess, "b")), (Names{"p a", "p ab", "p abc"}));
  EXPECT_EQ(names(of("p", Kind::kLessEqual, "b")), (Names{"p a", "p ab", "p abc", "p b"}));
  EXPECT_EQ(names(of("p", Kind::kGreater, "ab")), (Names{"p abc", "p b", "p b\xFF", "p c"}));
  EXPECT_EQ(names(of("p", Kind::kGreaterEqual, "b\xFF")), (Names{"p b\xFF", "p c"}));
  EXPECT_EQ(names(of("p", Kind::kBetween, "ab", "b")), (Names{"p ab", "p abc", "p b"}));
  EXPECT_EQ(names(of("p", Kind::kBetween, "b", "ab")), Names{});
  EXPECT_EQ(names(of("p", Kind::kBeginsWith, "ab")), (Names{"p ab", "p abc"}));
  EXPECT_EQ(names(of("p", Kind::kBeginsWith, "b\xFF")), (Names{"p b\xFF"}));
  EXPECT_EQ(names(of("p", Kind::kBeginsWith, "")), names(of("p")));
  EXPECT_EQ(names(of("none")), Names{});
  for (const auto& empty : {of(""), of("p", Kind::kEqual, "")}) {
    const auto words = page(empty).error().message;
    EXPECT_TRUE(words.starts_with("One or more parameter values are not valid. The AttributeValue for a key attribute "
                                  "cannot contain an empty string value. Key: "))
        << words;
  }
  auto backward = of("p", Kind::kGreater, "ab");
  backward.backward = true;
  EXPECT_EQ(names(backward), (Names{"p c", "p b\xFF", "p b", "p abc"}));
  for (std::size_t limit = 1; limit < 6; ++limit) {
    for (auto one : {of("p", Kind::kGreaterEqual, "ab"), backward}) {
      const auto whole = names(one);
      one.limit = limit;
      EXPECT_EQ(names(one), whole);
    }
  }
}

TEST_P(PageTest, NumbersAndBytesAreRanges) {
  table_.key.range = KeyAttribute{"n", Type::kNumber};
  for (int n = -30; n <= 30; n += 3) ASSERT_TRUE(put({{"pk", text("p")}, {"n", number(n)}}));
  auto query = of("p");
  query.range = {Kind::kBetween, number("-6.5"), number(9)};
  const auto got = all(query);
  ASSERT_EQ(got.size(), 6u);
  EXPECT_EQ(got.front().at("n"), number(-6));
  EXPECT_EQ(got.back().at("n"), number(9));
  query.range.kind = Kind::kLess;
  EXPECT_EQ(all(query).size(), 8u);
  query.range.kind = Kind::kBeginsWith;
  EXPECT_EQ(page(query).error().code, Code::kInvalid);
  query.range = {Kind::kEqual, text("1")};
  EXPECT_EQ(page(query).error().message,
            "One or more parameter values were invalid: Condition parameter type does not match schema type");
}

TEST_P(PageTest, LimitsCountWhatIsLookedAt) {
  fill({"p"}, {"a", "b", "c", "d"});
  auto query = of("p");
  query.limit = 2;
  query.filter = [](const Item& item) -> Result<bool> { return item.at("sk") == text("b"); };
  auto got = page(query);
  EXPECT_EQ(got->items, std::vector{key("p", "b")});
  EXPECT_EQ(got->scanned, 2u);
  EXPECT_EQ(got->last, key("p", "b"));
  query.start = got->last;
  got = page(query);
  EXPECT_TRUE(got->items.empty());
  // Full just where the rows end: there may be more.
  EXPECT_EQ(got->last, key("p", "d"));
  query.start = got->last;
  got = page(query);
  EXPECT_EQ(got->scanned, 0u);
  EXPECT_FALSE(got->last);
  query.filter = [](const Item&) -> Result<bool> { return fail(Code::kInvalid, "no", "expression"); };
  query.start = {};
  EXPECT_EQ(page(query).error().source, "expression");
}

TEST_P(PageTest, APageEndsAtOneMegabyte) {
  const auto large = text(std::string(300 << 10, 'x'));
  for (const auto* sk : {"a", "b", "c", "d", "e", "f"}) ASSERT_TRUE(put(item("p", sk, {{"x", large}})));
  auto got = page(of("p"));
  EXPECT_EQ(got->items.size(), 4u);
  ASSERT_EQ(got->last, key("p", "d"));
  EXPECT_EQ(got->usage.table, 150.5);
  auto rest = of("p");
  rest.start = got->last;
  rest.consistency = Consistency::kStrong;
  got = page(rest);
  EXPECT_EQ(got->items.size(), 2u);
  EXPECT_FALSE(got->last);
  EXPECT_EQ(got->usage.table, 151);
  EXPECT_EQ(page(of("none"))->usage.table, 0.5);
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(put(item("small", std::to_string(i))));
  EXPECT_EQ(page(of("small"))->items.size(), 300u);
}

TEST_P(PageTest, SegmentsOfAScanAreAllOfIt) {
  Names pks;
  for (int i = 0; i < 60; ++i) pks.push_back(std::to_string(i));
  fill(pks, {"a", "b"});
  auto whole = names(query());
  EXPECT_EQ(whole.size(), 120u);
  for (const std::uint32_t segments : {1u, 2u, 5u, 100u}) {
    Names together;
    for (std::uint32_t segment = 0; segment < segments; ++segment) {
      auto one = query();
      one.segment = segment;
      one.segments = segments;
      one.limit = 7;
      const auto part = names(one);
      if (segments == 2) EXPECT_GT(part.size(), 20u);
      together.insert(together.end(), part.begin(), part.end());
    }
    EXPECT_EQ(together, whole);
  }
  auto wrong = query();
  wrong.segments = 2;
  wrong.segment = 1;
  wrong.start = page(query())->items.front();
  EXPECT_EQ(page(wrong).error().message,
            "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with "
            "correct Segment. TotalSegments: 2 Segment: 1");
}

TEST_P(PageTest, IndexesGoOnBehindItemsOfOneKey) {
  table_.indexes = {index("by-n", {"n", Type::kNumber})};
  for (int i = 0; i < 25; ++i) ASSERT_TRUE(put(item("p" + std::to_string(i), "s", {{"n", number(i % 2)}})));
  auto one = query("by-n");
  one.hash = number(0);
  EXPECT_EQ(page(one)->items.size(), 13u);
  EXPECT_EQ(page(one)->usage.table, 0);
  EXPECT_EQ(page(one)->usage.indexes, (std::map<std::string, double>{{"by-n", 0.5}}));
  const auto whole = names(one);
  for (const bool backward : {false, true}) {
    one.backward = backward;
    one.limit = 4;
    auto got = names(one);
    if (backward) std::ranges::reverse(got);
    EXPECT_EQ(got, whole);
  }
  EXPECT_EQ(page(one)->last->size(), 3u);
  auto scan = query("by-n");
  scan.limit = 4;
  EXPECT_EQ(names(scan).size(), 25u);
}

TEST_P(PageTest, WholeItemsAreFetched) {
  table_.indexes = {index("local", {"pk", Type::kString}, KeyAttribute{"n", Type::kNumber}, Projected::kKeysOnly)};
  const auto one = item("p", "1", {{"n", number(2)}, {"x", text(std::string(5000, 'x'))}});
  ASSERT_TRUE(put(one));
  auto wanted = query("local");
  wanted.hash = text("p");
  EXPECT_EQ(page(wanted)->items, std::vector{item("p", "1", {{"n", number(2)}})});
  wanted.attributes = Attributes::kAll;
  wanted.filter = [](const Item& item) -> Result<bool> { return item.contains("x"); };
  const auto got = page(wanted);
  EXPECT_EQ(got->items, std::vector{one});
  EXPECT_EQ(got->usage.table, 1);
  EXPECT_EQ(got->usage.indexes.at("local"), 0.5);
}

TEST_P(PageTest, StartingKeysAreChecked) {
  fill({"p"}, {"a", "b"});
  const auto words = [&](PageQuery query, Item start) {
    query.start = std::move(start);
    return page(query).error().message;
  };
  EXPECT_EQ(words(of("p"), {{"pk", text("p")}}), "The provided starting key is invalid");
  EXPECT_EQ(words(of("p"), item("p", "a", {{"x", number(1)}})), "The provided starting key is invalid");
  EXPECT_EQ(words(query(), {{"pk", text("p")}, {"sk", number(1)}}),
            "The provided starting key is invalid: The provided key element does not match the schema");
  EXPECT_EQ(words(of("p"), key("q", "a")),
            "The provided starting key is outside query boundaries based on provided conditions");
  EXPECT_EQ(words(of("p", Kind::kGreater, "b"), key("p", "a")),
            "The provided starting key does not match the range key predicate");
  EXPECT_EQ(words(query("none"), key("p", "a")), "The table does not have the specified index: none");
  auto gone = of("p");
  gone.start = key("p", "aa");  // of an item that is not there
  EXPECT_EQ(names(gone), (Names{"p b"}));
}

// Counts rows that are read.
class CountingReader final : public kv::Reader {
 public:
  explicit CountingReader(kv::Reader& reader) : reader_(reader) {}
  Result<std::optional<std::string>> get(std::string_view key) override { return reader_.get(key); }
  Result<std::vector<kv::Entry>> scan(const kv::Range& range) override {
    auto found = reader_.scan(range);
    rows += found->size();
    return found;
  }
  std::size_t rows = 0;

 private:
  kv::Reader& reader_;
};

TEST_P(PageTest, APageReadsWhatItHas) {
  std::vector<Write> writes;
  const auto x = text(std::string(2000, 'x'));
  for (int i = 0; i < 1000; ++i) writes.push_back(put_of(item("p", std::to_string(i), {{"x", x}})));
  ASSERT_TRUE(run(loop_, [&] { return items_->transact(writes, nullptr); }));
  const auto reads = [&](PageQuery query) {
    const auto snapshot = store_->snapshot();
    CountingReader counting(*snapshot);
    EXPECT_TRUE(PageReader(counting, query).run());
    return counting.rows;
  };
  auto some = of("p");
  for (const std::size_t limit : {1u, 5u, 100u}) {
    some.limit = limit;
    EXPECT_EQ(reads(some), limit);
  }
  some.limit = {};
  some.range = {Kind::kLess, text("1005")};
  EXPECT_LE(reads(some), 10u);
  // 523 make a megabyte.
  EXPECT_GE(reads(of("p")), 520u);
  EXPECT_LE(reads(of("p")), 530u);
}

}  // namespace
}  // namespace gust::tables
