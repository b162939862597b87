// How the service runs operations that read and write their JSON themselves: what the model refuses, what they are
// handed, how their failures are told, and that they read a table again that has changed under them.
#include "api/dynamodb/service.h"

#include "async/event.h"
#include "async/task_group.h"
#include "async/testing.h"
#include "codec/json.h"
#include "kv/memory/memory_store.h"
#include "tables/maintenance.h"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <utility>

namespace gust::api {
namespace {

namespace json = boost::json;

// Passes everything on; on request it answers a transaction late, or refuses some as if others always won.
class MoodyStore final : public kv::Store {
 public:
  MoodyStore(kv::Store& inner, const async::Executor& executor) : held(executor), released(executor), inner_(inner) {}
  async::Task<void> transact(Body body, kv::Durability durability) override {
    if (to_refuse > 0) {
      --to_refuse;
      co_return fail(Code::kConflict, "the rows changed on every attempt; try again");
    }
    auto done = co_await inner_.transact(std::move(body), durability);
    if (std::exchange(holds_next, false)) {
      held.set();
      GUST_CO_CHECK(co_await released.wait());
    }
    co_return done;
  }
  async::Task<std::optional<std::string>> get(std::string key) override { return inner_.get(std::move(key)); }
  async::Task<std::vector<kv::Entry>> scan(kv::Range range) override { return inner_.scan(std::move(range)); }
  std::unique_ptr<kv::Reader> snapshot() override { return inner_.snapshot(); }

  int to_refuse = 0;
  bool holds_next = false;
  async::Event held, released;

 private:
  kv::Store& inner_;
};

class DynamoDb : public ::testing::Test {
 protected:
  struct Answer {
    int status = 0;
    std::string text;
    json::object body;
    std::string error() const {
      const auto* type = body.if_contains("__type");
      const std::string text(type == nullptr ? "" : std::string_view(type->as_string()));
      return text.substr(text.find('#') + 1);
    }
    std::string message() const {
      for (const auto* name : {"message", "Message"}) {
        if (const auto* found = body.if_contains(name)) return std::string(found->as_string());
      }
      return "";
    }
  };
  async::Task<Answer> send(std::string operation, std::string body) {
    http::Request request;
    request.method = "POST";
    request.path = "/";
    request.headers.add("X-Amz-Target", "DynamoDB_20120810." + operation);
    request.body = async::from_string(std::move(body));
    RequestContext context;
    context.request_id = RequestId("the-id");
    context.principal.account = AccountId("000000000000");
    auto response = co_await service_.wire().handle(context, std::move(request), "/");
    auto value = codec::parse_json(response->body);
    co_return Answer{response->status, response->body, value ? value->as_object() : json::object()};
  }
  Answer ask(std::string operation, std::string body) {
    return *async::testing::run(loop_, [&] { return send(operation, body); });
  }
  void make_table() {
    const auto made = ask("CreateTable", R"({"TableName":"things","BillingMode":"PAY_PER_REQUEST",
        "AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],
        "KeySchema":[{"AttributeName":"id","KeyType":"HASH"}]})");
    ASSERT_EQ(made.status, 200) << made.text;
  }

