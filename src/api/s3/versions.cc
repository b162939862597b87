// PutBucketVersioning, GetBucketVersioning, ListObjectVersions.
#include "api/s3/service.h"
#include "api/s3/shared.h"

namespace gust::api {
namespace {

S3Reply<s3::Empty> put_versioning(const S3Parts& s3, wire::Call call, s3::PutBucketVersioningRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_bucket(s3, call, "s3:PutBucketVersioning", request));
  const auto& configuration = request.versioning_configuration;
  const auto status = configuration.status.value_or("");
  if (status.empty()) {
    co_return wire::fault("IllegalVersioningConfigurationException", "The Versioning element must be specified", {},
                          400);
  }
  if (status != "Enabled" && status != "Suspended") co_return malformed_xml();
  if (configuration.mfa_delete == "Enabled") {
    co_return wire::fault("NotImplemented", "MFA Delete is not served: accounts have no MFA devices here.",
                          {{"Header", "x-amz-mfa"}}, 501);
  }
  GUST_CO_CHECK(co_await s3.store.set_versioning(
      bucket.name, status == "Enabled" ? objects::Versioning::kEnabled : objects::Versioning::kSuspended));
  co_return s3::Empty{};
}

S3Reply<s3::GetBucketVersioningOutput> get_versioning(const S3Parts& s3, wire::Call call,
                                                      s3::GetBucketVersioningRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_bucket(s3, call, "s3:GetBucketVersioning", request));
  s3::GetBucketVersioningOutput out;
  if (bucket.versioning == objects::Versioning::kEnabled) out.status = "Enabled";
  if (bucket.versioning == objects::Versioning::kSuspended) out.status = "Suspended";
  co_return out;
}

std::string version_text(const objects::Object& object) {
  return object.version_id.empty() ? "null" : object.version_id;
}

void add_version(const S3Parts& s3, const objects::Bucket& bucket, const objects::VersionsPage::Version& version,
                 const std::optional<std::string>& encoding, s3::ListObjectVersionsOutput& out) {
  const auto& object = version.object;
  if (object.kind == objects::VersionKind::kDeleteMarker) {
    s3::DeleteMarkerEntry marker;
    marker.is_latest = version.latest;
    marker.key = encoded(object.key.str(), encoding);
    marker.last_modified = object.modified_at;
    marker.owner = owner_of(s3, bucket, object.owner);
    marker.version_id = version_text(object);
    out.delete_markers->push_back(std::move(marker));
    return;
  }
  s3::ObjectVersion one;
  one.is_latest = version.latest;
  one.key = encoded(object.key.str(), encoding);
  one.e_tag = quoted(object.etag);
  one.size = static_cast<std::int64_t>(object.size);
  one.last_modified = object.modified_at;
  one.owner = owner_of(s3, bucket, object.owner);
  one.version_id = version_text(object);
  one.storage_class = storage_class_of(object);
  if (object.checksum) {
    one.checksum_algorithm = {std::string(checksum_name(object.checksum->kind))};
    one.checksum_type = checksum_type_name(object.checksum->type);
  }
  out.versions->push_back(std::move(one));
}

S3Reply<s3::ListObjectVersionsOutput> list_versions(const S3Parts& s3, wire::Call call,
                                                    s3::ListObjectVersionsRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_list(s3, call, "s3:ListBucketVersions", request));
  GUST_CO_CHECK(check_encoding(request.encoding_type));
  GUST_CO_TRY(const auto limit, page_limit(request.max_keys, "maxKeys"));
  objects::VersionsQuery query{request.prefix.value_or(""), request.delimiter.value_or(""),
                               request.key_marker.value_or(""), request.version_id_marker.value_or(""), limit};
  if (!query.version_marker.empty() && query.key_marker.empty()) {
    co_return wire::fault("InvalidArgument", "A version-id marker cannot be specified without a key marker.",
                          {{"ArgumentName", "version-id-marker"}, {"ArgumentValue", query.version_marker}}, 400);
  }
  GUST_CO_TRY(const auto page, co_await s3.store.list_versions(bucket.name, query));
  const auto& encoding = request.encoding_type;
  s3::ListObjectVersionsOutput out;
  out.name = request.bucket;
  out.prefix = encoded(query.prefix, encoding);
  out.delimiter = shown_delimiter(request.delimiter, encoding);
  out.key_marker = encoded(query.key_marker, encoding);
  out.version_id_marker = query.version_marker;
  out.encoding_type = encoding;
  out.max_keys = static_cast<std::int32_t>(limit);
  out.is_truncated = page.truncated;
  if (page.truncated) {
    out.next_key_marker = encoded(page.next_key, encoding);
    if (!page.next_version.empty()) out.next_version_id_marker = page.next_version;
  }
  out.versions.emplace();
  out.delete_markers.emplace();
  for (const auto& version : page.versions) add_version(s3, bucket, version, encoding, out);
  out.common_prefixes.emplace();
  for (const auto& prefix : page.prefixes) out.common_prefixes->push_back({encoded(prefix, encoding)});
  co_return out;
}

}  // namespace

void S3Service::add_version_operations() {
  service_.on<s3::PutBucketVersioning>(
      [this](auto call, auto request) { return put_versioning(parts_, std::move(call), std::move(request)); });
  service_.on<s3::GetBucketVersioning>(
      [this](auto call, auto request) { return get_versioning(parts_, std::move(call), std::move(request)); });
  service_.on<s3::ListObjectVersions>(
      [this](auto call, auto request) { return list_versions(parts_, std::move(call), std::move(request)); });
}

}  // namespace gust::api
