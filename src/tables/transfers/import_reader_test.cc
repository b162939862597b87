#include "tables/transfers/import_reader.h"

#include "tables/testing.h"

namespace gust::tables {
namespace {

using namespace testing;

class ImportReaderTest : public ::testing::Test {
 protected:
  ImportReaderTest() {
    table_.key = {{"id", Type::kString}, KeyAttribute{"n", Type::kNumber}};
    table_.indexes = {index("by-bytes", {"bytes", Type::kBinary})};
    format_.kind = ImportFormat::Kind::kCsv;
  }

  Result<void> read(std::string_view bytes, std::size_t piece) {
    ImportReader reader(format_, table_, line_);
    records_.clear();
    for (std::size_t at = 0; at < bytes.size(); at += piece) GUST_CHECK(reader.add(bytes.substr(at, piece), records_));
    GUST_CHECK(reader.finish(records_));
    bytes_ = reader.bytes();
    return {};
  }
  // The same however the bytes come.
  std::vector<Item> items(std::string_view bytes) {
    std::vector<Item> out;
    for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, bytes.size() + 1}) {
      EXPECT_TRUE(read(bytes, piece));
      EXPECT_EQ(bytes_, bytes.size());
      out.clear();
      for (const auto& record : records_) {
        EXPECT_TRUE(record.item) << record.item.error().message;
        if (record.item) out.push_back(*record.item);
      }
    }
    return out;
  }
  // Of the one record that there is.
  std::string refusal(std::string_view bytes) {
    EXPECT_TRUE(read(bytes, 2));
    if (records_.size() != 1 || records_[0].item) return "taken";
    return records_[0].item.error().message;
  }

  Table table_ = two_keys();
  ImportFormat format_;
  ImportReader::LineReading line_ = [](std::string_view line) -> Result<Item> {
    if (line == "bad") return fail(Code::kInvalid, "bad");
    return Item{{"line", text(std::string(line))}};
  };
  std::vector<ImportReader::Record> records_;
  std::uint64_t bytes_ = 0;
};

TEST_F(ImportReaderTest, ColumnsAreTextUnlessAKeySaysOtherwise) {
  const std::vector<Item> wanted = {
      {{"id", text("a")}, {"n", number("1.5")}, {"bytes", binary("hi")}, {"year", text("1965")}},
      {{"id", text("b")}, {"n", number(2)}, {"bytes", binary("")}, {"year", text("")}}};
  EXPECT_EQ(items("id,n,bytes,year\na,1.5,aGk=,1965\nb,2,,\n"), wanted);
  EXPECT_EQ(items("id,n,bytes,year\r\na,1.5,aGk=,1965\r\n\r\nb,2,,"), wanted);
  format_.header = {"id", "n", "bytes", "year"};
  format_.delimiter = ';';
  EXPECT_EQ(items("a;1.5;aGk=;1965\nb;2;;\n"), wanted);
  EXPECT_TRUE(items("").empty());
}

TEST_F(ImportReaderTest, QuotesKeepWhatIsWithin) {
  format_.header = {"id", "v"};
  const auto value = [&](std::string_view bytes) {
    const auto found = items(bytes);
    return found.size() == 1 ? *found[0].at("v").as<std::string>() : "not one";
  };
  EXPECT_EQ(value("1,\"a,b\nc\"\n"), "a,b\nc");
  EXPECT_EQ(value("1,\"say \"\"hi\"\"\""), "say \"hi\"");
  EXPECT_EQ(value("1,\"\""), "");
  EXPECT_EQ(value("1,value \"\"\"123\"\"\"\n"), "value \"123\"");  // as the service's documentation has it
  EXPECT_EQ(refusal("1,value \"123\"\n"), "Double quotes that are not escaped");
  EXPECT_EQ(refusal("1,\"a\"b\n"), "Double quotes that are not escaped");
  EXPECT_EQ(refusal("1,\"a"), "Double quotes that are not escaped");
}

TEST_F(ImportReaderTest, WhatIsWrongLeavesTheOthers) {
  ASSERT_TRUE(read("id,n\na,1\nb\nc,x\nd,4,5\ne,5\n", 4));
  ASSERT_EQ(records_.size(), 5u);
  EXPECT_TRUE(records_[0].item);
  EXPECT_EQ(records_[1].item.error().message, "The header has 2 columns, the record 1");
  EXPECT_TRUE(records_[2].item.error().message.starts_with("n: ")) << records_[2].item.error().message;
  EXPECT_EQ(records_[3].item.error().message, "The header has 2 columns, the record 3");
  EXPECT_TRUE(records_[4].item);
  EXPECT_EQ(records_[4].index, 4u);
  EXPECT_EQ(refusal("id,id\na,b\n"), "The header has the column id twice");
  EXPECT_EQ(refusal("id,v\na,\xff\n"), "v: Text that is not UTF-8");
  EXPECT_EQ(refusal("id,v\na," + std::string(ImportReader::kMaxRecordBytes, 'x')),
            "A record of more than 4194304 bytes");
}

TEST_F(ImportReaderTest, LinesAreItems) {
  format_.kind = ImportFormat::Kind::kJson;
  EXPECT_EQ(items("one\ntwo\n\n \r\nthree"),
            (std::vector<Item>{{{"line", text("one")}}, {{"line", text("two")}}, {{"line", text("three")}}}));
  ASSERT_TRUE(read("one\nbad\ntwo\n" + std::string(ImportReader::kMaxRecordBytes + 1, 'x') + "\nfour", 100'000));
  ASSERT_EQ(records_.size(), 5u);
  EXPECT_EQ(records_[1].item.error().message, "bad");
  EXPECT_EQ(records_[3].item.error().message, "A line of more than 4194304 bytes");
  EXPECT_EQ(records_[4].item, (Item{{"line", text("four")}}));
}

TEST_F(ImportReaderTest, GzipIsInflated) {
  format_.kind = ImportFormat::Kind::kJson;
  format_.gzip = true;
  codec::Gzip gzip;
  std::string bytes;
  gzip.add("one\ntwo\n", bytes);
  gzip.finish(bytes);
  ASSERT_TRUE(read(bytes, 5));
  EXPECT_EQ(records_.size(), 2u);
  EXPECT_EQ(bytes_, 8u);
  EXPECT_EQ(read(bytes.substr(0, bytes.size() - 3), 5).error().code, Code::kInvalid);
  EXPECT_EQ(read("one\ntwo\n", 5).error().code, Code::kInvalid);
}

}  // namespace
}  // namespace gust::tables