  async::asio::io_context loop_;
  kv::MemoryStore memory_;
  MoodyStore store_{memory_, loop_.get_executor()};
  env::FakeClock clock_;
  env::SeededRandom random_{1};
  tables::Catalog catalog_{loop_.get_executor(), store_, clock_, random_};
  tables::ItemStore items_{store_, clock_};
  tables::Sweeper sweeper_{loop_.get_executor(), catalog_, items_, clock_, Millis(1000)};
  DynamoDbService service_{store_, catalog_, items_, sweeper_, clock_, "127.0.0.1:4566"};
};

TEST_F(DynamoDb, AnItemComesBackAsItWasWritten) {
  make_table();
  const std::string item =
      R"({"id":{"S":"a"},"list":{"L":[{"N":"1.5"},{"BOOL":true},{"NULL":true},{"M":{"":{"B":"AAE="}}}]}})";
  EXPECT_EQ(ask("PutItem", R"({"TableName":"things","Item":)" + item + "}").text, "{}");
  EXPECT_EQ(ask("GetItem", R"({"TableName":"things","Key":{"id":{"S":"a"}}})").body,
            codec::parse_json(R"({"Item":)" + item + "}")->as_object());
  EXPECT_EQ(ask("GetItem", R"({"TableName":"things","Key":{"id":{"S":"b"}}})").text, "{}");
}

TEST_F(DynamoDb, TheModelRefusesBeforeTheOperationRuns) {
  make_table();
  EXPECT_EQ(ask("PutItem", "no JSON").error(), "SerializationException");
  EXPECT_EQ(ask("PutItem", "[]").error(), "SerializationException");
  EXPECT_EQ(ask("PutItem", R"({"TableName":1,"Item":{}})").error(), "SerializationException");
  EXPECT_EQ(ask("PutItem", R"({"TableName":"things","Item":{"id":"a"}})").error(), "SerializationException");
  const auto missing = ask("PutItem", R"({"TableName":"things"})");
  EXPECT_EQ(missing.error(), "ValidationException");
  EXPECT_NE(missing.message().find("'item' failed to satisfy constraint: Member must not be null"), std::string::npos)
      << missing.message();
  EXPECT_EQ(ask("PutItem", R"({"TableName":"things","Item":{},"ReturnValues":"SOME"})").error(), "ValidationException");
  std::string deep = R"({"S":"a"})";
  for (int i = 0; i < 300; ++i) deep = R"({"L":[)" + deep + "]}";
  EXPECT_EQ(ask("PutItem", R"({"TableName":"things","Item":{"id":)" + deep + "}}").status, 400);
  EXPECT_EQ(ask("NoSuchOperation", "{}").error(), "UnknownOperationException");
  const auto unknown = ask("\xda\xff\n", "{}");
  EXPECT_EQ(unknown.error(), "UnknownOperationException");
  EXPECT_EQ(unknown.message(), "");
}

TEST_F(DynamoDb, FailuresAreToldInTheServicesWords) {
  EXPECT_EQ(ask("GetItem", R"({"TableName":"things","Key":{"id":{"S":"a"}}})").error(), "ResourceNotFoundException");
  make_table();
  const auto wrong = ask("GetItem", R"({"TableName":"things","Key":{"id":{"N":"1"}}})");
  EXPECT_EQ(wrong.error(), "ValidationException");
  EXPECT_EQ(wrong.message(), "The provided key element does not match the schema");
  const auto refused = ask("PutItem", R"json({"TableName":"things","Item":{"id":{"S":"a"}},
                                              "ConditionExpression":"attribute_exists(id)"})json");
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refused.error(), "ConditionalCheckFailedException");
  EXPECT_FALSE(refused.body.contains("Item"));
  EXPECT_EQ(ask("PutItem", R"({"TableName":"things","Item":{"id":{"S":"a"},"n":{"N":"1"}}})").status, 200);
  const auto told = ask("PutItem", R"json({"TableName":"things","Item":{"id":{"S":"a"}},
                                           "ConditionExpression":"attribute_not_exists(id)",
                                           "ReturnValuesOnConditionCheckFailure":"ALL_OLD"})json");
  EXPECT_EQ(told.error(), "ConditionalCheckFailedException");
  ASSERT_TRUE(told.body.contains("Item"));
  EXPECT_EQ(told.body.at("Item").at_pointer("/n/N").as_string(), "1");
}

