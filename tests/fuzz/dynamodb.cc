// Requests to DynamoDB and DynamoDB Streams, one a line: an operation, a space, and its JSON. So all that the services
// parse and check beyond the model: declarations of keys and indexes, legacy conditions, start keys of pages, tokens,
// iterators of shards. Every answer must be JSON, and none may say that something failed inside.
// A NextToken that begins with "raw:" is sent as a token with what follows in it; "$" is the shard that was described
// last, or the iterator that was answered last.
#include "api/dynamodb/service.h"
#include "api/dynamodbstreams/service.h"
#include "api/dynamodbstreams/shard_iterator.h"
#include "async/testing.h"
#include "base/log.h"
#include "codec/base64.h"
#include "codec/json.h"
#include "fuzz/fuzz.h"
#include "kv/memory/memory_store.h"

namespace {

using namespace gust;
namespace json = codec::json;

constexpr std::size_t kMostRequests = 8;
constexpr std::string_view kRaw = "raw:";

struct World {
  async::asio::io_context loop;
  kv::MemoryStore store;
  env::FakeClock clock;
  env::SeededRandom random{1};
  tables::Catalog catalog{loop.get_executor(), store, clock, random};
  tables::ItemStore items{store, clock, 0};
  tables::Sweeper sweeper{loop.get_executor(), catalog, items, clock, Millis(1000)};
  tables::StreamCatalog streams{store, clock};
  api::DynamoDbService dynamodb{store, catalog, items, sweeper, clock, "127.0.0.1:4566"};
  api::DynamoDbStreamsService dynamodb_streams{streams, items, clock};
  std::string shard, iterator;

  void ask(const std::string& operation, std::string body) {
    const bool of_streams = operation == "ListStreams" || operation == "DescribeStream" || operation == "GetRecords" ||
                            operation == "GetShardIterator";
    http::Request request;
    request.method = "POST";
    request.path = "/";
    request.headers.add("X-Amz-Target",
                        (of_streams ? "DynamoDBStreams_20120810." : "DynamoDB_20120810.") + operation);
    request.body = async::from_string(std::move(body));
    RequestContext context;
    context.request_id = RequestId("the-id");
    context.region = "us-east-1";
    context.principal.account = AccountId("000000000000");
    auto& wire = of_streams ? dynamodb_streams.wire() : dynamodb.wire();
    (void)async::testing::run(loop, [&]() -> async::Task<int> {
      const auto answer = co_await wire.handle(context, std::move(request), "/");
      GUST_ASSERT(answer);
      check(*answer);
      co_return 0;
    });
  }

  void check(const http::Response& response) {
    const auto body = codec::parse_json(response.body, 256);
    GUST_ASSERT(body && body->is_object());
    if (response.status == 200) {
      if (const auto* given = body->get_object().if_contains("ShardIterator")) iterator = given->as_string();
      boost::system::error_code none;
      const auto* described = body->find_pointer("/StreamDescription/Shards/0/ShardId", none);
      if (described != nullptr) shard = described->as_string();
      return;
    }
    GUST_ASSERT(response.status == 400 || response.status == 413);
    GUST_ASSERT(body->get_object().contains("__type"));
    GUST_ASSERT(!response.body.contains("InternalServerError"));
  }
};

// What a fuzzer cannot find by itself.
std::string with_tokens(std::string_view body, const World& world) {
  auto parsed = codec::parse_json(body, 256);
  auto* object = parsed ? parsed->if_object() : nullptr;
  if (object == nullptr) return std::string(body);
  if (auto* token = object->if_contains("NextToken"); token != nullptr && token->is_string()) {
    const std::string_view text = token->get_string();
    if (text.starts_with(kRaw)) *token = codec::to_base64(text.substr(kRaw.size()));
  }
  const auto fill = [&](std::string_view name, const std::string& with) {
    auto* given = object->if_contains(name);
    if (given != nullptr && given->is_string() && given->get_string() == "$") *given = with;
  };
  fill("ShardId", world.shard);
  fill("ShardIterator", world.iterator);
  return codec::to_json(*parsed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  log::set_level(log::Level::kError);
  World world;
  auto text = as_text(data, size);
  if (const auto iterator = api::parse_iterator(text))
    GUST_ASSERT(api::parse_iterator(api::iterator_text(*iterator)) == *iterator);
  for (std::size_t asked = 0; !text.empty() && asked < kMostRequests; ++asked) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const auto space = line.find(' ');
    if (space == std::string_view::npos) continue;
    world.ask(std::string(line.substr(0, space)), with_tokens(line.substr(space + 1), world));
  }
  return 0;
}
