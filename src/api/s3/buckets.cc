// CreateBucket, HeadBucket, ListBuckets, DeleteBucket, GetBucketLocation, ListObjects, ListObjectsV2.
#include "api/s3/acl.h"
#include "api/s3/configuration_text.h"
#include "api/s3/service.h"
#include "api/s3/shared.h"

#include "codec/base64.h"

#include <algorithm>
#include <set>
#include <string_view>

namespace gust::api {
namespace {

// Those that the service's model names as location constraints, of its public partition and its others.
const std::set<std::string_view> kRegions = {
    "af-south-1",     "ap-east-1",      "ap-east-2",      "ap-northeast-1", "ap-northeast-2", "ap-northeast-3",
    "ap-south-1",     "ap-south-2",     "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4",
    "ap-southeast-5", "ap-southeast-6", "ap-southeast-7", "ca-central-1",   "ca-west-1",      "cn-north-1",
    "cn-northwest-1", "eu-central-1",   "eu-central-2",   "eu-north-1",     "eu-south-1",     "eu-south-2",
    "eu-west-1",      "eu-west-2",      "eu-west-3",      "il-central-1",   "me-central-1",   "me-south-1",
    "mx-central-1",   "sa-east-1",      "us-east-2",      "us-gov-east-1",  "us-gov-west-1",  "us-west-1",
    "us-west-2"};

// What a bucket has from its beginning: as the service makes them, its owner owns all in it and nothing of it is
// public, unless the request says whose the objects are.
wire::Reply<std::map<std::string, std::string>> first_configurations(const S3Parts& s3, const wire::Call& call,
                                                                     const s3::CreateBucketRequest& request) {
  std::map<std::string, std::string> out;
  const auto ownership = request.object_ownership.value_or("BucketOwnerEnforced");
  if (!is_ownership(ownership)) {
    return wire::fault("InvalidArgument", "Invalid x-amz-object-ownership header: " + ownership,
                       {{"ArgumentName", "x-amz-object-ownership"}, {"ArgumentValue", ownership}}, 400);
  }
  s3::OwnershipControls controls;
  controls.rules.push_back({ownership});
  out["ownershipControls"] = to_text(controls);
  out["publicAccessBlock"] = to_text(s3::PublicAccessBlockConfiguration{true, true, true, true});
  const auto headers = acl_headers(request);
  if (!headers.any()) return out;
  const auto& account = call.context.principal.account;
  GUST_TRY(const auto acl, acl_from_headers(s3, headers, account, account));
  if (gives_only_owner(acl)) return out;
  if (ownership == "BucketOwnerEnforced") {
    return wire::fault("InvalidBucketAclWithObjectOwnership",
                       "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting", {}, 400);
  }
  // Public lists are refused as they would be afterwards, with a block on every new bucket.
  if (is_public_acl(acl)) return std::unexpected(wire::Fault(Error{Code::kDenied, "Access Denied", "bucket"}));
  out["acl"] = to_text(acl);
  return out;
}

S3Reply<s3::CreateBucketOutput> create_bucket(const S3Parts& s3, wire::Call call, s3::CreateBucketRequest request) {
  if (call.context.principal.anonymous()) co_return std::unexpected(Error{Code::kDenied, "Access Denied", "bucket"});
  // Some clients sign this one request for a region of their own naming ("US").
  std::string region(kRegions.contains(call.context.region) ? call.context.region : kDefaultRegion);
  if (request.create_bucket_configuration && request.create_bucket_configuration->location_constraint) {
    region = *request.create_bucket_configuration->location_constraint;
    if (region == "EU") region = "eu-west-1";  // its name of old
    if (region == kDefaultRegion || !kRegions.contains(region)) {
      co_return wire::fault("InvalidLocationConstraint", "The specified location-constraint is not valid",
                            {{"LocationConstraint", region}}, 400);
    }
  }
  objects::NewBucket wanted{BucketName(request.bucket), call.context.principal.account, region};
  GUST_CO_TRY(wanted.configurations, first_configurations(s3, call, request));
  if (request.object_lock_enabled_for_bucket.value_or(false)) {
    wanted.versioning = objects::Versioning::kEnabled;
    wanted.configurations["object-lock"] = R"({"ObjectLockEnabled":"Enabled"})";
  }
  const auto made = co_await s3.store.create_bucket(std::move(wanted));
  // Making one's own bucket again succeeds in us-east-1 only, as the service documents.
  const bool again = !made && made.error().source == "own bucket" && region == kDefaultRegion;
  if (!made && !again) co_return std::unexpected(made.error());
  s3::CreateBucketOutput out;
  out.location = "/" + request.bucket;
  co_return out;
}

S3Reply<s3::HeadBucketOutput> head_bucket(const S3Parts& s3, wire::Call call, s3::HeadBucketRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_bucket(s3, call, "s3:ListBucket", request));
  s3::HeadBucketOutput out;
  out.bucket_region = bucket.region;
  out.access_point_alias = false;
  co_return out;
}

S3Reply<s3::ListBucketsOutput> list_buckets(const S3Parts& s3, std::string owner_id, wire::Call call,
                                            s3::ListBucketsRequest request) {
  if (call.context.principal.anonymous()) co_return std::unexpected(Error{Code::kDenied, "Access Denied", "bucket"});
  GUST_CO_TRY(const auto buckets, co_await s3.store.buckets(call.context.principal.account));
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

S3Reply<s3::Empty> delete_bucket(const S3Parts& s3, wire::Call call, s3::DeleteBucketRequest request) {
  GUST_CO_CHECK(co_await allow_bucket(s3, call, "s3:DeleteBucket", request));
  GUST_CO_CHECK(co_await s3.store.delete_bucket(BucketName(request.bucket)));
  co_return s3::Empty{};
}

S3Reply<s3::GetBucketLocationOutput> get_location(const S3Parts& s3, wire::Call call,
                                                  s3::GetBucketLocationRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_bucket(s3, call, "s3:GetBucketLocation", request));
  s3::GetBucketLocationOutput out;
  if (bucket.region != kDefaultRegion) out.location_constraint = bucket.region;  // us-east-1 is the empty one
  co_return out;
}

// What both listings share: their members have the same names.
template <typename Request, typename Output>
void fill_page(const Request& request, const objects::Page& page, std::size_t limit, Output& out) {
  out.name = request.bucket;
  out.prefix = encoded(request.prefix.value_or(""), request.encoding_type);
  out.delimiter = shown_delimiter(request.delimiter, request.encoding_type);
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
    one.storage_class = storage_class_of(object);
    if (object.checksum) {
      one.checksum_algorithm = {std::string(checksum_name(object.checksum->kind))};
      one.checksum_type = checksum_type_name(object.checksum->type);
    }
    out.contents->push_back(std::move(one));
  }
  out.common_prefixes.emplace();
  for (const auto& prefix : page.prefixes) out.common_prefixes->push_back({encoded(prefix, request.encoding_type)});
}