// Writes go on while indexes come and go: none of them is refused, and each index has them all.
TEST_F(DynamoDb, ATableThatChangesIsReadAgain) {
  make_table();
  int written = 0;
  const auto write = [&](std::string id) -> async::Task<void> {
    auto body = R"({"TableName":"things","Item":{"g":{"S":"x"},"id":{"S":")" + id + "\"}}}";
    const auto put = co_await send("PutItem", std::move(body));
    EXPECT_EQ(put->status, 200) << put->text;
    written += put->status == 200 ? 1 : 0;
    co_return Result<void>{};
  };
  tables::Maintenance maintenance(loop_.get_executor(), catalog_, items_);
  maintenance.start();
  for (int round = 0; round < 10; ++round) {
    async::TaskGroup group(loop_.get_executor(), "writers");
    const auto ended = async::testing::run(loop_, [&]() -> async::Task<void> {
      for (int i = 0; i < 10; ++i) group.spawn(write(fmt::format("{}-{}", round, i)));
      const auto changed = co_await send("UpdateTable", fmt::format(R"({{"TableName":"things",
          "AttributeDefinitions":[{{"AttributeName":"g","AttributeType":"S"}}],
          "GlobalSecondaryIndexUpdates":[{{"Create":{{"IndexName":"index-{}","Projection":{{"ProjectionType":"ALL"}},
          "KeySchema":[{{"AttributeName":"g","KeyType":"HASH"}}]}}}}]}})", round));
      EXPECT_EQ(changed->status, 200) << changed->text;
      for (int i = 10; i < 20; ++i) group.spawn(write(fmt::format("{}-{}", round, i)));
      co_return co_await group.drain(SteadyTime::max());
    });
    ASSERT_TRUE(ended);
  }
  EXPECT_EQ(written, 200);
  const auto is_active = [&](const std::string& name) {
    const auto described = ask("DescribeTable", R"({"TableName":"things"})").body.at("Table").as_object();
    for (const auto& index : described.at("GlobalSecondaryIndexes").as_array()) {
      if (index.at("IndexName").as_string() == name) return index.at("IndexStatus").as_string() == "ACTIVE";
    }
    return false;
  };
  for (int round = 0; round < 10; ++round) {
    const auto name = fmt::format("index-{}", round);
    while (!is_active(name)) {
    }
    const auto scan = ask("Scan", fmt::format(R"({{"TableName":"things","IndexName":"{}","Select":"COUNT"}})", name));
    EXPECT_EQ(scan.body.at("Count").to_number<int>(), 200) << scan.text;
  }
  ASSERT_TRUE(async::testing::run(loop_, [&] { return maintenance.stop(); }));
}

// The change is on the disk, and whoever made it has not been told yet.
TEST_F(DynamoDb, AWriteFindsATableThatHasJustChanged) {
  make_table();
  ASSERT_EQ(ask("PutItem", R"({"TableName":"things","Item":{"id":{"S":"before"}}})").status, 200);
  async::TaskGroup group(loop_.get_executor(), "change");
  const auto change = [&]() -> async::Task<void> {
    const auto changed = co_await send("UpdateTable", R"({"TableName":"things",
        "AttributeDefinitions":[{"AttributeName":"g","AttributeType":"S"}],
        "GlobalSecondaryIndexUpdates":[{"Create":{"IndexName":"index","Projection":{"ProjectionType":"ALL"},
        "KeySchema":[{"AttributeName":"g","KeyType":"HASH"}]}}]})");
    EXPECT_EQ(changed->status, 200) << changed->text;
    co_return Result<void>{};
  };
  ASSERT_TRUE(async::testing::run(loop_, [&]() -> async::Task<void> {
    store_.holds_next = true;
    group.spawn(change());
    GUST_CO_CHECK(co_await store_.held.wait());
    const auto put = co_await send("PutItem", R"({"TableName":"things","Item":{"id":{"S":"a"},"g":{"S":"x"}}})");
    EXPECT_EQ(put->status, 200) << put->text;
    const auto insert = co_await send("BatchExecuteStatement",
                                      R"({"Statements":[{"Statement":"INSERT INTO things VALUE {'id':'b'}"}]})");
    EXPECT_EQ(insert->text.find("Error"), std::string::npos) << insert->text;
    store_.released.set();
    co_return co_await group.drain(SteadyTime::max());
  }));
}

TEST_F(DynamoDb, AWriteThatAlwaysLosesIsTriedAgain) {
  make_table();
  const std::pair<const char*, const char*> kWrites[] = {
      {"PutItem", R"({"TableName":"things","Item":{"id":{"S":"a"}}})"},
      {"UpdateItem", R"({"TableName":"things","Key":{"id":{"S":"a"}}})"},
      {"ExecuteStatement", R"({"Statement":"UPDATE things SET n=1 WHERE id='a'"})"},
      {"BatchExecuteStatement", R"({"Statements":[{"Statement":"UPDATE things SET n=2 WHERE id='a'"}]})"},
      {"DeleteItem", R"({"TableName":"things","Key":{"id":{"S":"a"}}})"}};
  for (const auto& [operation, body] : kWrites) {
    store_.to_refuse = 4;
    const auto done = ask(operation, body);
    EXPECT_EQ(done.status, 200) << operation << done.text;
    EXPECT_EQ(done.text.find("Error"), std::string::npos) << done.text;
    EXPECT_EQ(store_.to_refuse, 0);
  }
}

}  // namespace
}  // namespace gust::api
