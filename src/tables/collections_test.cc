#include "tables/collections.h"

#include "tables/testing.h"

namespace gust::tables {
namespace {

using namespace std::chrono_literals;
using testing::number;
using async::testing::run;
using testing::text;

class CollectionsTest : public testing::TableTest {
 protected:
  CollectionsTest() {
    table_ = testing::two_keys();
    table_.indexes = {testing::index("local", {"pk", Type::kString}, KeyAttribute{"at", Type::kNumber})};
    table_.indexes[0].scope = Scope::kLocal;
  }
  Item one(const std::string& pk, int at, std::size_t bytes) {
    return item(pk, std::to_string(at), {{"at", number(at)}, {"t", text(std::string(bytes, 'x'))}});
  }
  void put(Item item) {
    ASSERT_TRUE(write(put_of(std::move(item))));
  }
};

TEST_P(CollectionsTest, AreMeasuredWithTheirRowsInLocalIndexes) {
  Collections collections(*store_, clock_, 5'000, 1'000);
  for (int i = 0; i < 100; ++i) put(one("a", i, 10));
  put(one("b", 0, 500));
  const auto size = [&](const std::string& pk, std::uint64_t counted) {
    return *run(loop_, [&] { return collections.size(table_, one(pk, 0, 0), counted); });
  };
  EXPECT_EQ(size("a", 999), 999u) << "a small table is not looked at";
  const auto large = size("a", 9'000), small = size("b", 9'000);
  EXPECT_GT(large, 2 * 100 * 10u);
  EXPECT_GT(small, 1'000u);
  EXPECT_LT(small, 1'200u);

  const auto check = [&](const std::string& pk, std::uint64_t counted) {
    return run(loop_, [&] { return collections.check(table_, one(pk, 0, 0), counted); });
  };
  EXPECT_EQ(check("a", 9'000).error().source, "collection");
  EXPECT_TRUE(check("a", 4'999)) << "there cannot be a full one";
  EXPECT_TRUE(check("b", 9'000));
  EXPECT_TRUE(check("none", 9'000));
  put(one("b", 1, 5'000));
  EXPECT_TRUE(check("b", 19'000)) << "what is known is good for a minute";
  clock_.advance(61s);
  EXPECT_FALSE(check("b", 19'000));
}

INSTANTIATE_TEST_SUITE_P(Stores, CollectionsTest, testing::twins(), testing::twin_name);

}  // namespace
}  // namespace gust::tables
