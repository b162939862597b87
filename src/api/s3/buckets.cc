// CreateBucket, HeadBucket, ListBuckets, DeleteBucket, GetBucketLocation, ListObjects, ListObjectsV2.
#include "api/s3/service.h"
#include "api/s3/shared.h"

#include "codec/base64.h"

#include <algorithm>
#include <set>
#include <string_view>

namespace gust::api {
namespace {

using objects::ObjectStore;

// Those that the service's model names as location constraints, of its public partition and its others.
const std::set<std::string_view> kRegions = {
    "af-south-1",     "ap-east-1",      "ap-east-2",      "ap-northeast-1", "ap-northeast-2", "ap-northeast-3",
    "ap-south-1",     "ap-south-2",     "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4",
    "ap-southeast-5", "ap-southeast-6", "ap-southeast-7", "ca-central-1",   "ca-west-1",      "cn-north-1",
    "cn-northwest-1", "eu-central-1",   "eu-central-2",   "eu-north-1",     "eu-south-1",     "eu-south-2",
    "eu-west-1",      "eu-west-2",      "eu-west-3",      "il-central-1",   "me-central-1",   "me-south-1",
    "mx-central-1",   "sa-east-1",      "us-east-2",      "us-gov-east-1",  "us-gov-west-1",  "us-west-1",
    "us-west-2"};

S3Reply<s3::CreateBucketOutput> create_bucket(ObjectStore& store, wire::Call call, s3::CreateBucketRequest request) {
  std::string region(kDefaultRegion);
  if (request.create_bucket_configuration && request.create_bucket_configuration->location_constraint) {
    region = *request.create_bucket_configuration->location_constraint;
    if (region == "EU") region = "eu-west-1";  // its name of old
    if (region == kDefaultRegion || !kRegions.contains(region)) {
      co_return wire::fault("InvalidLocationConstraint", "The specified location-constraint is not valid",
                            {{"LocationConstraint", region}}, 400);
    }
  }
  const auto made = co_await store.create_bucket(BucketName(request.bucket), call.context.principal.account, region);
  // Making one's own bucket again succeeds in us-east-1 only, as the service documents.
  const bool again = !made && made.error().source == "own bucket" && region == kDefaultRegion;
  if (!made && !again) co_return std::unexpected(made.error());
  s3::CreateBucketOutput out;
  out.location = "/" + request.bucket;
  co_return out;
}

S3Reply<s3::HeadBucketOutput> head_bucket(ObjectStore& store, wire::Call call, s3::HeadBucketRequest request) {
  GUST_CO_TRY(const auto bucket, co_await own_bucket(store, call, request.bucket, request.expected_bucket_owner));
  s3::HeadBucketOutput out;
  out.bucket_region = bucket.region;
  out.access_point_alias = false;
  co_return out;
}

S3Reply<s3::ListBucketsOutput> list_buckets(ObjectStore& store, std::string owner_id, wire::Call call,
                                            s3::ListBucketsRequest request) {
  GUST_CO_TRY(const auto buckets, co_await store.buckets(call.context.principal.account));
  s3::ListBucketsOutput out;
  out.owner = s3::Owner{.display_name = std::nullopt, .id = std::move(owner_id)};
  out.prefix = request.prefix;
  out.buckets.emplace();
  const auto limit = static_cast<std::size_t>(request.max_buckets.value_or(10'000));
  const auto after = codec::from_base64(request.continuation_token.value_or("")).value_or("");
  for (const auto& bucket : buckets) {
    const auto& name = bucket.name.str();
    if (name <= after || (request.prefix && !name.starts_with(*request.prefix)) ||
        (request.bucket_region && *request.bucket_region != bucket.region))
      continue;
    if (out.buckets->size() == limit) {
      out.continuation_token = codec::to_base64(*out.buckets->back().name);
      break;
    }
    s3::Bucket one;
    one.name = name;
    one.creation_date = bucket.created_at;
    one.bucket_region = bucket.region;
    out.buckets->push_back(std::move(one));
  }
  co_return out;
}

S3Reply<s3::Empty> delete_bucket(ObjectStore& store, wire::Call call, s3::DeleteBucketRequest request) {
  GUST_CO_CHECK(co_await own_bucket(store, call, request.bucket, request.expected_bucket_owner));
  GUST_CO_CHECK(co_await store.delete_bucket(BucketName(request.bucket)));
  co_return s3::Empty{};
}

S3Reply<s3::GetBucketLocationOutput> get_location(ObjectStore& store, wire::Call call,
                                                  s3::GetBucketLocationRequest request) {
  GUST_CO_TRY(const auto bucket, co_await own_bucket(store, call, request.bucket, request.expected_bucket_owner));
  s3::GetBucketLocationOutput out;
  if (bucket.region != kDefaultRegion) out.location_constraint = bucket.region;  // us-east-1 is the empty one
  co_return out;
}

// What both listings share: their members have the same names.
template <typename Request, typename Output>
void fill_page(const Request& request, const objects::Page& page, std::size_t limit, Output& out) {
  out.name = request.bucket;
  out.prefix = encoded(request.prefix.value_or(""), request.encoding_type);
  if (request.delimiter) out.delimiter = encoded(*request.delimiter, request.encoding_type);
  out.encoding_type = request.encoding_type;
  out.max_keys = static_cast<std::int32_t>(limit);
  out.is_truncated = page.next.has_value();
  out.contents.emplace();
  for (const auto& object : page.objects) {
    s3::Object one;
    one.key = encoded(object.key.str(), request.encoding_type);
    one.e_tag = quoted(object.etag);
    one.size = static_cast<std::int64_t>(object.size);
    one.last_modified = object.modified_at;
    const auto storage_class = object.headers.find("x-amz-storage-class");
    one.storage_class = storage_class == object.headers.end() ? "STANDARD" : storage_class->second;
    if (object.checksum) {
      one.checksum_algorithm = {std::string(checksum_name(object.checksum->kind))};
      one.checksum_type = checksum_type_name(object.checksum->type);
    }
    out.contents->push_back(std::move(one));
  }
  out.common_prefixes.emplace();
  for (const auto& prefix : page.prefixes) out.common_prefixes->push_back({encoded(prefix, request.encoding_type)});
}

wire::Reply<std::size_t> page_limit(const std::optional<std::int32_t>& max_keys,
                                    const std::optional<std::string>& encoding_type) {
  if (encoding_type && *encoding_type != "url") {
    return wire::fault("InvalidArgument", "Invalid Encoding Method specified in Request",
                       {{"ArgumentName", "encoding-type"}, {"ArgumentValue", *encoding_type}}, 400);
  }
  const auto limit = max_keys.value_or(1000);
  if (limit < 0) {
    return wire::fault("InvalidArgument", "Argument maxKeys must be an integer between 0 and 2147483647",
                       {{"ArgumentName", "maxKeys"}, {"ArgumentValue", std::to_string(limit)}}, 400);
  }
  return static_cast<std::size_t>(std::min(limit, 1000));
}

S3Reply<s3::ListObjectsOutput> list_objects(ObjectStore& store, std::string owner_id, wire::Call call,
                                            s3::ListObjectsRequest request) {
  GUST_CO_CHECK(co_await own_bucket(store, call, request.bucket, request.expected_bucket_owner));
  GUST_CO_TRY(const auto limit, page_limit(request.max_keys, request.encoding_type));
  objects::ListQuery query{request.prefix.value_or(""), request.delimiter.value_or(""), request.marker.value_or(""),
                           limit, objects::ListStart::kBehindListed};
  GUST_CO_TRY(const auto page, co_await store.list(BucketName(request.bucket), std::move(query)));
  s3::ListObjectsOutput out;
  fill_page(request, page, limit, out);
  for (auto& object : *out.contents) object.owner = s3::Owner{.display_name = std::nullopt, .id = owner_id};
  out.marker = encoded(request.marker.value_or(""), request.encoding_type);
  // Without a delimiter clients take the last key; the service says NextMarker only with one.
  if (page.next && request.delimiter) out.next_marker = encoded(*page.next, request.encoding_type);
  co_return out;
}

S3Reply<s3::ListObjectsV2Output> list_objects_v2(ObjectStore& store, std::string owner_id, wire::Call call,
                                                 s3::ListObjectsV2Request request) {
  GUST_CO_CHECK(co_await own_bucket(store, call, request.bucket, request.expected_bucket_owner));
  GUST_CO_TRY(const auto limit, page_limit(request.max_keys, request.encoding_type));
  std::string after = request.start_after.value_or("");
  auto start = objects::ListStart::kBehindKey;
  if (request.continuation_token) {
    const auto token = codec::from_base64(*request.continuation_token);
    if (!token || token->empty()) {
      co_return wire::fault("InvalidArgument", "The continuation token provided is incorrect",
                            {{"ArgumentName", "continuation-token"}}, 400);
    }
    after = *token;
    start = objects::ListStart::kBehindListed;
  }
  objects::ListQuery query{request.prefix.value_or(""), request.delimiter.value_or(""), after, limit, start};
  GUST_CO_TRY(const auto page, co_await store.list(BucketName(request.bucket), std::move(query)));
  s3::ListObjectsV2Output out;
  fill_page(request, page, limit, out);
  if (request.fetch_owner.value_or(false)) {
    for (auto& object : *out.contents) object.owner = s3::Owner{.display_name = std::nullopt, .id = owner_id};
  }
  out.key_count = static_cast<std::int32_t>(page.objects.size() + page.prefixes.size());
  out.continuation_token = request.continuation_token;
  if (request.start_after) out.start_after = encoded(*request.start_after, request.encoding_type);
  if (page.next) out.next_continuation_token = codec::to_base64(*page.next);
  co_return out;
}

}  // namespace

void S3Service::add_bucket_operations() {
  service_.on<s3::CreateBucket>(
      [this](auto call, auto request) { return create_bucket(store_, std::move(call), std::move(request)); });
  service_.on<s3::HeadBucket>(
      [this](auto call, auto request) { return head_bucket(store_, std::move(call), std::move(request)); });
  service_.on<s3::ListBuckets>([this](auto call, auto request) {
    auto owner = canonical_id_(call.context.principal.account);
    return list_buckets(store_, std::move(owner), std::move(call), std::move(request));
  });
  service_.on<s3::DeleteBucket>(
      [this](auto call, auto request) { return delete_bucket(store_, std::move(call), std::move(request)); });
  service_.on<s3::GetBucketLocation>(
      [this](auto call, auto request) { return get_location(store_, std::move(call), std::move(request)); });
  service_.on<s3::ListObjects>([this](auto call, auto request) {
    auto owner = canonical_id_(call.context.principal.account);
    return list_objects(store_, std::move(owner), std::move(call), std::move(request));
  });
  service_.on<s3::ListObjectsV2>([this](auto call, auto request) {
    auto owner = canonical_id_(call.context.principal.account);
    return list_objects_v2(store_, std::move(owner), std::move(call), std::move(request));
  });
}

}  // namespace gust::api