void name_owners(const S3Parts& s3, const objects::Bucket& bucket, const objects::Page& page,
                 std::vector<s3::Object>& contents) {
  for (std::size_t i = 0; i < contents.size(); ++i) contents[i].owner = owner_of(s3, bucket, page.objects[i].owner);
}

S3Reply<s3::ListObjectsOutput> list_objects(const S3Parts& s3, wire::Call call, s3::ListObjectsRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_list(s3, call, "s3:ListBucket", request));
  GUST_CO_CHECK(check_encoding(request.encoding_type));
  GUST_CO_TRY(const auto limit, page_limit(request.max_keys, "maxKeys"));
  objects::ListQuery query{request.prefix.value_or(""), request.delimiter.value_or(""), request.marker.value_or(""),
                           limit, objects::ListStart::kBehindListed};
  GUST_CO_TRY(const auto page, co_await s3.store.list(BucketName(request.bucket), std::move(query)));
  s3::ListObjectsOutput out;
  fill_page(request, page, limit, out);
  name_owners(s3, bucket, page, *out.contents);
  out.marker = encoded(request.marker.value_or(""), request.encoding_type);
  // Without a delimiter clients take the last key; the service says NextMarker only with one.
  if (page.next && out.delimiter) out.next_marker = encoded(*page.next, request.encoding_type);
  co_return out;
}

S3Reply<s3::ListObjectsV2Output> list_objects_v2(const S3Parts& s3, wire::Call call, s3::ListObjectsV2Request request) {
  GUST_CO_TRY(const auto bucket, co_await allow_list(s3, call, "s3:ListBucket", request));
  GUST_CO_CHECK(check_encoding(request.encoding_type));
  GUST_CO_TRY(const auto limit, page_limit(request.max_keys, "maxKeys"));
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
  GUST_CO_TRY(const auto page, co_await s3.store.list(BucketName(request.bucket), std::move(query)));
  s3::ListObjectsV2Output out;
  fill_page(request, page, limit, out);
  if (request.fetch_owner.value_or(false)) name_owners(s3, bucket, page, *out.contents);
  out.key_count = static_cast<std::int32_t>(page.objects.size() + page.prefixes.size());
  out.continuation_token = request.continuation_token;
  if (request.start_after) out.start_after = encoded(*request.start_after, request.encoding_type);
  if (page.next) out.next_continuation_token = codec::to_base64(*page.next);
  co_return out;
}

}  // namespace

void S3Service::add_bucket_operations() {
  service_.on<s3::CreateBucket>(
      [this](auto call, auto request) { return create_bucket(parts_, std::move(call), std::move(request)); });
  service_.on<s3::HeadBucket>(
      [this](auto call, auto request) { return head_bucket(parts_, std::move(call), std::move(request)); });
  service_.on<s3::ListBuckets>([this](auto call, auto request) {
    auto owner = parts_.canonical_id(call.context.principal.account);
    return list_buckets(parts_, std::move(owner), std::move(call), std::move(request));
  });
  service_.on<s3::DeleteBucket>(
      [this](auto call, auto request) { return delete_bucket(parts_, std::move(call), std::move(request)); });
  service_.on<s3::GetBucketLocation>(
      [this](auto call, auto request) { return get_location(parts_, std::move(call), std::move(request)); });
  service_.on<s3::ListObjects>(
      [this](auto call, auto request) { return list_objects(parts_, std::move(call), std::move(request)); });
  service_.on<s3::ListObjectsV2>(
      [this](auto call, auto request) { return list_objects_v2(parts_, std::move(call), std::move(request)); });
}

}  // namespace gust::api
