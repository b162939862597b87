// DeleteObject, DeleteObjects.
#include "api/s3/service.h"
#include "api/s3/shared.h"

namespace gust::api {
namespace {

wire::Reply<void> check_directory_conditions(const std::optional<WallTime>& time,
                                             const std::optional<std::int64_t>& size) {
  if (!time && !size) return {};
  return wire::fault("NotImplemented", "A header you provided implies functionality that is not implemented",
                     {{"Header", time ? "x-amz-if-match-last-modified-time" : "x-amz-if-match-size"}}, 501);
}

struct Deletion {
  std::string key;
  std::optional<std::string> version;
  std::optional<std::string> if_match;
  bool bypass = false;
};

// With the rights that it takes; those of a batch are asked for each object.
S3Reply<objects::Erased> erase(const S3Parts& s3, const wire::Call& call, std::string bucket,
                               std::optional<std::string> expected_owner, Deletion deletion) {
  GUST_CO_TRY(auto key, check_key(deletion.key));
  Ask ask{deletion.version ? "s3:DeleteObjectVersion" : "s3:DeleteObject", bucket, expected_owner, deletion.key,
          deletion.version};
  GUST_CO_CHECK(co_await allow(s3, call, ask));
  if (deletion.bypass) {
    ask.action = "s3:BypassGovernanceRetention";
    GUST_CO_CHECK(co_await allow(s3, call, ask));
  }
  objects::EraseRequest erase;
  erase.bucket = BucketName(std::move(bucket));
  erase.key = std::move(key);
  erase.version = std::move(deletion.version);
  erase.if_match = deletion.if_match.value_or("");
  erase.governance = deletion.bypass ? objects::Governance::kBypassed : objects::Governance::kKept;
  erase.origin = origin_of(call);
  co_return co_await s3.store.erase(std::move(erase));
}

S3Reply<s3::DeleteObjectOutput> delete_object(const S3Parts& s3, wire::Call call, s3::DeleteObjectRequest request) {
  GUST_CO_CHECK(check_directory_conditions(request.if_match_last_modified_time, request.if_match_size));
  Deletion deletion{request.key, request.version_id, request.if_match,
                    request.bypass_governance_retention.value_or(false)};
  GUST_CO_TRY(const auto erased,
              co_await erase(s3, call, request.bucket, request.expected_bucket_owner, std::move(deletion)));
  s3::DeleteObjectOutput out;
  out.version_id = erased.version;
  if (erased.marker) out.delete_marker = true;
  co_return out;
}

// What DeleteObjects says of one object that is gone.
s3::DeletedObject deleted_object(const s3::ObjectIdentifier& asked, const objects::Erased& erased) {
  s3::DeletedObject out;
  out.key = asked.key;
  out.version_id = asked.version_id;
  if (erased.marker) {
    out.delete_marker = true;
    out.delete_marker_version_id = erased.version;
  }
  return out;
}

S3Reply<s3::DeleteObjectsOutput> delete_objects(const S3Parts& s3, wire::Call call, s3::DeleteObjectsRequest request) {
  constexpr std::size_t kMost = 1000;
  GUST_CO_TRY(const auto bucket, co_await s3.store.bucket(BucketName(request.bucket)));
  GUST_CO_CHECK(check_region(call, bucket));  // of all: the rest is asked of each key
  if (request.delete_.objects.empty() || request.delete_.objects.size() > kMost) co_return malformed_xml();
  s3::DeleteObjectsOutput out;
  out.deleted.emplace();
  out.errors.emplace();
  for (const auto& object : request.delete_.objects) {
    const auto supported = check_directory_conditions(object.last_modified_time, object.size);
    Deletion deletion{object.key, object.version_id, object.e_tag, request.bypass_governance_retention.value_or(false)};
    const auto erased = supported ? co_await erase(s3, call, request.bucket, request.expected_bucket_owner, deletion)
                                  : std::unexpected(supported.error());
    if (!erased) {
      const auto& fault = erased.error();
      const auto error = fault.domain ? map_s3_error(*fault.domain) : fault.wire;
      out.errors->push_back({error.code, object.key, error.message, object.version_id});
    } else if (!request.delete_.quiet.value_or(false)) {
      out.deleted->push_back(deleted_object(object, *erased));
    }
  }
  co_return out;
}

}  // namespace

void S3Service::add_delete_operations() {
  service_.on<s3::DeleteObject>(
      [this](auto call, auto request) { return delete_object(parts_, std::move(call), std::move(request)); });
  service_.on<s3::DeleteObjects>(
      [this](auto call, auto request) { return delete_objects(parts_, std::move(call), std::move(request)); });
}

}  // namespace gust::api
