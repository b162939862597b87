#include "api/dynamodbstreams/service.h"

#include "api/dynamodbstreams/shard_iterator.h"
#include "async/testing.h"
#include "codec/json.h"
#include "kv/memory/memory_store.h"
#include "tables/catalog.h"
#include "tables/streams/stream_sweeper.h"

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace gust::api {
namespace {

namespace json = boost::json;

constexpr Millis kHour = std::chrono::hours(1);

class DynamoDbStreams : public ::testing::Test {
 protected:
  struct Answer {
    int status = 0;
    json::object body;
    std::string error() const {
      const auto* type = body.if_contains("__type");
      const std::string text(type == nullptr ? "" : std::string_view(type->as_string()));
      return text.substr(text.find('#') + 1);
    }
    std::string operator[](std::string_view name) const {
      const auto* found = body.if_contains(name);
      return found == nullptr ? "(none)" : std::string(found->as_string());
    }
    std::vector<std::string> sequences() const {
      std::vector<std::string> out;
      for (const auto& record : body.at("Records").as_array())
        out.emplace_back(record.at_pointer("/dynamodb/SequenceNumber").as_string());
      return out;
    }
  };
  Answer ask(const std::string& operation, json::object body) {
    http::Request request;
    request.method = "POST";
    request.path = "/";
    request.headers.add("X-Amz-Target", "DynamoDBStreams_20120810." + operation);
    request.body = async::from_string(codec::to_json(body));
    RequestContext context;
    context.request_id = RequestId("the-id");
    context.principal.account = AccountId(account_);
    http::Response response;
    (void)async::testing::run(loop_, [&]() -> async::Task<int> {
      auto answer = co_await service_.wire().handle(context, std::move(request), "/");
      response = std::move(*answer);
      co_return 0;
    });
    auto value = codec::parse_json(response.body);
    return {response.status, value ? value->as_object() : json::object()};
  }

  tables::Table make(const std::string& name) {
    tables::Table wanted;
    wanted.account = AccountId("000000000000");
    wanted.region = "us-east-1";
    wanted.name = tables::TableName(name);
    wanted.key = {{"id", tables::Type::kString}, {}};
    wanted.stream = tables::StreamView::kKeysOnly;
    return **async::testing::run(loop_, [&] { return catalog_.create(wanted); });
  }
  void put(const tables::Table& table, const std::string& id) {
    tables::Write write{.kind = tables::Write::Kind::kPut, .table = table};
    write.item = {{"id", tables::Value{id}}};
    ASSERT_TRUE(async::testing::run(loop_, [&] { return items_.write(write); }));
  }
  void remove(const std::string& name) {
    const tables::Place place{AccountId("000000000000"), "us-east-1", tables::TableName(name)};
    ASSERT_TRUE(async::testing::run(loop_, [&] { return catalog_.remove(place); }));
  }
  void sweep() {
    ASSERT_TRUE(async::testing::run(loop_, [&] { return sweeper_.sweep(); }));
  }
  std::size_t row_count(const std::string& prefix) {
    return store_.snapshot()->scan(kv::Range::prefix(prefix))->size();
  }

  std::string shard(const std::string& arn) {
    const auto described = ask("DescribeStream", {{"StreamArn", arn}});
    return std::string(described.body.at("StreamDescription").at_pointer("/Shards/0/ShardId").as_string());
  }
  Answer iterator(const std::string& arn, const std::string& type, const std::string& sequence = "") {
    json::object body{{"StreamArn", arn}, {"ShardId", shard(arn)}, {"ShardIteratorType", type}};
    if (!sequence.empty()) body["SequenceNumber"] = sequence;
    return ask("GetShardIterator", body);
  }
  Answer records(const std::string& iterator, json::object more = {}) {
    more["ShardIterator"] = iterator;
    return ask("GetRecords", more);
  }

  std::string account_ = "000000000000";
  async::asio::io_context loop_;
  kv::MemoryStore store_;
  env::FakeClock clock_;
  env::SeededRandom random_{1};
  tables::Catalog catalog_{loop_.get_executor(), store_, clock_, random_};
  tables::ItemStore items_{store_, clock_};
  tables::StreamCatalog streams_{store_, clock_};
  tables::StreamSweeper sweeper_{loop_.get_executor(), streams_, items_, Millis(1000)};
  DynamoDbStreamsService service_{streams_, items_, clock_};
};

TEST(ShardIterators, AreReadAsTheyWereWritten) {
  const ShardIterator one{"arn:aws:dynamodb:r:0:table/a|1|b/stream/l", 42, ShardIterator::Trimmed::kTold,
                          from_epoch_ms(1'700'000'000'000)};
  EXPECT_EQ(parse_iterator(iterator_text(one)), one);
  for (const auto* text : {"", "x", "arn|1|", "arn|1|!!!", "arn|1|AAAA", "arn|2|AAAA"})
    EXPECT_FALSE(parse_iterator(text)) << text;
  auto text = iterator_text(one);
  while (!text.empty()) {
    text.pop_back();
    (void)parse_iterator(text);
  }
}

TEST_F(DynamoDbStreams, IteratorsExpire) {
  const auto arn = stream_arn(make("music"));
  const auto begin = iterator(arn, "TRIM_HORIZON")["ShardIterator"];
  clock_.advance(std::chrono::minutes(15));
  const auto next = records(begin)["NextShardIterator"];
  clock_.advance(Millis(1));
  EXPECT_EQ(records(begin).error(), "ExpiredIteratorException");
  EXPECT_EQ(records(next).status, 200);
}

TEST_F(DynamoDbStreams, RecordsAreTrimmedAfterADay) {
  const auto table = make("music");
  const auto arn = stream_arn(table);
  put(table, "old");
  put(table, "older than its reader");
  const auto old = records(iterator(arn, "TRIM_HORIZON")["ShardIterator"]).sequences();
  ASSERT_EQ(old.size(), 2u);
  clock_.advance(24 * kHour - std::chrono::minutes(1));
  const auto at = iterator(arn, "AT_SEQUENCE_NUMBER", old[0])["ShardIterator"];
  EXPECT_EQ(records(at).sequences(), old);
  const auto page = records(at, {{"Limit", 1}})["NextShardIterator"];
  const auto begin = iterator(arn, "TRIM_HORIZON")["ShardIterator"];
  const auto latest = iterator(arn, "LATEST")["ShardIterator"];
  clock_.advance(std::chrono::minutes(2));
  put(table, "new");
  EXPECT_EQ(records(at).error(), "TrimmedDataAccessException");
  EXPECT_EQ(records(page).error(), "TrimmedDataAccessException");
  EXPECT_EQ(iterator(arn, "AFTER_SEQUENCE_NUMBER", old[0]).error(), "TrimmedDataAccessException");
  EXPECT_EQ(records(begin).sequences().size(), 1u);
  EXPECT_EQ(records(latest).sequences().size(), 1u);
  sweep();
  EXPECT_EQ(row_count("t/s/"), 1u);
}

TEST_F(DynamoDbStreams, ADeletedTablesStreamIsReadForADay) {
  const auto table = make("music");
  const auto arn = stream_arn(table);
  put(table, "a");
  remove("music");
  ASSERT_TRUE(async::testing::run(loop_, [&] { return items_.drop(table); }));
  clock_.advance(kHour);
  sweep();
  const auto described = ask("DescribeStream", {{"StreamArn", arn}}).body.at("StreamDescription").as_object();
  EXPECT_EQ(described.at("StreamStatus").as_string(), "DISABLED");
  const auto range = described.at("Shards").at_pointer("/0/SequenceNumberRange").as_object();
  const auto read = records(iterator(arn, "TRIM_HORIZON")["ShardIterator"]);
  ASSERT_EQ(read.sequences().size(), 1u);
  EXPECT_LE(std::string(range.at("StartingSequenceNumber").as_string()), read.sequences()[0]);
  EXPECT_GT(std::string(range.at("EndingSequenceNumber").as_string()), read.sequences()[0]);
  const auto end = records(read["NextShardIterator"]);
  EXPECT_TRUE(end.sequences().empty());
  EXPECT_EQ(end["NextShardIterator"], "(none)");
  clock_.advance(24 * kHour);
  EXPECT_EQ(ask("DescribeStream", {{"StreamArn", arn}}).error(), "ResourceNotFoundException");
  EXPECT_TRUE(ask("ListStreams", {}).body.at("Streams").as_array().empty());
  sweep();
  EXPECT_EQ(row_count("t/s/") + row_count("t/l/"), 0u);
}

TEST_F(DynamoDbStreams, StreamsAreListedInPages) {
  std::vector<std::string> arns;
  for (const auto* name : {"aaa", "aab", "b.b", "ccc"}) arns.push_back(stream_arn(make(name)));
  std::vector<std::string> found;
  json::object body{{"Limit", 2}};
  for (int pages = 1;; ++pages) {
    const auto page = ask("ListStreams", body);
    for (const auto& one : page.body.at("Streams").as_array()) found.emplace_back(one.at("StreamArn").as_string());
    if (!page.body.contains("LastEvaluatedStreamArn")) break;
    ASSERT_LT(pages, 2);
    body["ExclusiveStartStreamArn"] = page["LastEvaluatedStreamArn"];
  }
  EXPECT_EQ(found, arns);
  const auto one = ask("ListStreams", {{"TableName", "aaa"}}).body.at("Streams").as_array();
  ASSERT_EQ(one.size(), 1u);
  EXPECT_EQ(one[0].at("TableName").as_string(), "aaa");
  account_ = "111111111111";
  EXPECT_TRUE(ask("ListStreams", {}).body.at("Streams").as_array().empty());
  EXPECT_EQ(ask("DescribeStream", {{"StreamArn", arns[0]}}).error(), "AccessDeniedException");
}

}  // namespace
}  // namespace gust::api
