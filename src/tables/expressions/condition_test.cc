#include "tables/expressions/condition.h"

#include "tables/values_for_tests.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace gust::tables {
namespace {

std::string error_of(std::string_view text, Placeholders given, ExpressionKind kind = ExpressionKind::kFilter) {
  const auto parsed = parse_condition(kind, text, given);
  if (parsed) return "";
  EXPECT_EQ(parsed.error().code, Code::kInvalid);
  EXPECT_EQ(parsed.error().source, "expression");
  constexpr std::string_view kPrefix = "Invalid FilterExpression: ";
  return parsed.error().message.starts_with(kPrefix) ? parsed.error().message.substr(kPrefix.size())
                                                     : parsed.error().message;
}

std::string error_of(std::string_view text) { return error_of(text, placeholders({{"#a", "a"}})); }

bool is_true(std::string_view text, const Item& item, Placeholders given) {
  const auto parsed = parse_condition(ExpressionKind::kCondition, text, given);
  EXPECT_TRUE(parsed.has_value()) << text << ": " << (parsed ? "" : parsed.error().message);
  return parsed && parsed->evaluate(item).value();
}

TEST(ConditionExpression, TellsWhereTheSyntaxIsWrong) {
  struct {
    std::string_view text, token, near;
  } const cases[] = {
      {"whatever", "<EOF>", "whatever"},
      {"a > 4", "4", "> 4"},
      {"a > 4 AND b = c", "4", "> 4 AND"},
      {"things are not", "are", "things are not"},
      {"attribute_exists(Pictures-RearView)", "-", "Pictures-RearView"},
      {"attribute_exists(a..b)", ".", "..b"},
      {"attribute_exists(Pi#ctures.b)", "#ctures", "Pi#ctures."},
      {"attribute_exists()", ")", "()"},
      {"a.:a < b", ":a", ".:a <"},
      {"a in b", "b", "in b"},
      {"a in ()", ")", "()"},
      {"a in (b,c,)", ")", ",)"},
      {"a > between", "between", "> between"},
      {"(a)between(b.(c.d))and(c)", "(", ".(c"},
      {"#$.b > a", "#", "#$"},
      {"b[:s] > a", ":s", "[:s]"},
      {"b[#a] > a", "#a", "[#a]"},
      {"b[01] > a", "1", "01]"},
      {"b[4.5] > a", ".", "4.5"},
      {"ü > a", "ü", "ü >"},
      {"size(a).b > a", ".", ").b"},
      {"(size(a))[0] > a", "[", ")[0"},
      {"a = (b = c)", "=", "b = c"},
      {"(a = b) = c", "=", ") = c"},
      {"not a", "<EOF>", "a"},
      {"a and b = c", "and", "a and b"},
      {"a = b and c", "<EOF>", "c"},
      {"a = b or", "<EOF>", "or"},
      {"(a = b", "<EOF>", "b"},
      {"a = b)", ")", "b)"},
      {"a = b c", "c", "b c"},
      {"_a = b", "_", "_a"},
      {"a+b = c", "+", "a+b"},
  };
  for (const auto& c : cases)
    EXPECT_EQ(error_of(c.text), fmt::format("Syntax error; token: \"{}\", near: \"{}\"", c.token, c.near)) << c.text;
}

TEST(ConditionExpression, HasLimits) {
  EXPECT_EQ(error_of(""), "The expression can not be empty;");
  EXPECT_EQ(error_of(" \n"), "The expression can not be empty;");
  EXPECT_EQ(error_of("a = :s" + std::string(4090, ' ')), "");
  EXPECT_EQ(error_of("a = :s" + std::string(4091, ' ')),
            "Expression size has exceeded the maximum allowed size; expression size: 4097");
  std::string text = "a=:s";
  for (int i = 0; i < 149; ++i) text += " OR a=:s";
  EXPECT_EQ(error_of("NOT " + text), "");
  EXPECT_EQ(error_of("NOT NOT " + text), "The expression contains too many operators; operator count: 301");
  EXPECT_EQ(error_of(text + " OR a=:s"), "The expression contains too many operators; operator count: 301");
  std::string in = ":s";
  for (int i = 0; i < 99; ++i) in += ",:s";
  EXPECT_EQ(error_of("a IN (" + in + ")"), "");
  EXPECT_EQ(error_of("a IN (" + in + ",:s)"),
            "The IN operator is provided with too many operands; number of operands: 101");
  std::string path = "a";
  for (int i = 0; i < 31; ++i) path += ".b";
  EXPECT_EQ(error_of(path + " = :s"), "");
  EXPECT_EQ(error_of(path + ".b = :s"), "The document path has too many nesting levels; nesting levels: 33");
  EXPECT_EQ(error_of("a[2147483647] = :s"), "");
  EXPECT_EQ(error_of("a[2147483648] = :s"), "List index is not within the allowable range; index: [2147483648]");
}

TEST(ConditionExpression, BoundsItsRecursion) {
  for (const std::string_view deep : {"(", "NOT ", "size(", "a=a AND (", "NOT("}) {
    std::string text;
    while (text.size() + deep.size() < kMaxExpressionBytes) text += deep;
    EXPECT_NE(error_of(text), "") << deep;
  }
}

TEST(ConditionExpression, RefusesRedundantParentheses) {
  for (const std::string_view text :
       {"a=a and a > ((views))", "(a)between(((b.c)).d)and(c)", "a > whatever((:things), ((a)))", "((a = b))",
        "a=a AND ((a=a AND a=a)) AND a=a", "a=a OR ((a=a OR (a=a OR a=a)))"})
    EXPECT_EQ(error_of(text), "The expression has redundant parentheses;") << text;
  for (const std::string_view text : {"(a = b) AND (c = d)", "((a = b) OR (c = d))", "(a) = (b)", "(a.b).c = :s",
                                      "(a)[1] = :s", "size((a)) > :n", "(a)between(b)and(c)"})
    EXPECT_EQ(error_of(text), "") << text;
}

TEST(ConditionExpression, KnowsWhichFunctionGoesWhere) {
  EXPECT_EQ(error_of("a=a and whatever((:things)) > a"), "Invalid function name; function: whatever");
  EXPECT_EQ(error_of("attRIbute_exIsts((views), #b)"), "Invalid function name; function: attRIbute_exIsts");
  struct {
    std::string_view text, function;
  } const cases[] = {
      {"a=a and attribute_exists((views), (#b)) > b", "attribute_exists"},
      {"attribute_not_exists(things) > b", "attribute_not_exists"},
      {"attribute_type(things, :a) > b", "attribute_type"},
      {"begins_with(things, a) > b", "begins_with"},
      {"contains(:things, c) > b", "contains"},
      {"size(contains(a, b)) > a", "contains"},
      {"size(things)", "size"},
      {"NOT size(things)", "size"},
      {"a between b and attribute_exists(things)", "attribute_exists"},
      {"a in (b, attribute_exists(things))", "attribute_exists"},
      {"if_not_exists(a, b) = c", "if_not_exists"},
      {"list_append(a, b) = c", "list_append"},
  };
  for (const auto& c : cases)
    EXPECT_EQ(error_of(c.text),
              fmt::format("The function is not allowed to be used this way in an expression; function: {}", c.function))
        << c.text;
}

TEST(ConditionExpression, RefusesReservedNames) {
  EXPECT_EQ(error_of("attribute_exists(views, #b)"),
            "Attribute name is a reserved keyword; reserved keyword: views");
  EXPECT_EQ(error_of(":x < abOrT"), "Attribute name is a reserved keyword; reserved keyword: abOrT");
  EXPECT_EQ(error_of("a.zone = :x"), "Attribute name is a reserved keyword; reserved keyword: zone");
  EXPECT_EQ(error_of("#n = :s", placeholders({{"#n", "zone"}})), "");
}

TEST(ConditionExpression, RefusesUndefinedPlaceholders) {
  struct {
    std::string_view text, what;
  } const cases[] = {
      {"attribute_exists(#Pictures.RearView, :x) and a=a", "attribute name: #Pictures"},
      {"begins_with(Pictures.#RearView)", "attribute name: #RearView"},
      {"(#P between :lo and :hi) and (#PC in (:c1, :c2))", "attribute name: #P"},
      {"#4g > a", "attribute name: #4g"},
      {"#_ > a", "attribute name: #_"},
      {"begins_with(:hello, #b, #c)", "attribute value: :hello"},
      {":x < :y", "attribute value: :x"},
      {":_ > a", "attribute value: :_"},
  };
  for (const auto& c : cases) {
    const auto message = error_of(c.text);
    EXPECT_TRUE(message.ends_with("is not defined; " + std::string(c.what))) << c.text << ": " << message;
  }
  EXPECT_EQ(error_of("a = :x", placeholders(), ExpressionKind::kCondition),
            "Invalid ConditionExpression: An expression attribute value used in expression is not defined; attribute "
            "value: :x");
  EXPECT_EQ(error_of("#n = :s"),
            "An expression attribute name used in the document path is not defined; attribute name: #n");
}

TEST(ConditionExpression, ChecksOperandsOneConditionAfterTheOther) {
  const std::string count = "Incorrect number of operands for operator or function; operator or function: ";
  EXPECT_EQ(error_of("attribute_exists(things, a) and a=a"), count + "attribute_exists, number of operands: 2");
  EXPECT_EQ(error_of("attribute_not_exists(things, b)"), count + "attribute_not_exists, number of operands: 2");
  EXPECT_EQ(error_of("attribute_type(things)"), count + "attribute_type, number of operands: 1");
  EXPECT_EQ(error_of("begins_with(things, size(a), b)"), count + "begins_with, number of operands: 3");
  EXPECT_EQ(error_of("contains(things)"), count + "contains, number of operands: 1");
  EXPECT_EQ(error_of("size(things, a) > b"), count + "size, number of operands: 2");
  const std::string path = "Operator or function requires a document path; operator or function: ";
  EXPECT_EQ(error_of("attribute_exists(:s) and a=a"), path + "attribute_exists");
  EXPECT_EQ(error_of("attribute_not_exists(size(:s))"), path + "attribute_not_exists");
}

TEST(ConditionExpression, ChecksTypesThatItKnows) {
  struct {
    std::string_view text, function, type;
  } const cases[] = {
      {"attribute_type(a, size(a)) and a=a", "attribute_type", "N"},
      {"attribute_type(a, :n)", "attribute_type", "N"},
      {"attribute_type(a, :bs)", "attribute_type", "BS"},
      {"attribute_type(a, b)", "attribute_type", "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}"},
      {"begins_with(a, size(b))", "begins_with", "N"},
      {"begins_with(a, :bool)", "begins_with", "BOOL"},
      {"begins_with(:null, a)", "begins_with", "NULL"},
      {"begins_with(:l, a)", "begins_with", "L"},
      {"begins_with(a, :m)", "begins_with", "M"},
      {"begins_with(a, :ss)", "begins_with", "SS"},
      {"size(size(a)) > :n", "size", "N"},
      {"attribute_not_exists(size(:n))", "size", "N"},
      {"size(:bool) > a", "size", "BOOL"},
      {"size(:null) > a", "size", "NULL"},
      {"a < :bool", "<", "BOOL"},
      {":l >= a", ">=", "L"},
      {"a <= :ns", "<=", "NS"},
      {"a BETWEEN :bool AND :bool", "BETWEEN", "BOOL"},
  };
  for (const auto& c : cases)
    EXPECT_EQ(error_of(c.text), fmt::format("Incorrect operand type for operator or function; operator or function: "
                                            "{}, operand type: {}",
                                            c.function, c.type))
        << c.text;
  for (const std::string_view text : {"a = :bool", "a <> :l", "a IN (:bool, :s, :ss)", "begins_with(:s, a)",
                                      "contains(a, :l)", "attribute_exists(a.b[0])", "size(:s) = :n"})
    EXPECT_EQ(error_of(text), "") << text;
  EXPECT_EQ(error_of("attribute_type(a, :s)"),
            "Invalid attribute type name found; type: a, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}");
}

TEST(ConditionExpression, ChecksBoundsThatItKnows) {
  EXPECT_EQ(error_of("a between :n and :s"),
            "The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: "
            "AttributeValue: {N:1}, upper bound operand: AttributeValue: {S:a}");
  EXPECT_EQ(error_of("a between :z and :s", placeholders({}, {{":z", S("b")}})),
            "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound "
            "operand: AttributeValue: {S:b}, upper bound operand: AttributeValue: {S:a}");
  EXPECT_EQ(error_of("a between :z and :n", placeholders({}, {{":z", N("10")}})),
            "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound "
            "operand: AttributeValue: {N:10}, upper bound operand: AttributeValue: {N:1}");
  EXPECT_EQ(error_of("a between :n and :n"), "");
  EXPECT_EQ(error_of("a between b and :n"), "");
}

TEST(ConditionExpression, RefusesToCompareAPathWithItself) {
  struct {
    std::string_view text, name, path;
  } const cases[] = {
      {"a = a AND #a = b AND :views > a", "=", "[a]"},
      {"#a <> a", "<>", "[a]"},
      {"a > #a", ">", "[a]"},
      {"((a=a) OR (a=a))", "=", "[a]"},
      {"contains(ab.bc[1].a, ab.bc[1].#a)", "contains", "[ab, bc, [1], a]"},
      {"attribute_type(ab.bc[1].#a, ab.bc[1].a)", "attribute_type", "[ab, bc, [1], a]"},
      {"begins_with(ab.bc[1].a, ab.bc[1].#a)", "begins_with", "[ab, bc, [1], a]"},
      {"a in (b, a)", "IN", "[a]"},
  };
  for (const auto& c : cases)
    EXPECT_EQ(error_of(c.text), fmt::format("The first operand must be distinct from the remaining operands for this "
                                            "operator or function; operator: {}, first operand: {}",
                                            c.name, c.path))
        << c.text;
  EXPECT_EQ(error_of(":n > :n"), "");
  EXPECT_EQ(error_of("size(a) > a"), "");
}

Item sample() {
  return {{"s", S("hello")},
          {"n", N("5")},
          {"b", B("hi there")},
          {"t", Bool(true)},
          {"nil", NullValue()},
          {"m", M({{"x", N("1")}, {"y", L({N("-1"), N("2")})}})},
          {"l", L({N("2"), S("dog"), SS({"a", "b"}), L({N("3")})})},
          {"ss", SS({"a", "b"})},
          {"ns", NS({"1", "2"})},
          {"bs", BS({"a", "b"})},
          {"big", S("é𝄞")}};
}

TEST(ConditionExpression, Evaluates) {
  const Placeholders::Values values = {{":5", N("5.0")},  {":6", N("6")},         {":3", N("3")}, {":2", N("2")},
                                       {":he", S("he")},  {":ell", S("ell")},     {":hi", B("hi")}, {":z", S("z")},
                                       {":S", S("S")},    {":NS", S("NS")},       {":ab", SS({"b", "a"})},
                                       {":l3", L({N("3")})}, {":here", B("here")}};
  struct {
    std::string_view text;
    bool is;
  } const cases[] = {
      {"n = :5", true},
      {"n = :6", false},
      {"n = :he", false},
      {"gone = :5", false},
      {"gone = lost", false},
      {"ss = :ab", true},
      {"n <> :6", true},
      {"n <> :he", true},
      {"n <> :5", false},
      {"gone <> :5", true},
      {"gone <> lost", true},
      {"n < :6", true},
      {"n < :5", false},
      {"n < :he", false},
      {"gone < :5", false},
      {":5 < gone", false},
      {"l < :6", false},
      {"n <= :5", true},
      {"n > :3", true},
      {"n >= :6", false},
      {":6 >= n", true},
      {"s > :he", true},
      {"b > :hi", true},
      {"n BETWEEN :3 AND :6", true},
      {"n between :5 and :5", true},
      {"n between :6 and m.x", false},
      {"s between :he and :z", true},
      {"n between :he and :z", false},
      {"gone between :3 and :6", false},
      {"n IN (:3, :he, :5)", true},
      {"n IN (:3, gone)", false},
      {"gone IN (:3, lost)", false},
      {"attribute_exists(m.y[1])", true},
      {"attribute_exists(m.y[2])", false},
      {"attribute_exists(m.s)", false},
      {"attribute_exists(s.m)", false},
      {"attribute_not_exists(gone)", true},
      {"attribute_not_exists(nil)", false},
      {"attribute_type(s, :S)", true},
      {"attribute_type(n, :S)", false},
      {"attribute_type(ns, :NS)", true},
      {"attribute_type(gone, :S)", false},
      {"begins_with(s, :he)", true},
      {"begins_with(s, :ell)", false},
      {"begins_with(b, :hi)", true},
      {"begins_with(b, :he)", false},
      {"begins_with(n, :he)", false},
      {"contains(s, :ell)", true},
      {"contains(b, :here)", true},
      {"contains(l, :2)", true},
      {"contains(l, :3)", false},
      {"contains(l, :ab)", true},
      {"contains(l, :l3)", true},
      {"contains(ss, :s)", true},
      {"contains(ns, :2)", true},
      {"contains(ns, :ell)", false},
      {"contains(bs, :b)", true},
      {"contains(n, :5)", false},
      {"contains(gone, :5)", false},
      {"size(s) = :5", true},
      {"size(b) > :6", true},
      {"size(m) = :2", true},
      {"size(ss) = :2", true},
      {"size(l) < :5", true},
      {"size(big) = :3", true},
      {"size(n) = :5", false},
      {"size(n) <> :5", true},
      {"size(gone) = :5", false},
      {"size(s) = n", true},
      {"size(s) = :he", false},
      {"contains(l, size(ss))", true},
      {"m.x < m.y[1]", true},
      {"m.x < m.y[0]", false},
      {"NOT n = :5", false},
      {"not not n = :5", true},
      {"n = :5 AND s = :he", false},
      {"n = :5 OR s = :he", true},
      {"s = :he OR n = :5 AND s = :he", false},
      {"(n = :5 OR s = :he) aNd n = :5", true},
      {"NOT s = :he AND n = :5", true},
      {"NOT (s = :he AND n = :5)", true},
  };
  for (const auto& c : cases) EXPECT_EQ(is_true(c.text, sample(), placeholders({}, values)), c.is) << c.text;
  EXPECT_TRUE(is_true("attribute_not_exists(a)", {}, placeholders()));
  EXPECT_TRUE(is_true("#x.#y[0] = :v", {{"and", M({{"a.b", L({S("q")})}})}},
                      placeholders({{"#x", "and"}, {"#y", "a.b"}}, {{":v", S("q")}})));
}

TEST(ConditionExpression, TellsItsAttributes) {
  auto given = placeholders({{"#x", "x"}});
  const auto parsed = parse_condition(ExpressionKind::kFilter, "a.b = :s OR NOT (size(#x) > c[0])", given).value();
  EXPECT_EQ(parsed.attributes(), (std::set<std::string>{"a", "c", "x"}));
}

TEST(Placeholders, AreChecked) {
  const auto error = [](std::optional<Placeholders::Names> names, std::optional<Placeholders::Values> values) {
    const auto made = Placeholders::of(std::move(names), std::move(values));
    return made ? "" : made.error().message;
  };
  EXPECT_EQ(error({}, {}), "");
  EXPECT_EQ(error(Placeholders::Names{}, {}), "ExpressionAttributeNames must not be empty");
  EXPECT_EQ(error({}, Placeholders::Values{}), "ExpressionAttributeValues must not be empty");
  EXPECT_EQ(error(Placeholders::Names{{"a", "a"}}, {}),
            "ExpressionAttributeNames contains invalid key: Syntax error; key: \"a\"");
  EXPECT_EQ(error({}, Placeholders::Values{{"#a", S("b")}}),
            "ExpressionAttributeValues contains invalid key: Syntax error; key: \"#a\"");
}

TEST(Placeholders, MustAllBeUsed) {
  const Placeholders::Names names = {{"#a", "a"}, {"#b", "b"}};
  const Placeholders::Values values = {{":x", S("")}, {":y", S("")}};
  auto given = Placeholders::of(names, values).value();
  EXPECT_EQ(given.check_all_used().error().message,
            "Value provided in ExpressionAttributeNames unused in expressions: keys: {#a, #b}");
  ASSERT_TRUE(parse_condition(ExpressionKind::kFilter, "#a = #b", given));
  EXPECT_EQ(given.check_all_used().error().message,
            "Value provided in ExpressionAttributeValues unused in expressions: keys: {:x, :y}");
  ASSERT_TRUE(parse_condition(ExpressionKind::kCondition, ":y = c AND d = :x", given));
  EXPECT_TRUE(given.check_all_used());
}

}  // namespace
}  // namespace gust::tables
