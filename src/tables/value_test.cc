// What the service counts for values and items.
#include "tables/value.h"

#include <gtest/gtest.h>

namespace gust::tables {
namespace {

Value number(const char* text) { return {*Number::parse(text)}; }

TEST(Values, KnowTheirTypes) {
  EXPECT_EQ(Value{std::string("a")}.type(), Type::kString);
  EXPECT_EQ(number("1").type(), Type::kNumber);
  EXPECT_EQ(Value{BinarySet{}}.type(), Type::kBinarySet);
  EXPECT_EQ(name_of(Value{Null{}}.type()), "NULL");
  EXPECT_EQ(name_of(Value{true}.type()), "BOOL");
  EXPECT_EQ(number("1.0"), number("1"));
  EXPECT_NE(Value{std::string("a")}, Value{Binary{"a"}});
}

TEST(Values, AreCountedInBytes) {
  EXPECT_EQ(size_of(Value{std::string("")}), 0u);
  EXPECT_EQ(size_of(Value{std::string("\xC3\xA4" "b")}), 3u);
  EXPECT_EQ(size_of(number("1234")), 3u);
  EXPECT_EQ(size_of(Value{Binary{std::string(5, '\0')}}), 5u);
  EXPECT_EQ(size_of(Value{false}), 1u);
  EXPECT_EQ(size_of(Value{Null{}}), 1u);
  EXPECT_EQ(size_of(Value{Item{}}), 3u);
  EXPECT_EQ(size_of(Value{Item{{"ab", {true}}, {"c", {std::string("xyz")}}}}), 3u + 2 + (2 + 1) + (1 + 3));
  EXPECT_EQ(size_of(Value{List{}}), 3u);
  EXPECT_EQ(size_of(Value{List{{true}, {List{}}}}), 3u + 2 + 1 + 3);
  EXPECT_EQ(size_of(Value{StringSet{"a", "bcd"}}), 4u);
  EXPECT_EQ(size_of(Value{NumberSet{*Number::parse("1"), *Number::parse("-1")}}), 5u);
  EXPECT_EQ(size_of(Value{BinarySet{{"ab"}, {"c"}}}), 3u);
}

TEST(Items, AreCountedWithTheirNames) {
  EXPECT_EQ(size_of(Item{}), 0u);
  EXPECT_EQ(size_of(Item{{"id", {std::string("x")}}, {"\xC3\xA4", number("12")}}), 2u + 1 + 2 + 2);
}

}  // namespace
}  // namespace gust::tables
