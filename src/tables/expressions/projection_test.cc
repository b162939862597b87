#include "tables/expressions/projection.h"

#include "tables/values_for_tests.h"

#include <gtest/gtest.h>

namespace gust::tables {
namespace {

std::string error_of(std::string_view text) {
  auto given = Placeholders::of(Placeholders::Names{{"#a", "a"}}, std::nullopt).value();
  const auto parsed = parse_projection(text, given);
  if (parsed) return "";
  EXPECT_EQ(parsed.error().source, "expression");
  return parsed.error().message;
}

Item projected(std::string_view text, const Item& item) {
  auto given = Placeholders::of(Placeholders::Names{{"#n", "zone"}, {"#d", "x.y"}}, std::nullopt).value();
  return parse_projection(text, given).value().apply(item);
}

TEST(Projection, TellsWhatIsWrong) {
  const std::string invalid = "Invalid ProjectionExpression: ";
  EXPECT_EQ(error_of(""), invalid + "The expression can not be empty;");
  EXPECT_EQ(error_of("a b"), invalid + "Syntax error; token: \"b\", near: \"a b\"");
  EXPECT_EQ(error_of("a,"), invalid + "Syntax error; token: \"<EOF>\", near: \",\"");
  EXPECT_EQ(error_of("l[a]"), invalid + "Syntax error; token: \"a\", near: \"[a]\"");
  EXPECT_EQ(error_of("l[]"), invalid + "Syntax error; token: \"]\", near: \"[]\"");
  EXPECT_EQ(error_of("(a)"), invalid + "Syntax error; token: \"(\", near: \"(a\"");
  EXPECT_EQ(error_of(":a"), invalid + "Syntax error; token: \":a\", near: \":a\"");
  EXPECT_EQ(error_of("a, Zone"), invalid + "Attribute name is a reserved keyword; reserved keyword: Zone");
  EXPECT_EQ(error_of("#b"),
            invalid + "An expression attribute name used in the document path is not defined; attribute name: #b");
  EXPECT_EQ(error_of("a[0].b, c, #a"), invalid + "Two document paths overlap with each other; must remove or rewrite "
                                                 "one of these paths; path one: [a, [0], b], path two: [a]");
  EXPECT_EQ(error_of("a[0], a.b"), invalid + "Two document paths conflict with each other; must remove or rewrite one "
                                             "of these paths; path one: [a, [0]], path two: [a, b]");
}

TEST(Projection, TakesWhatIsThere) {
  const Item item = {{"a", M({{"b", N("1")}, {"c", L({N("1"), M({{"d", S("x")}, {"e", S("y")}}), N("3")})}})},
                     {"l", L({N("0"), N("1"), N("2"), L({N("3")})})},
                     {"zone", S("z")},
                     {"x.y", S("dot")},
                     {"s", S("s")}};
  EXPECT_EQ(projected("#n, #d, gone", item), (Item{{"zone", S("z")}, {"x.y", S("dot")}}));
  EXPECT_EQ(projected("a.b, a.gone", item), (Item{{"a", M({{"b", N("1")}})}}));
  EXPECT_EQ(projected("a.c[1].e, a.c[2]", item), (Item{{"a", M({{"c", L({M({{"e", S("y")}}), N("3")})}})}}));
  EXPECT_EQ(projected("l[3][0], l[2], l[0], l[9]", item), (Item{{"l", L({N("0"), N("2"), L({N("3")})})}}));
  EXPECT_EQ(projected("s.b, a[0], l.x", item), Item{});
  EXPECT_EQ(projected("a", {}), Item{});
}

TEST(Projection, TellsItsAttributes) {
  auto given = Placeholders::of(Placeholders::Names{{"#n", "zone"}}, std::nullopt).value();
  EXPECT_EQ(parse_projection("a.b, #n, a.c", given)->attributes(), (std::set<std::string>{"a", "zone"}));
}

}  // namespace
}  // namespace gust::tables
