#include "async/testing.h"
#include "codec/json.h"
#include "events/outbox.h"
#include "kv/memory/memory_store.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <gtest/gtest.h>

namespace gust::events {
namespace {

constexpr const char* kConfiguration = R"({"LambdaFunctionConfigurations":[
  {"Id":"jpg","LambdaFunctionArn":"arn:f1","Events":["s3:ObjectCreated:*"],
   "Filter":{"Key":{"FilterRules":[{"Name":"Prefix","Value":"in/"},{"Name":"suffix","Value":".jpg"}]}}},
  {"Id":"all","LambdaFunctionArn":"arn:f2","Events":["s3:ObjectCreated:Copy","s3:ObjectRemoved:Delete"]}]})";

ObjectRecord record(std::string name, std::string key) {
  ObjectRecord out;
  out.event_id = "e1";
  out.name = std::move(name);
  out.bucket = "b";
  out.bucket_owner = "000000000000";
  out.region = "us-east-1";
  out.configuration = kConfiguration;
  out.key = std::move(key);
  out.size = 5;
  out.etag = "abc";
  out.sequence = 255;
  out.at = from_epoch_ms(1'700'000'000'123);
  out.source_ip = "127.0.0.1";
  out.requester = "000000000000";
  return out;
}

std::vector<std::string> targets(const ObjectRecord& r) {
  std::vector<std::string> out;
  const auto found = match(r);
  for (const auto& m : *found) out.push_back(m.target_arn);
  return out;
}

TEST(Match, EventNamesPrefixAndSuffix) {
  using Arns = std::vector<std::string>;
  EXPECT_EQ(targets(record("ObjectCreated:Put", "in/a.jpg")), Arns{"arn:f1"});
  EXPECT_EQ(targets(record("ObjectCreated:Put", "out/a.jpg")), Arns{});
  EXPECT_EQ(targets(record("ObjectCreated:Put", "in/a.png")), Arns{});
  EXPECT_EQ(targets(record("ObjectCreated:Copy", "in/a.jpg")), (Arns{"arn:f1", "arn:f2"}));
  EXPECT_EQ(targets(record("ObjectRemoved:Delete", "x")), Arns{"arn:f2"});
}

TEST(Match, FiltersAreFormEncoded) {
  auto r = record("ObjectCreated:Put", "in box/\u00fc.txt");
  const auto matches = [&](std::string prefix, std::string suffix) {
    r.configuration =
        R"({"LambdaFunctionConfigurations":[{"Id":"1","LambdaFunctionArn":"arn:f","Events":["s3:ObjectCreated:*"],
      "Filter":{"Key":{"FilterRules":[{"Name":"Prefix","Value":")" +
        prefix + R"("},{"Name":"Suffix","Value":")" + suffix + R"("}]}}}]})";
    return !targets(r).empty();
  };
  EXPECT_TRUE(matches("in+box/", "%C3%BC.txt"));
  EXPECT_TRUE(matches("in box/", ".txt"));
  EXPECT_FALSE(matches("in%2Bbox/", ".txt"));
  EXPECT_FALSE(matches("in+box/", "%.txt"));
}

TEST(Record, RoundTripsAndRefusesWhatIsNotOne) {
  const auto r = record("ObjectCreated:Put", "in/ü b+c.jpg");
  const auto back = decode(encode(r));
  ASSERT_TRUE(back);
  EXPECT_EQ(encode(*back), encode(r));
  EXPECT_EQ(back->version_id, "");
  EXPECT_EQ(decode("{}").error().code, Code::kCorrupt);
  EXPECT_EQ(decode("x").error().code, Code::kCorrupt);
}

TEST(Message, HasTheDocumentedShape) {
  const auto text = to_message(record("ObjectCreated:Put", "in/ü b+c.jpg"), {"jpg", "arn:f1"});
  const auto document = *codec::parse_json(text);
  const auto& event = document.at("Records").at(0).get_object();
  EXPECT_EQ(event.at("eventTime").get_string(), "2023-11-14T22:13:20.123Z");
  EXPECT_EQ(event.at("s3").at("object").at("key").get_string(), "in/%C3%BC+b%2Bc.jpg");
  EXPECT_EQ(event.at("s3").at("object").at("sequencer").get_string(), "00000000000000FF");
  EXPECT_EQ(event.at("s3").at("configurationId").get_string(), "jpg");
  EXPECT_EQ(event.at("s3").at("bucket").at("arn").get_string(), "arn:aws:s3:::b");
}

