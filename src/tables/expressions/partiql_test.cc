#include "tables/expressions/partiql.h"

#include "tables/expressions/partiql_tokens.h"
#include "tables/values_for_tests.h"

#include <gtest/gtest.h>

namespace gust::tables {
namespace {

using Kind = Statement::Kind;
using RangeKind = PageQuery::RangeIs::Kind;

const KeySchema kKey = {{"pk"}, KeyAttribute{"sk", Type::kNumber}};

Statement parse(std::string_view text, const std::vector<Value>& parameters = {}) {
  auto parsed = parse_statement(text, parameters);
  EXPECT_TRUE(parsed.has_value()) << text << ": " << (parsed ? "" : parsed.error().message);
  return parsed.value();
}

std::string error_of(std::string_view text, const std::vector<Value>& parameters = {}) {
  const auto parsed = parse_statement(text, parameters);
  if (parsed) return "";
  EXPECT_EQ(parsed.error().code, Code::kInvalid);
  EXPECT_EQ(parsed.error().source, "expression");
  constexpr std::string_view kPrefix = "Statement wasn't well formed, can't be processed: ";
  const auto& message = parsed.error().message;
  return message.starts_with(kPrefix) ? "!" + message.substr(kPrefix.size()) : message;
}

bool holds(std::string_view where, const Item& item, const std::vector<Value>& parameters = {}) {
  return parse("SELECT * FROM \"T\" WHERE " + std::string(where), parameters).where->condition().evaluate(item).value();
}

TEST(Partiql, Selects) {
  const auto all = parse("select * from Music;");
  EXPECT_EQ(all.kind, Kind::kSelect);
  EXPECT_EQ(all.table, "Music");
  EXPECT_TRUE(all.wanted.empty());
  EXPECT_FALSE(all.where);
  const auto some = parse("SELECT a.\"b c\", l[2].x[0], d FROM \"My.Table\".\"Index-1\" ORDER BY sk DESC, pk");
  EXPECT_EQ(some.table, "My.Table");
  EXPECT_EQ(some.index, "Index-1");
  ASSERT_EQ(some.wanted.size(), 3u);
  EXPECT_EQ(some.wanted[0].path.text(), "[a, b c]");
  EXPECT_EQ(some.wanted[0].name, "b c");
  EXPECT_EQ(some.wanted[1].path.text(), "[l, [2], x, [0]]");
  EXPECT_EQ(some.wanted[1].name, "x[0]");
  ASSERT_EQ(some.order.size(), 2u);
  EXPECT_EQ(some.order[0].direction, Statement::Order::Direction::kDescending);
  EXPECT_EQ(some.order[1].attribute, "pk");
}

TEST(Partiql, Compares) {
  const Item item = {{"n", N("5")}, {"s", S("it's")}, {"t", Bool(true)}, {"nil", NullValue()},
                     {"m", M({{"x", L({N("1"), S("q")})}})}, {"ss", SS({"a", "b"})}};
  struct {
    std::string_view where;
    bool is;
  } const cases[] = {
      {"n = 5", true},
      {"n = 50e-1", true},
      {"n = .5e1", true},
      {"n = -5", false},
      {"n <> 5", false},
      {"n != 6", true},
      {"s = 'it''s'", true},
      {"\"s\" = 'x'", false},
      {"t = true", true},
      {"nil = null", true},
      {"m.x[0] < 2", true},
      {"m.x = [1, 'q']", true},
      {"m = {'x': [1, 'q']}", true},
      {"ss = <<'b', 'a'>>", true},
      {"n BETWEEN 5 AND 6", true},
      {"n NOT BETWEEN 5 AND 6", false},
      {"n IN [1, 5]", true},
      {"n IN (1, 2)", false},
      {"n NOT IN [1, 2]", true},
      {"gone IS MISSING", true},
      {"n IS NOT MISSING", true},
      {"nil IS NULL", true},
      {"n IS NOT NULL", true},
      {"begins_with(\"s\", 'it')", true},
      {"CONTAINS(ss, 'c')", false},
      {"size(ss) = 2", true},
      {"attribute_type(n, 'N')", true},
      {"attribute_exists(m.x[1])", true},
      {"NOT (n = 5 AND s = 'x') OR n = 6", true},
      {"n = 5 -- and no more\n", true},
      {"/* of the item */ n = 5", true},
  };
  for (const auto& c : cases) EXPECT_EQ(holds(c.where, item), c.is) << c.where;
  EXPECT_TRUE(holds("n = ? AND ss = ?", item, {N("5"), SS({"a", "b"})}));
}

TEST(Partiql, FindsKeys) {
  const auto keys = [](std::string_view where) {
    return parse("SELECT * FROM T WHERE " + std::string(where)).where->keys(kKey);
  };
  EXPECT_EQ(keys("pk = 'a'")->hash, S("a"));
  EXPECT_EQ(keys("pk = 'a'")->range.kind, RangeKind::kAny);
  EXPECT_EQ(keys("sk > 1 AND x = 2 AND pk = 'a'")->range.kind, RangeKind::kGreater);
  EXPECT_EQ(keys("1 > sk AND 'a' = pk")->range.kind, RangeKind::kLess);
  EXPECT_EQ(keys("(pk = 'a' AND (sk BETWEEN 1 AND 2))")->range.high, N("2"));
  EXPECT_EQ(keys("pk = 'a' AND sk > 'x'")->range.kind, RangeKind::kAny);
  for (const std::string_view where :
       {"pk > 'a'", "pk = 1", "pk = 'a' OR sk = 1", "NOT pk = 'a'", "pk.x = 'a'", "x = 1"})
    EXPECT_FALSE(keys(where)) << where;
  const auto key = [](std::string_view where) {
    return parse("DELETE FROM T WHERE " + std::string(where)).where->key(kKey);
  };
  EXPECT_EQ(key("sk = 1 AND pk = 'a' AND x = 2").value(), (Item{{"pk", S("a")}, {"sk", N("1")}}));
  EXPECT_EQ(key("pk = 'a'").error().message,
            "Where clause does not contain a mandatory equality on all key attributes");
}

TEST(Partiql, Inserts) {
  const auto insert = parse(
      "INSERT INTO \"Music\" VALUE {'pk': 'a', 'n': -1.50, 'l': [1, true, null, {}], 'ns': <<1, 2>>, 'p': ?}",
      {B("x")});
  EXPECT_EQ(insert.kind, Kind::kInsert);
  EXPECT_EQ(insert.table, "Music");
  EXPECT_EQ(insert.item, (Item{{"pk", S("a")},
                               {"n", N("-1.5")},
                               {"l", L({N("1"), Bool(true), NullValue(), M({})})},
                               {"ns", NS({"1", "2"})},
                               {"p", B("x")}}));
}

TEST(Partiql, Updates) {
  const Item item = {
      {"pk", S("a")}, {"n", N("1")}, {"l", L({N("1")})}, {"ss", SS({"a", "b"})}, {"m", M({{"x", S("y")}})}};
  const auto apply = [&](std::string_view changes, const std::vector<Value>& parameters = {}) {
    return parse("UPDATE \"T\" " + std::string(changes) + " WHERE pk = 'a'", parameters).update->apply(item).value();
  };
  EXPECT_EQ(apply("SET n = n + 2").at("n"), N("3"));
  EXPECT_EQ(apply("SET n = ? - n", {N("9")}).at("n"), N("8"));
  EXPECT_EQ(apply("SET m.z = 'q' SET n = 7").at("m"), M({{"x", S("y")}, {"z", S("q")}}));
  EXPECT_EQ(apply("SET a = 1, b = {'c': [2]} REMOVE m.x, n").count("n"), 0u);
  EXPECT_EQ(apply("SET l = list_append(l, [2])").at("l"), L({N("1"), N("2")}));
  EXPECT_EQ(apply("SET z = if_not_exists(z, 5)").at("z"), N("5"));
  EXPECT_EQ(apply("SET ss = set_add(ss, <<'c'>>)").at("ss"), SS({"a", "b", "c"}));
  EXPECT_EQ(apply("SET ss = SET_DELETE(ss, ?)", {SS({"a"})}).at("ss"), SS({"b"}));
  EXPECT_EQ(apply("SET ss = set_delete(ss, <<'a', 'b'>>)").count("ss"), 0u);
  const auto returning = parse("UPDATE T SET n = 1 WHERE pk = 'a' RETURNING MODIFIED NEW *");
  EXPECT_EQ(returning.returning, Statement::Returning::kModifiedNew);
  const auto from = parse("FROM \"T\" WHERE pk = ? AND n = 1 SET c = ? REMOVE l RETURNING ALL OLD *", {S("a"), N("7")});
  EXPECT_EQ(from.kind, Kind::kUpdate);
  EXPECT_EQ(from.returning, Statement::Returning::kAllOld);
  EXPECT_EQ(from.update->apply(item)->at("c"), N("7"));
  EXPECT_EQ(parse("DELETE FROM T WHERE pk = 'a' RETURNING ALL OLD *").kind, Kind::kDelete);
}

TEST(Partiql, Checks) {
  const auto exists = parse("EXISTS(SELECT * FROM \"T\" WHERE pk = 'a' AND n = 1)");
  EXPECT_EQ(exists.kind, Kind::kExists);
  EXPECT_TRUE(exists.where);
  EXPECT_EQ(error_of("EXISTS(SELECT * FROM \"T\")"),
            "EXISTS() must contain a single item read with additional condition");
}

TEST(Partiql, TellsWhatIsWrong) {
  const std::string leftover = "!Unexpected token after expression";
  const std::string aliasing = "Aliasing is not supported";
  const std::string overflow = "Number overflow. Attempting to store a number with magnitude larger than supported "
                               "range";
  struct {
    std::string_view text;
    std::string message;
  } const cases[] = {
      {"SELECT * FROM \"T\" WHERE pk = 1 foo", leftover},
      {"SELECT * FROM \"T\" WHERE pk = 1 e5", leftover},
      {"SELECT * FROM \"T\" WHERE pk = 1)", leftover},
      {"SELECT * FROM \"T\" ORDER BY pk WHERE pk = 1", leftover},
      {"INSERT INTO \"T\" VALUE {'pk': 1} foo", leftover},
      {"INSERT INTO \"T\" t VALUE {'pk': 1}", leftover},
      {"UPDATE \"T\" SET a = 9 WHERE pk = 1 foo", leftover},
      {"DELETE FROM \"T\" WHERE pk = 1 ORDER BY pk", leftover},
      {"SELECT * FROM \"T\" WHERE pk = 1e2147483648", "!"},
      {"SELECT * FROM \"T\" WHERE pk = 1e99999999999", "!"},
      {"SELECT * FROM \"T\" WHERE pk = 1e99999999999999999999999", "!"},
      {"SELECT * FROM \"T\" WHERE pk = 1.5e-2147483647", "!"},
      {"SELECT * FROM \"T\" WHERE pk = 1 # note", "!"},
      {"SELECT * FROM \"T\" WHERE pk = 1 /* note", "!"},
      {"SELECT * FROM \"T\" WHERE pk = 'open", "!"},
      {"SELECT * FROM \"T\" t WHERE pk = 'x'", aliasing},
      {"SELECT * FROM \"T\" AS t WHERE pk = 'x'", aliasing},
      {"UPDATE \"T\" t SET a = 3 WHERE pk = 'x'", aliasing},
      {"DELETE FROM \"T\" t WHERE pk = 'x'", aliasing},
      {"SELECT * FROM \"T\" WHERE pk = 1e126", overflow + " under root"},
      {"INSERT INTO \"T\" VALUE {'pk': 1e126}", overflow + " under root"},
      {"INSERT INTO \"T\" VALUE {'pk': 1, 'm': {'x': 1e126}}", overflow + " under root.x"},
      {"INSERT INTO \"T\" VALUE {'pk': 1, 'l': [1, 1e126]}", overflow + " under root[1]"},
      {"SELECT l[-1] FROM \"T\" WHERE pk = 1", "List index is not within the allowable range; index: [-1] at 1:11:1"},
      {"SELECT attribute_exists(ss) FROM \"T\"", "Unexpected path component at 1:8:16"},
      {"SELECT * FROM \"T\" WHERE EXISTS(ss)", "Unrecognized function: exists at 1:25:6"},
      {"SELECT * FROM \"T\" WHERE a = 1 AND\n set_add(ss, <<'x'>>) = ss", "Unrecognized function: set_add at 2:2:7"},
      {"SELECT * FROM \"T\" WHERE attribute_exists()",
       "Incorrect number of operands for operator or function; operator or function: attribute_exists, number of "
       "operands: 0"},
      {"SELECT * FROM \"T\" WHERE attribute_exists('ss')",
       "Operator or function requires a document path; operator or function: attribute_exists"},
      {"SELECT * FROM \"T\" WHERE n < true",
       "Incorrect operand type for operator or function; operator or function: <, operand type: BOOL"},
      {"UPDATE \"T\" SET t = set_add(ss, <<'x'>>) WHERE pk = 1",
       "The first argument to SET_ADD must equal the assignment value at 1:20:7"},
      {"UPDATE \"T\" SET ss = set_add(ss, 'x') WHERE pk = 1",
       "The second argument to SET_ADD must be a value with type SET at 1:29:2"},
      {"UPDATE \"T\" SET ss = set_add(ss) WHERE pk = 1", "SET_ADD must have exactly two arguments at 1:21:7"},
      {"UPDATE \"T\" SET ss = set_delete(ss, <<>>) WHERE pk = 1", "Empty bags are not supported"},
      {"UPDATE \"T\" SET ss = set_add(ss, <<'x', 'x'>>) WHERE pk = 1",
       "One or more parameter values were invalid: Input collection [x, x] contains duplicates."},
      {"UPDATE \"T\" SET a = 1, a.b = 2 WHERE pk = 1",
       "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path "
       "two: [a, b]"},
      {"SELECT * FROM \"T\" WHERE pk = ?", "Number of parameters in request and statement don't match."},
      {"UPDATE \"T\" SET a = 1", "!Unexpected term"},
      {"SELECT FROM \"T\"", "!Unexpected keyword"},
      {"", "!Unexpected term"},
      {"DROP TABLE T", "!Unexpected term"},
      {"SELEKT * FROM T", "!Expected data manipulation"},
      {"SELECT * FROM \"T\".\"i\".\"x\"", "A path may contain at most 2 components in the FROM clause"},
      {"SELECT * FROM \"\"", "Path component cannot be an empty string"},
      {"SELECT * FROM \"T\".\"\"", "Path component cannot be an empty string"},
      {"INSERT INTO \"T\".\"i\" VALUE {'pk': 1}", "FROM clause may only contain a single table name"},
      {"UPDATE \"T\".\"i\" SET a = 1 WHERE pk = 1", "This operation is not supported on an index"},
      {"DELETE FROM \"T\".\"i\" WHERE pk = 1", "This operation is not supported on an index"},
      {"SELECT * FROM \"T\" WHERE pk", "!Unexpected term"},
  };
  for (const auto& c : cases) EXPECT_EQ(error_of(c.text), c.message) << c.text;
  EXPECT_EQ(error_of("SELECT * FROM T WHERE pk = ?", {S("a"), S("b")}),
            "Number of parameters in request and statement don't match.");
}

TEST(Partiql, BoundsItsRecursion) {
  for (const std::string_view deep : {"(", "NOT ", "size(", "[", "a = {'b': "}) {
    std::string text = "SELECT * FROM T WHERE ";
    while (text.size() + deep.size() < kMaxStatementBytes) text += deep;
    EXPECT_NE(error_of(text), "") << deep;
  }
  std::string list = "1";
  for (int i = 0; i < 31; ++i) list = "[" + list + "]";
  EXPECT_EQ(error_of("INSERT INTO T VALUE {'a': " + list + "}"), "");
  EXPECT_TRUE(error_of("INSERT INTO T VALUE {'a': [" + list + "]}").starts_with("Nesting Levels have exceeded"));
  EXPECT_NE(error_of("SELECT * FROM T" + std::string(kMaxStatementBytes, ' ')), "");
}

}  // namespace
}  // namespace gust::tables
