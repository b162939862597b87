#include "cli/table/csv.h"

#include "cli/table/conditions.h"
#include "codec/json.h"

#include <gtest/gtest.h>

#include <sstream>

namespace gust::cli {
namespace {

std::vector<std::vector<std::string>> read(const std::string& text) {
  std::istringstream in(text);
  CsvReader reader(in);
  std::vector<std::vector<std::string>> out;
  for (;;) {
    auto cells = reader.next();
    if (!cells || !*cells) return out;
    out.push_back(**cells);
  }
}

TEST(Csv, ReadsQuotesAndLines) {
  using Rows = std::vector<std::vector<std::string>>;
  EXPECT_EQ(read("\xEF\xBB\xBF"
                 "a,b\r\n\r\n1,\"x, \"\"y\"\"\n2\"\r\n,\n"),
            (Rows{{"a", "b"}, {"1", "x, \"y\"\n2"}, {"", ""}}));
  std::istringstream in("a\n\"b\n");
  CsvReader reader(in);
  EXPECT_TRUE(reader.next());
  EXPECT_FALSE(reader.next());
  EXPECT_EQ(reader.line(), 2u);
}

TEST(Csv, TextComesBackAsText) {
  for (const std::string text : {"", "a", "true", "null", "-1.5e3", "007", "\"q\"", "{b", "[1]", "1.", "-", "é"}) {
    const boost::json::value typed{{"S", text}};
    EXPECT_EQ(value_of_cell(cell_of_value(typed, "", Form::kPlain), "", Form::kPlain), typed) << text;
  }
  EXPECT_EQ(cell_of_value({{"N", "1.50"}}, "", Form::kPlain), "1.50");
  EXPECT_EQ(cell_of_value({{"S", "5"}}, "S", Form::kPlain), "5");
  EXPECT_EQ(*value_of_cell("[1,\"x\"]", "", Form::kPlain), codec::parse_json(R"({"L":[{"N":"1"},{"S":"x"}]})"));
}

TEST(TableValues, NumbersKeepTheirDigits) {
  const std::string text = R"({"n":12345678901234567890123456789012345678,"f":0.10,"l":[1e3,null,true,{"a":""}]})";
  const auto item = item_from(text, Form::kPlain);
  ASSERT_TRUE(item) << item.error().message;
  EXPECT_EQ(item_text(*item, {}, Form::kPlain), text);
  EXPECT_EQ(item->at("f").at("N").as_string(), "0.10");
  for (const auto* bad : {"", "[1]", "5", "{\"a\":01}", "{\"a\":1} x", "{\"a\""})
    EXPECT_FALSE(item_from(bad, Form::kPlain)) << bad;
}

TEST(TableConditions, BecomeStatements) {
  TableInfo table{"t", {{"id", "S"}, {"at", "N"}}, {}};
  auto query = query_of(table, {{"id=a=b", "at=1..5"}, "", "x = 1", QueryWords::Order::kBackward});
  ASSERT_TRUE(query) << query.error().message;
  EXPECT_EQ(query->statement,
            R"(SELECT * FROM "t" WHERE "id" = ? AND "at" BETWEEN ? AND ? AND (x = 1) ORDER BY "at" DESC)");
  EXPECT_EQ(codec::to_json(query->parameters), R"([{"S":"a=b"},{"N":"1"},{"N":"5"}])");
  const std::vector<std::vector<std::string>> bad_ones = {
      {"at=1"}, {"id=a", "id=b"}, {"id=a", "at=x"}, {"id>a"}, {"y=1"}};
  for (const auto& bad : bad_ones)
    EXPECT_EQ(query_of(table, {bad, "", ""}).error().source, "usage");
}

}  // namespace
}  // namespace gust::cli
