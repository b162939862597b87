// Tokens of transactions that are used again after their ten minutes, while old ones are being forgotten.
#include "tables/testing.h"

namespace gust::tables {
namespace {

using namespace testing;

class TokenTest : public TableTest {
 protected:
  // Counts up in a transaction with this token.
  void count_once(const std::string& token) {
    auto write = erase_of(key("a", "b"));
    write.kind = Write::Kind::kUpdate;
    write.change = [](const Item& there) -> Result<Item> {
      auto out = there;
      const auto count = out.contains("n") ? out.at("n") : number(0);
      out["n"] = {*count.as<Number>()->plus(*number(1).as<Number>())};
      return out;
    };
    const ItemStore::Once once{AccountId("000000000000"), token, "digest"};
    const auto done = run(loop_, [&] { return items_->transact({write}, nullptr, once); });
    ASSERT_TRUE(done) << done.error().message;
  }
  Value count() { return (**get(key("a", "b"))).at("n"); }
};
INSTANTIATE_TEST_SUITE_P(Stores, TokenTest, twins(), twin_name);

TEST_P(TokenTest, OneUsedAgainIsNotForgottenWithItsFirstUse) {
  for (int i = 0; i < 8; ++i) count_once("old-" + std::to_string(i));
  count_once("used again");  // the last of the old ones to be forgotten
  clock_.advance(std::chrono::minutes(11));
  count_once("used again");
  EXPECT_EQ(count(), number(10));
  for (int i = 0; i < 4; ++i) count_once("new-" + std::to_string(i));
  EXPECT_EQ(count(), number(14));
  count_once("used again");
  EXPECT_EQ(count(), number(14));
  EXPECT_EQ(row_count("t/e/"), 5u);
}

}  // namespace
}  // namespace gust::tables
