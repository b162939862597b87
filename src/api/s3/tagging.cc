// Tags: PutObjectTagging, GetObjectTagging, DeleteObjectTagging, and the same of buckets.
#include "api/s3/configuration_text.h"
#include "api/s3/service.h"
#include "api/s3/shared.h"
#include "api/s3/tags.h"

#include "codec/url.h"
#include "codec/utf8.h"

#include <algorithm>
#include <set>
#include <string_view>

namespace gust::api {
namespace {

constexpr std::size_t kMaxObjectTags = 10, kMaxBucketTags = 50, kMaxKey = 128, kMaxValue = 256;

std::size_t characters(const std::string& text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// Letters, digits and white space of any script, and a few signs; all that is not ASCII is taken for a letter.
bool is_allowed(const std::string& text) {
  constexpr std::string_view kSigns = "_.:/=+-@ \t\n\r\f\v";
  return codec::is_utf8(text) && std::ranges::all_of(text, [&](char c) {
    return static_cast<unsigned char>(c) >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z') || kSigns.contains(c);
  });
}

S3Reply<s3::PutObjectTaggingOutput> put_object_tagging(const S3Parts& s3, wire::Call call,
                                                       s3::PutObjectTaggingRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_object(s3, call, "s3:PutObjectTagging", request));
  GUST_CO_TRY(auto key, check_key(request.key));
  GUST_CO_TRY(auto tags, check_tags(request.tagging.tag_set, Tagged::kObject));
  objects::ObjectStore::Change change = [tags](objects::Object& object) -> Result<void> {
    object.tags = tags;
    return {};
  };
  GUST_CO_TRY(const auto object,
              co_await s3.store.update(bucket.name, std::move(key), request.version_id, std::move(change),
                                       objects::EventKind::kTagging, origin_of(call)));
  co_return s3::PutObjectTaggingOutput{shown_version(bucket, object)};
}

S3Reply<s3::GetObjectTaggingOutput> get_object_tagging(const S3Parts& s3, wire::Call call,
                                                       s3::GetObjectTaggingRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_object(s3, call, "s3:GetObjectTagging", request));
  GUST_CO_TRY(auto key, check_key(request.key));
  GUST_CO_TRY(const auto object, co_await s3.store.get(bucket.name, std::move(key), request.version_id));
  s3::GetObjectTaggingOutput out;
  out.version_id = shown_version(bucket, object);
  out.tag_set = to_wire(object.tags);
  co_return out;
}

S3Reply<s3::DeleteObjectTaggingOutput> delete_object_tagging(const S3Parts& s3, wire::Call call,
                                                             s3::DeleteObjectTaggingRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_object(s3, call, "s3:DeleteObjectTagging", request));
  GUST_CO_TRY(auto key, check_key(request.key));
  objects::ObjectStore::Change change = [](objects::Object& object) -> Result<void> {
    object.tags.clear();
    return {};
  };
  GUST_CO_TRY(const auto object,
              co_await s3.store.update(bucket.name, std::move(key), request.version_id, std::move(change),
                                       objects::EventKind::kTaggingDelete, origin_of(call)));
  co_return s3::DeleteObjectTaggingOutput{shown_version(bucket, object)};
}

S3Reply<s3::Empty> put_bucket_tagging(const S3Parts& s3, wire::Call call, s3::PutBucketTaggingRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_bucket(s3, call, "s3:PutBucketTagging", request));
  GUST_CO_CHECK(check_tags(request.tagging.tag_set, Tagged::kBucket));
  GUST_CO_CHECK(co_await s3.store.configure(bucket.name, "tagging", to_text(request.tagging)));
  co_return s3::Empty{};
}