TEST(Message, SaysWhatItsKindOfEventHas) {
  const auto event_of = [](ObjectRecord r) {
    const auto document = *codec::parse_json(to_message(r, {"jpg", "arn:f1"}));
    return document.at("Records").at(0).get_object();
  };
  const auto thing = [](const boost::json::object& event) { return event.at("s3").at("object").get_object(); };
  auto versioned = record("ObjectCreated:Put", "k");
  versioned.version_id = "v1";
  EXPECT_EQ(thing(event_of(versioned)).at("versionId").get_string(), "v1");
  EXPECT_EQ(event_of(versioned).at("eventVersion").get_string(), "2.1");
  EXPECT_EQ(event_of(versioned).at("userIdentity").at("principalId").get_string(), "AWS:000000000000");
  EXPECT_FALSE(thing(event_of(record("ObjectCreated:Put", "k"))).contains("versionId"));
  versioned.name = "ObjectRemoved:DeleteMarkerCreated";
  EXPECT_FALSE(thing(event_of(versioned)).contains("size"));
  EXPECT_FALSE(thing(event_of(versioned)).contains("eTag"));
  versioned.name = "ObjectTagging:Put";
  EXPECT_EQ(thing(event_of(versioned)).at("eTag").get_string(), "abc");
  EXPECT_EQ(event_of(versioned).at("eventVersion").get_string(), "2.3");
  versioned.name = "LifecycleExpiration:Delete";
  const auto by_service = event_of(versioned);
  EXPECT_EQ(by_service.at("eventVersion").get_string(), "2.3");
  EXPECT_EQ(by_service.at("userIdentity").at("principalId").get_string(), "s3.amazonaws.com");
  EXPECT_EQ(by_service.at("requestParameters").at("sourceIPAddress").get_string(), "s3.amazonaws.com");
}

TEST(Match, QueuesAndTopicsAsWell) {
  auto r = record("LifecycleExpiration:Delete", "k");
  r.configuration =
      R"({"QueueConfigurations":[{"Id":"q","QueueArn":"arn:q","Events":["s3:LifecycleExpiration:*"]}],
          "TopicConfigurations":[{"Id":"t","TopicArn":"arn:t","Events":["s3:LifecycleExpiration:Delete"]},
                                 {"Id":"u","TopicArn":"arn:u","Events":["s3:ObjectRemoved:*"]}]})";
  EXPECT_EQ(targets(r), (std::vector<std::string>{"arn:q", "arn:t"}));
}

struct Recorder final : Target {
  Result<void> enqueue(kv::Transaction& tx, const std::string& arn, std::string, const std::string& id,
                       const std::string&) override {
    if (arn == "arn:f2") return fail(Code::kNotFound, "no such function");
    tx.put("got/" + id + arn, "");
    return {};
  }
  void notify() override { notified->set(); }
  async::Event* notified = nullptr;
};

TEST(Outbox, HandsOnWhatWasThereBeforeAndWhatComes) {
  boost::asio::io_context loop;
  kv::MemoryStore store;
  env::SystemClock clock;
  env::SystemRandom random;
  async::Event notified(loop.get_executor());
  Recorder recorder;
  recorder.notified = &notified;
  Outbox outbox(loop.get_executor(), store, clock, random, recorder);
  const auto write = [&](std::string name) -> async::Task<void> {
    kv::Store::Body body = [&outbox, name](kv::Transaction& tx) { return outbox.append(tx, record(name, "in/a.jpg")); };
    return store.transact(std::move(body), kv::Durability::kSynced);
  };
  const auto result = async::testing::run(loop, [&]() -> async::Task<std::size_t> {
    GUST_CO_CHECK(co_await write("ObjectCreated:Put"));
    outbox.start();
    GUST_CO_CHECK(co_await notified.wait());
    notified.reset();
    GUST_CO_CHECK(co_await write("ObjectCreated:Copy"));
    outbox.notify();
    GUST_CO_CHECK(co_await notified.wait());
    GUST_CO_CHECK(co_await outbox.stop());
    GUST_CO_TRY(const auto left, co_await store.scan(kv::Range::prefix("outbox/")));
    EXPECT_TRUE(left.empty());
    GUST_CO_TRY(const auto got, co_await store.scan(kv::Range::prefix("got/")));
    co_return got.size();
  });
  EXPECT_EQ(result, 2u);
}

}  // namespace
}  // namespace gust::events
