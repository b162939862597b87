#include "daemon/table_buckets.h"

#include "codec/json.h"

namespace gust::daemon {
namespace {

// What will be the same however often it is tried, as the bucket's fault.
Error told(Error error) {
  switch (error.code) {
    case Code::kInvalid:
    case Code::kTooLarge:
    case Code::kDenied:
    case Code::kPrecondition:
    case Code::kUnsupported: error.source = "bucket"; break;
    default: break;
  }
  return error;
}

}  // namespace

async::Task<void> TableBuckets::check(Where where) {
  const auto found = co_await store_.bucket(BucketName(where.bucket));
  const bool none = !found && (found.error().code == Code::kInvalid || found.error().code == Code::kNotFound);
  if (none) co_return fail(Code::kNotFound, "The specified bucket does not exist", "bucket");
  if (!found) co_return std::unexpected(found.error());
  if (found->owner != where.account) co_return fail(Code::kDenied, "Access Denied", "bucket");
  co_return Result<void>();
}

async::Task<std::string> TableBuckets::put(Where where, std::string key, std::string bytes) {
  GUST_CO_CHECK(co_await check(where));
  objects::PutRequest request;
  request.bucket = BucketName(where.bucket);
  request.key = ObjectKey(std::move(key));
  request.attributes.headers["content-type"] = "application/octet-stream";
  request.origin.account = where.account;
  auto body = async::from_string(std::move(bytes));
  const auto object = co_await store_.put(std::move(request), std::move(body));
  if (!object) co_return std::unexpected(told(object.error()));
  co_return object->etag;
}

async::Task<std::vector<tables::Buckets::Object>> TableBuckets::list(Where where, std::string prefix,
                                                                     std::string after, std::size_t limit) {
  GUST_CO_CHECK(co_await check(where));
  objects::ListQuery query{.prefix = std::move(prefix), .delimiter = {}, .after = std::move(after), .limit = limit};
  GUST_CO_TRY(const auto page, co_await store_.list(BucketName(where.bucket), std::move(query)));
  std::vector<Object> out;
  for (const auto& object : page.objects) out.push_back({object.key.str(), object.size});
  co_return out;
}

async::Task<std::unique_ptr<async::ByteSource>> TableBuckets::open(Where where, std::string key) {
  GUST_CO_CHECK(co_await check(where));
  const auto object = co_await store_.get(BucketName(where.bucket), ObjectKey(std::move(key)));
  if (!object) co_return std::unexpected(told(object.error()));
  auto source = co_await store_.open(*object, 0, object->size);
  if (!source) co_return std::unexpected(told(source.error()));
  co_return std::move(*source);
}

void log_import(functions::LogStore& logs, const AccountId& account, const tables::Imports::Fault& fault) {
  const codec::json::object line{
      {"importArn", fault.arn},
      {"itemS3Pointer", {{"bucket", fault.bucket}, {"key", fault.key}, {"itemIndex", fault.index}}},
      {"errorMessages", codec::json::array{codec::json::value(fault.message)}},
  };
  logs.append({{account, FunctionName("dynamodb-imports")}, std::string(kImportsGroup), ""}, "", codec::to_json(line));
}

}  // namespace gust::daemon
