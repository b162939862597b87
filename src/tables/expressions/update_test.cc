#include "tables/expressions/update.h"

#include "tables/values_for_tests.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace gust::tables {
namespace {

std::string error_of(std::string_view text, Placeholders given = placeholders({{"#a", "a"}, {"#b", "b"}})) {
  const auto parsed = parse_update(text, given);
  if (parsed) return "";
  EXPECT_EQ(parsed.error().code, Code::kInvalid);
  EXPECT_EQ(parsed.error().source, "expression");
  constexpr std::string_view kPrefix = "Invalid UpdateExpression: ";
  EXPECT_TRUE(parsed.error().message.starts_with(kPrefix)) << parsed.error().message;
  return parsed.error().message.substr(kPrefix.size());
}

Result<Item> updated(std::string_view text, const Item& item, Placeholders::Values values = {}) {
  auto given = placeholders({}, std::move(values));
  GUST_TRY(const auto parsed, parse_update(text, given));
  return parsed.apply(item);
}

TEST(UpdateExpression, TellsWhereTheSyntaxIsWrong) {
  struct {
    std::string_view text, token, near;
  } const cases[] = {
      {"INVALID SYNTAX HERE", "INVALID", "INVALID SYNTAX"},
      {"SET", "<EOF>", "SET"},
      {"set a", "<EOF>", "a"},
      {"set a=set", "set", "=set"},
      {"set a = :s,", "<EOF>", ","},
      {"set a = :s, remove b", "remove", ", remove b"},
      {"remove a = b", "=", "a = b"},
      {"remove a b", "b", "a b"},
      {"remove :s", ":s", "remove :s"},
      {"add a", "<EOF>", "a"},
      {"add a b", "b", "a b"},
      {"add a = b", "=", "a = b"},
      {"add a if_not_exist(b)", "if_not_exist", "a if_not_exist("},
      {"add abort b", "b", "abort b"},
      {"delete a b", "b", "a b"},
      {"set :a = b", ":a", "set :a ="},
      {"set a = b / c", "/", "b / c"},
      {"set a = b * c", "*", "b * c"},
      {"set a[1] = \"eight\"", "\"", "= \"eight"},
      {"set a[1] = 1", "1", "= 1"},
      {"SET a = if_not_exists(a, 100)", "100", ", 100)"},
      {"SET if_not_exists(a, b) = a", "(", "if_not_exists(a"},
      {"set (a = (b + c))", "(", "set (a"},
      {"set a = (b.c).d + e", ".", ").d"},
      {"set a = (b.c)[0] + e", "[", ")[0"},
      {"set a = b + c + d", "+", "c + d"},
      {"set a = (b + c) + d", "+", ") + d"},
      {"set a = if_not_exists(a, :n + :n)", "+", ":n + :n"},
      {"set a = _f(b)", "_", "= _f"},
  };
  for (const auto& c : cases)
    EXPECT_EQ(error_of(c.text), fmt::format("Syntax error; token: \"{}\", near: \"{}\"", c.token, c.near)) << c.text;
  EXPECT_EQ(error_of("  "), "The expression can not be empty;");
  for (const std::string_view text : {"set a = (b + c)", "set a = ((b.c.d)+(e))", "set a = if_not_exists(b, :s)",
                                      "set a = if_not_exists(b, :n) + :n"})
    EXPECT_EQ(error_of(text), "") << text;
}

TEST(UpdateExpression, TellsOneFaultBeforeTheOther) {
  EXPECT_EQ(error_of(" set #c = :c set abOrt = true "),
            "Attribute name is a reserved keyword; reserved keyword: abOrt");
  EXPECT_EQ(error_of("set #c = if_not_exist(:c) set c = d"), "Invalid function name; function: if_not_exist");
  const std::string misused = "The function is not allowed to be used this way in an expression; function: ";
  EXPECT_EQ(error_of("set a = list_append(list_append(:l, :l), :l)"), misused + "list_append");
  EXPECT_EQ(error_of("set a = size(b)"), misused + "size");
  for (const auto& [text, section] :
       {std::pair("set a = #c set c = :d", "SET"), std::pair("remove #d set a = b remove e", "REMOVE"),
        std::pair("add #d :e set a = b add e :f", "ADD"), std::pair("delete #d :e set a = b delete #e :f", "DELETE")})
    EXPECT_EQ(error_of(text),
              fmt::format("The \"{}\" section can only be used once in an update expression;", section));
  EXPECT_EQ(error_of("SET #c = if_not_exists(:c)"),
            "An expression attribute name used in the document path is not defined; attribute name: #c");
  EXPECT_EQ(error_of("SET #a = if_not_exists(:c)"),
            "An expression attribute value used in expression is not defined; attribute value: :c");
}

TEST(UpdateExpression, RefusesPathsThatMeet) {
  const auto given = placeholders({{"#c", "c"}, {"#d", "[3]"}});
  struct {
    std::string_view text, how, one, two;
  } const cases[] = {
      {"set d[1] = a, d.b = a, c[1].a = a, #c = if_not_exists(a)", "overlap", "[c, [1], a]", "[c]"},
      {"set #c[3].#d = a, #c[3] = a", "overlap", "[c, [3], [3]]", "[c, [3]]"},
      {"set a = :s remove a", "overlap", "[a]", "[a]"},
      {"set a = :s, a.b = :s", "overlap", "[a]", "[a, b]"},
      {"set #c[3].#d = a, #c.#d[3] = if_not_exists(a)", "conflict", "[c, [3], [3]]", "[c, [3], [3]]"},
      {"remove a.#c set a[1] = #d", "conflict", "[a, c]", "[a, [1]]"},
  };
  for (const auto& c : cases)
    EXPECT_EQ(error_of(c.text, given), fmt::format("Two document paths {} with each other; must remove or rewrite one "
                                                   "of these paths; path one: {}, path two: {}",
                                                   c.how, c.one, c.two));
  EXPECT_EQ(error_of("set a.b = :s, a.c = :s, d[0] = :s, d[1] = :s remove a.d"), "");
}

TEST(UpdateExpression, ChecksTypesThatItKnows) {
  struct {
    std::string_view text, section, type;
  } const operands[] = {
      {"set b = list_append(:s, a), c = if_not_exists(a) add a.b :s", "ADD", "STRING"},
      {"delete a.b :s", "DELETE", "STRING"}, {"add a.b :null", "ADD", "NULL"},   {"add a :bool", "ADD", "BOOLEAN"},
      {"delete a :b", "DELETE", "BINARY"},   {"delete a :m", "DELETE", "MAP"},   {"add a :l", "ADD", "LIST"},
      {"delete a.b :n", "DELETE", "NUMBER"},
  };
  for (const auto& c : operands)
    EXPECT_EQ(error_of(c.text), fmt::format("Incorrect operand type for operator or function; operator: {}, operand "
                                            "type: {}",
                                            c.section, c.type));
  struct {
    std::string_view text, function, type;
  } const functions[] = {
      {"set a = list_append(:s, a)", "list_append", "S"}, {"set a = list_append(a, :n)", "list_append", "N"},
      {"set a = list_append(:m, a)", "list_append", "M"}, {"set a = a + :s", "+", "S"},
      {"set a = :s + :b", "+", "S"},                      {"set a = :bool - a", "-", "BOOL"},
      {"set a = a - :ns", "-", "NS"},                     {"set a = a + if_not_exists(a, :l)", "+", "L"},
      {"set a = list_append(:l, :l) + a", "+", "L"},
  };
  for (const auto& c : functions)
    EXPECT_EQ(error_of(c.text), fmt::format("Incorrect operand type for operator or function; operator or function: "
                                            "{}, operand type: {}",
                                            c.function, c.type));
  const std::string count = "Incorrect number of operands for operator or function; operator or function: ";
  EXPECT_EQ(error_of("set a = if_not_exists(c)"), count + "if_not_exists, number of operands: 1");
  EXPECT_EQ(error_of("set a = list_append(c, c, c)"), count + "list_append, number of operands: 3");
  const std::string path = "Operator or function requires a document path; operator or function: if_not_exists";
  EXPECT_EQ(error_of("set a = if_not_exists(:s, c)"), path);
  EXPECT_EQ(error_of("set a = if_not_exists(if_not_exists(a, b), c)"), path);
}

TEST(UpdateExpression, BoundsItsRecursion) {
  for (const std::string_view deep : {"(", "if_not_exists(a,"}) {
    std::string text = "SET a = ";
    while (text.size() + deep.size() < kMaxExpressionBytes) text += deep;
    EXPECT_NE(error_of(text), "") << deep;
  }
}

TEST(UpdateExpression, Sets) {
  const Item item = {{"a", N("1")}, {"l", L({N("1"), N("2"), N("3")})}, {"m", M({{"x", N("5")}})}};
  EXPECT_EQ(updated("SET a = :s, z = :n", item)->at("a"), S("a"));
  EXPECT_EQ(updated("SET a = :s, z = a", item)->at("z"), N("1"));
  EXPECT_EQ(updated("SET a = m.x, m.x = a", item).value(),
            (Item{{"a", N("5")}, {"l", item.at("l")}, {"m", M({{"x", N("1")}})}}));
  EXPECT_EQ(updated("SET m.y = :s", item)->at("m"), M({{"x", N("5")}, {"y", S("a")}}));
  EXPECT_EQ(updated("SET l[1] = :s", item)->at("l"), L({N("1"), S("a"), N("3")}));
  EXPECT_EQ(updated("SET l[9] = :n, l[3] = :s", item)->at("l"), L({N("1"), N("2"), N("3"), S("a"), N("1")}));
  EXPECT_EQ(updated("SET a = a + :n", item)->at("a"), N("2"));
  EXPECT_EQ(updated("SET a = m.x - l[1]", item)->at("a"), N("3"));
  EXPECT_EQ(updated("SET z = if_not_exists(z, :n) + :n", item)->at("z"), N("2"));
  EXPECT_EQ(updated("SET a = if_not_exists(m.x, :n)", item)->at("a"), N("5"));
  EXPECT_EQ(updated("SET a = if_not_exists(y, if_not_exists(z, :s))", item)->at("a"), S("a"));
  EXPECT_EQ(updated("SET l = list_append(:q, l)", item, {{":q", L({S("q")})}})->at("l"),
            L({S("q"), N("1"), N("2"), N("3")}));
  EXPECT_EQ(updated("SET z = list_append(if_not_exists(z, :l), :q)", item, {{":q", L({S("q")})}})->at("z"),
            L({S("q")}));
}

TEST(UpdateExpression, Removes) {
  const Item item = {{"a", N("1")}, {"l", L({N("1"), L({N("4"), N("5")}), N("3"), N("6")})}, {"m", M({{"x", N("5")}})}};
  EXPECT_EQ(updated("REMOVE a, z", item).value(), (Item{{"l", item.at("l")}, {"m", item.at("m")}}));
  EXPECT_EQ(updated("REMOVE m.x, m.y", item)->at("m"), M({}));
  EXPECT_EQ(updated("REMOVE l[0], l[2], l[17]", item)->at("l"), L({L({N("4"), N("5")}), N("6")}));
  EXPECT_EQ(updated("REMOVE l[0], l[1][1], l[3]", item)->at("l"), L({L({N("4")}), N("3")}));
  EXPECT_EQ(updated("REMOVE l[1] SET l[3] = :s", item)->at("l"), L({N("1"), N("3"), S("a")}));
  EXPECT_EQ(updated("REMOVE l[4] SET l[9] = :s", item)->at("l"),
            L({N("1"), L({N("4"), N("5")}), N("3"), N("6"), S("a")}));
  EXPECT_EQ(updated("REMOVE a SET b = a", item)->at("b"), N("1"));
}

TEST(UpdateExpression, AddsAndDeletes) {
  const Item item = {{"n", N("1")}, {"ss", SS({"a", "b"})}, {"ns", NS({"1"})}, {"bs", BS({"x"})}, {"m", M({})}};
  EXPECT_EQ(updated("ADD n :n", item)->at("n"), N("2"));
  EXPECT_EQ(updated("ADD z :n, m.z :ns", item)->at("m"), M({{"z", NS({"1"})}}));
  EXPECT_EQ(updated("ADD z :n", {}).value(), (Item{{"z", N("1")}}));
  EXPECT_EQ(updated("ADD ss :q", item, {{":q", SS({"b", "c"})}})->at("ss"), SS({"a", "b", "c"}));
  EXPECT_EQ(updated("ADD bs :bs", item)->at("bs"), BS({"a", "x"}));
  EXPECT_EQ(updated("DELETE ss :ss", item)->at("ss"), SS({"b"}));
  EXPECT_EQ(updated("DELETE ss :q", item, {{":q", SS({"c"})}}).value(), item);
  EXPECT_FALSE(updated("DELETE ns :ns", item)->contains("ns"));
  EXPECT_EQ(updated("DELETE z :ns", item).value(), item);
}

TEST(UpdateExpression, FailsOnItemsThatDoNotFit) {
  const Item item = {{"a", N("1")}, {"s", S("x")}, {"l", L({})}, {"ss", SS({"a"})}, {"big", N("9E125")}};
  const std::string gone = "The provided expression refers to an attribute that does not exist in the item";
  const std::string path = "The document path provided in the update expression is invalid for update";
  const std::string type = "An operand in the update expression has an incorrect data type";
  struct {
    std::string_view text;
    std::string message;
  } const cases[] = {
      {"SET b = z", gone},
      {"SET b = a.z", gone},
      {"SET b = z + :n", gone},
      {"SET b = list_append(z, :l)", gone},
      {"SET b = l[0]", gone},
      {"SET z.b = :s", path},
      {"SET s.b = :s", path},
      {"SET l.b = :s", path},
      {"SET a[0] = :s", path},
      {"SET l[0].b = :s", path},
      {"REMOVE z.b", path},
      {"REMOVE s[0]", path},
      {"ADD z.b :n", path},
      {"DELETE z.b :ss", path},
      {"SET b = s + :n", type},
      {"SET b = list_append(s, :l)", type},
      {"ADD s :n", type},
      {"ADD a :ss", type},
      {"ADD ss :ns", type},
      {"DELETE ss :ns", type},
      {"DELETE a :ns", type},
  };
  for (const auto& c : cases) {
    const auto result = updated(c.text, item);
    ASSERT_FALSE(result) << c.text;
    EXPECT_EQ(result.error(), (Error{Code::kInvalid, c.message, "expression"})) << c.text;
  }
  EXPECT_EQ(updated("SET big = big + big", item).error().code, Code::kInvalid);
  EXPECT_TRUE(updated("SET b = if_not_exists(z, :s)", item));
}

TEST(UpdateExpression, KeepsTheLimitOfDepth) {
  auto deep = S("leaf");
  for (int i = 0; i < 30; ++i) deep = M({{"n", deep}});
  const Item item = {{"m", M({})}};
  EXPECT_TRUE(updated("SET m.x = :deep", item, {{":deep", deep}}));
  const auto result = updated("SET m.x = :deep", item, {{":deep", M({{"n", deep}})}});
  ASSERT_FALSE(result);
  EXPECT_TRUE(result.error().message.starts_with("Nesting Levels have exceeded supported limits"));
}

// What the service answers for UPDATED_NEW, too: nothing at an index behind the end, what moved up to one that went.
TEST(UpdateExpression, TellsWhatIsAtTheIndexesThatItNames) {
  auto given = placeholders();
  const Item item = {{"l", L({N("1"), N("2"), N("3")})}};
  const auto behind = parse_update("SET l[9] = :s", given).value();
  EXPECT_EQ(behind.changed(behind.apply(item).value()), Item{});
  const auto removed = parse_update("REMOVE l[1]", given).value();
  EXPECT_EQ(removed.changed(item), (Item{{"l", L({N("2")})}}));
  EXPECT_EQ(removed.changed(removed.apply(item).value()), (Item{{"l", L({N("3")})}}));
}

TEST(UpdateExpression, TellsWhatItChanges) {
  auto given = placeholders({{"#k", "id"}});
  const auto parsed = parse_update("SET m.x = :s, l[1] = :s REMOVE z ADD n :n", given).value();
  EXPECT_EQ(parsed.attributes(), (std::set<std::string>{"m", "l", "z", "n"}));
  const Item item = {
      {"m", M({{"x", N("5")}, {"y", N("6")}})}, {"l", L({N("1"), N("2")})}, {"z", S("q")}, {"o", S("o")}};
  EXPECT_EQ(parsed.changed(item), (Item{{"m", M({{"x", N("5")}})}, {"l", L({N("2")})}, {"z", S("q")}}));
  EXPECT_EQ(parsed.changed(parsed.apply(item).value()),
            (Item{{"m", M({{"x", S("a")}})}, {"l", L({S("a")})}, {"n", N("1")}}));
  EXPECT_TRUE(parsed.creates());
  EXPECT_FALSE(parse_update("REMOVE z DELETE e :ss", given)->creates());
  const KeySchema key = {{"id"}, KeyAttribute{"made"}};
  EXPECT_TRUE(parsed.check_key(key));
  EXPECT_EQ(parse_update("REMOVE #k", given)->check_key(key).error().message,
            "One or more parameter values were invalid: Cannot update attribute id. This attribute is part of the key");
  EXPECT_EQ(parse_update("SET a = :s, made = :s", given)->check_key(key).error().message,
            "One or more parameter values were invalid: Cannot update attribute made. This attribute is part of the "
            "key");
}

}  // namespace
}  // namespace gust::tables
