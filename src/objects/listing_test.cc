// What listings promise, on both twins.
#include "objects/testing.h"

namespace gust::objects::testing {
namespace {

using Names = std::vector<std::string>;

class ListingContract : public ObjectTest {
 protected:
  static Names keys(const Page& page) {
    Names out;
    for (const auto& object : page.objects) out.push_back(object.key.str());
    return out;
  }
  void put_all(const Names& names) {
    for (const auto& name : names) ASSERT_TRUE(put(name, "x"));
  }
};
INSTANTIATE_TEST_SUITE_P(Objects, ListingContract, twins(), twin_name);

TEST_P(ListingContract, IsInTheOrderOfBytes) {
  put_all({"ü", "b", "a/2", "z z", "a/1", "B", "a"});
  EXPECT_EQ(keys(*list({})), (Names{"B", "a", "a/1", "a/2", "b", "z z", "ü"}));
  EXPECT_EQ(keys(*list({.prefix = "a/"})), (Names{"a/1", "a/2"}));
  EXPECT_EQ(keys(*list({.prefix = "none"})), Names{});
  EXPECT_EQ(keys(*list({.after = "a/1"})), (Names{"a/2", "b", "z z", "ü"}));
  EXPECT_EQ(keys(*list({.prefix = "a", .after = "A"})), (Names{"a", "a/1", "a/2"}));
}

TEST_P(ListingContract, RollsUpByDelimiter) {
  put_all({"a/1", "a/2", "a/b/3", "c", "d//e", "dd"});
  const auto top = list({.delimiter = "/"});
  EXPECT_EQ(keys(*top), (Names{"c", "dd"}));
  EXPECT_EQ(top->prefixes, (Names{"a/", "d/"}));
  const auto inside = list({.prefix = "a/", .delimiter = "/"});
  EXPECT_EQ(keys(*inside), (Names{"a/1", "a/2"}));
  EXPECT_EQ(inside->prefixes, Names{"a/b/"});
  EXPECT_EQ(list({.prefix = "d/", .delimiter = "/"})->prefixes, Names{"d//"});
  EXPECT_EQ(list({.delimiter = "//"})->prefixes, Names{"d//"});
}

TEST_P(ListingContract, PagesMeetWithoutGapOrRepeat) {
  put_all({"a/1", "a/2", "b", "c/1", "c/2", "d", "e/1"});
  for (const std::size_t limit : {1, 2, 3, 5}) {
    Names seen;
    ListQuery query{.prefix = "", .delimiter = "/", .after = "", .limit = limit};
    for (;;) {
      const auto page = list(query);
      EXPECT_LE(page->objects.size() + page->prefixes.size(), limit);
      for (const auto& key : keys(*page)) seen.push_back(key);
      for (const auto& prefix : page->prefixes) seen.push_back(prefix);
      if (!page->next) break;
      query.after = *page->next;
      query.start = ListStart::kBehindListed;
    }
    std::ranges::sort(seen);
    EXPECT_EQ(seen, (Names{"a/", "b", "c/", "d", "e/"})) << limit;
  }
}

TEST_P(ListingContract, StartsBehindAKeyOrBehindWhatWasListed) {
  put_all({"a/1", "a/2", "b"});
  const auto from = [&](std::string after, ListStart start) {
    return list({.prefix = "", .delimiter = "/", .after = after, .start = start})->prefixes;
  };
  EXPECT_EQ(from("a/1", ListStart::kBehindKey), Names{"a/"});
  EXPECT_EQ(from("a/", ListStart::kBehindKey), Names{"a/"});
  EXPECT_EQ(from("a/1", ListStart::kBehindListed), Names{});
  EXPECT_EQ(from("a/2", ListStart::kBehindKey), Names{});
}

TEST_P(ListingContract, ALastFullPageIsNotFollowed) {
  put_all({"a", "b"});
  EXPECT_TRUE(list({.limit = 1})->next);
  EXPECT_FALSE(list({.limit = 2})->next);
  const auto none = list({.limit = 0});
  EXPECT_TRUE(none->objects.empty());
  EXPECT_FALSE(none->next);
}

TEST_P(ListingContract, GoesOnPastTheRowsOfOneScan) {
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(put("k" + std::to_string(100 + i), ""));
  ASSERT_TRUE(run(loop_, [&]() -> Task<void> {
    kv::Store::Body body = [&](kv::Transaction& tx) -> Result<void> {
      GUST_TRY(const auto rows, tx.scan(kv::Range::prefix("s3/o/")));
      const auto& one = rows.front();
      for (int i = 0; i < 1500; ++i)
        tx.put(one.key.substr(0, one.key.size() - 4) + "p/" + std::to_string(i), one.value);
      return {};
    };
    co_return co_await store_->transact(std::move(body));
  }));
  EXPECT_EQ(list({.limit = 1000})->objects.size(), 1000u);
  EXPECT_EQ(list({.limit = 5000})->objects.size(), 1530u);
  const auto rolled = list({.delimiter = "/"});
  EXPECT_EQ(rolled->objects.size(), 30u);
  EXPECT_EQ(rolled->prefixes, Names{"p/"});
}

}  // namespace
}  // namespace gust::objects::testing