S3Reply<s3::GetBucketTaggingOutput> get_bucket_tagging(const S3Parts& s3, wire::Call call,
                                                       s3::GetBucketTaggingRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_bucket(s3, call, "s3:GetBucketTagging", request));
  const auto text = bucket.configuration("tagging");
  if (text.empty())
    co_return wire::fault("NoSuchTagSet", "The TagSet does not exist", {{"BucketName", request.bucket}}, 404);
  co_return s3::GetBucketTaggingOutput{from_text<s3::Tagging>(text).tag_set};
}

S3Reply<s3::Empty> delete_bucket_tagging(const S3Parts& s3, wire::Call call, s3::DeleteBucketTaggingRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_bucket(s3, call, "s3:PutBucketTagging", request));
  GUST_CO_CHECK(co_await s3.store.configure(bucket.name, "tagging", ""));
  co_return s3::Empty{};
}

}  // namespace

wire::Reply<std::map<std::string, std::string>> check_tags(const std::vector<s3::Tag>& tags, Tagged what) {
  const auto most = what == Tagged::kObject ? kMaxObjectTags : kMaxBucketTags;
  if (tags.size() > most) {
    const auto* thing = what == Tagged::kObject ? "Object" : "Bucket";
    return wire::fault("BadRequest", fmt::format("{} tags cannot be greater than {}", thing, most), {}, 400);
  }
  std::map<std::string, std::string> out;
  for (const auto& tag : tags) {
    const auto wrong = [&](const char* message) {
      return wire::fault("InvalidTag", message, {{"TagKey", tag.key}, {"TagValue", tag.value}}, 400);
    };
    if (tag.key.empty() || !is_allowed(tag.key) || characters(tag.key) > kMaxKey)
      return wrong("The TagKey you have provided is invalid");
    if (!is_allowed(tag.value) || characters(tag.value) > kMaxValue)
      return wrong("The TagValue you have provided is invalid");
    if (tag.key.starts_with("aws:")) return wrong("System tags cannot be added/updated by requester");
    if (!out.emplace(tag.key, tag.value).second) return wrong("Cannot provide multiple Tags with the same key");
  }
  return out;
}

wire::Reply<std::map<std::string, std::string>> parse_tagging_header(const std::string& text) {
  const auto pairs = codec::parse_query(text, codec::Plus::kIsSpace);
  std::set<std::string> names;
  if (!pairs || !std::ranges::all_of(*pairs, [&](const auto& pair) { return names.insert(pair.first).second; })) {
    return wire::fault("InvalidArgument",
                       "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters "
                       "without tag name duplicates.",
                       {{"ArgumentName", "x-amz-tagging"}, {"ArgumentValue", text}}, 400);
  }
  std::vector<s3::Tag> tags;
  for (const auto& [name, value] : *pairs) tags.push_back({name, value});
  return check_tags(tags, Tagged::kObject);
}

std::vector<s3::Tag> to_wire(const std::map<std::string, std::string>& tags) {
  std::vector<s3::Tag> out;
  for (const auto& [key, value] : tags) out.push_back({key, value});
  return out;
}

void S3Service::add_tagging_operations() {
  service_.on<s3::PutObjectTagging>(
      [this](auto call, auto request) { return put_object_tagging(parts_, std::move(call), std::move(request)); });
  service_.on<s3::GetObjectTagging>(
      [this](auto call, auto request) { return get_object_tagging(parts_, std::move(call), std::move(request)); });
  service_.on<s3::DeleteObjectTagging>(
      [this](auto call, auto request) { return delete_object_tagging(parts_, std::move(call), std::move(request)); });
  service_.on<s3::PutBucketTagging>(
      [this](auto call, auto request) { return put_bucket_tagging(parts_, std::move(call), std::move(request)); });
  service_.on<s3::GetBucketTagging>(
      [this](auto call, auto request) { return get_bucket_tagging(parts_, std::move(call), std::move(request)); });
  service_.on<s3::DeleteBucketTagging>(
      [this](auto call, auto request) { return delete_bucket_tagging(parts_, std::move(call), std::move(request)); });
}

}  // namespace gust::api
