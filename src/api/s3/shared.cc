#include "api/s3/shared.h"

#include "codec/url.h"
#include "codec/utf8.h"
#include "objects/condition.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <ranges>

namespace gust::api {
namespace {

using objects::ChecksumKind;

constexpr std::size_t kMaxKeyBytes = 1024;
constexpr std::size_t kMaxMetadataBytes = 2048;

constexpr std::array<std::pair<ChecksumKind, std::string_view>, 10> kChecksums = {
    {{ChecksumKind::kCrc32, "CRC32"},
     {ChecksumKind::kCrc32c, "CRC32C"},
     {ChecksumKind::kCrc64Nvme, "CRC64NVME"},
     {ChecksumKind::kSha1, "SHA1"},
     {ChecksumKind::kSha256, "SHA256"},
     {ChecksumKind::kSha512, "SHA512"},
     {ChecksumKind::kMd5, "MD5"},
     {ChecksumKind::kXxh64, "XXHASH64"},
     {ChecksumKind::kXxh3, "XXHASH3"},
     {ChecksumKind::kXxh128, "XXHASH128"}}};

std::string lower(std::string_view text) {
  std::string out(text);
  for (auto& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

const std::string& header_of(ChecksumKind kind) {
  static const auto kNames = [] {
    std::array<std::string, kChecksums.size()> names;
    for (const auto& [one, name] : kChecksums)
      names.at(static_cast<std::size_t>(one)) = "x-amz-checksum-" + lower(name);
    return names;
  }();
  return kNames.at(static_cast<std::size_t>(kind));
}

bool parse_number(std::string_view text, std::uint64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return !text.empty() && error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::string_view checksum_name(ChecksumKind kind) {
  return std::ranges::find(kChecksums, kind, &std::pair<ChecksumKind, std::string_view>::first)->second;
}

std::string checksum_names() { return fmt::format("{}", fmt::join(kChecksums | std::views::values, ", ")); }

std::string checksum_header_name(ChecksumKind kind) { return lower(checksum_name(kind)); }

std::optional<ChecksumKind> checksum_kind(std::string_view name) {
  for (const auto& [kind, known] : kChecksums) {
    if (lower(name) == lower(known)) return kind;
  }
  return std::nullopt;
}

std::string_view checksum_type_name(objects::ChecksumType type) {
  return type == objects::ChecksumType::kComposite ? "COMPOSITE" : "FULL_OBJECT";
}

std::string checksum_text(const objects::Checksum& checksum) {
  auto text = codec::to_base64(checksum.value);
  if (checksum.type == objects::ChecksumType::kComposite) text += fmt::format("-{}", checksum.parts);
  return text;
}

static Result<ChecksumKind> known_checksum(std::string_view name) {
  if (const auto kind = checksum_kind(name)) return *kind;
  return fail(Code::kInvalid,
              fmt::format("'{}' is not a checksum algorithm that is served; use one of {}", name, checksum_names()),
              "checksum algorithm");
}

Result<std::optional<ChecksumKind>> requested_checksum(const http::Headers& headers) {
  std::optional<ChecksumKind> out;
  for (const auto& [kind, name] : kChecksums) {
    if (!headers.contains(header_of(kind))) continue;
    if (out) return fail(Code::kInvalid, std::string(kOneChecksum), "invalid checksum");
    out = kind;
  }
  std::string_view trailer = headers.get_or("x-amz-trailer", "");
  if (!out && trailer.starts_with("x-amz-checksum-")) {
    GUST_TRY(out, known_checksum(trailer.substr(15)));
  }
  const auto named = headers.get_or("x-amz-sdk-checksum-algorithm", "");
  if (named.empty()) return out;
  GUST_TRY(const auto kind, known_checksum(named));
  if (out && *out != kind)
    return fail(Code::kInvalid, "Value for x-amz-sdk-checksum-algorithm header is invalid.", "invalid checksum");
  return kind;
}

Result<objects::Checksum> parse_checksum(ChecksumKind kind, const std::string& text) {
  objects::Checksum out{kind, objects::ChecksumType::kFullObject, "", 0};
  const auto dash = text.find('-');
  auto raw = codec::from_base64(text.substr(0, dash));
  std::uint64_t parts = 0;
  const bool counted = dash == std::string::npos || (parse_number(text.substr(dash + 1), parts) && parts <= 10'000);
  if (!raw || raw->size() != objects::checksum_bytes(kind) || !counted)
    return fail(Code::kInvalid, fmt::format("Value for {} header is invalid.", header_of(kind)), "invalid checksum");
  out.value = *std::move(raw);
  out.parts = static_cast<std::uint32_t>(parts);
  if (dash != std::string::npos) out.type = objects::ChecksumType::kComposite;
  return out;
}

Result<void> check_content_md5(const http::Headers& headers) {
  const auto header = headers.get("content-md5");
  if (!header) return {};
  const auto md5 = codec::from_base64(*header);
  if (!md5 || md5->size() != 16)
    return fail(Code::kInvalid, "The Content-MD5 you specified is not valid.", "invalid digest");
  return {};
}

Result<objects::Expected> expected_digests(const http::Headers& headers, const http::Headers* trailers,
                                           std::optional<ChecksumKind> kind) {
  objects::Expected expected;
  if (const auto header = headers.get("content-md5")) {
    if (auto raw = codec::from_base64(*header)) expected.md5 = *std::move(raw);
  }
  if (!kind) return expected;
  auto text = headers.get(header_of(*kind));
  if (!text && trailers != nullptr) text = trailers->get(header_of(*kind));
  if (!text) return expected;
  GUST_TRY(expected.checksum, parse_checksum(*kind, std::string(*text)));
  return expected;
}

std::function<Result<objects::Expected>()> expectation(const wire::Call& call, std::optional<ChecksumKind> kind) {
  return [headers = call.headers, trailers = call.trailers, kind] {
    return expected_digests(headers, trailers.get(), kind);
  };
}

Result<void> check_body_digests(const wire::Operation& operation, const http::Headers& headers,
                                const http::Headers* trailers, const std::string& body) {
  GUST_CHECK(check_content_md5(headers));
  GUST_TRY(const auto kind, requested_checksum(headers));
  GUST_TRY(const auto expected, expected_digests(headers, trailers, kind));
  if (operation.name == "DeleteObjects" && !expected.md5 && !expected.checksum) {
    return fail(Code::kInvalid, "Missing required header for this request: Content-MD5 OR x-amz-checksum-*",
                "missing digest");
  }
  // A checksum beside CompleteMultipartUpload is the object's, not the body's.
  if (operation.name == "CompleteMultipartUpload") return {};
  if (!expected.md5 && !expected.checksum) return {};
  objects::Hasher hasher(kind);
  hasher.update(std::as_bytes(std::span(body)));
  const auto got = hasher.finish();
  if (expected.md5 && *expected.md5 != got.md5)
    return fail(Code::kInvalid, "The Content-MD5 you specified did not match what we received.", "digest");
  if (expected.checksum && expected.checksum->value != got.checksum->value)
    return fail(Code::kInvalid, "The checksum you specified did not match the calculated checksum.", "checksum");
  return {};
}

objects::Origin origin_of(const wire::Call& call) {
  return {call.context.request_id, call.peer, call.context.principal.account, call.context.trace.xray()};
}

wire::Reply<void> check_read_conditions(const objects::Object& object, const std::optional<std::string>& if_match,
                                        const std::optional<std::string>& if_none_match,
                                        const std::optional<WallTime>& if_modified_since,
                                        const std::optional<WallTime>& if_unmodified_since) {
  const auto modified = std::chrono::floor<std::chrono::seconds>(object.modified_at);
  const auto failed = [](const char* which) {
    return wire::fault("PreconditionFailed", "At least one of the pre-conditions you specified did not hold",
                       {{"Condition", which}}, 412);
  };
  if (if_match) {
    if (!objects::etag_in(*if_match, object.etag)) return failed("If-Match");
  } else if (if_unmodified_since && modified > *if_unmodified_since) {
    return failed("If-Unmodified-Since");
  }
  const bool same = if_none_match ? objects::etag_in(*if_none_match, object.etag)
                                  : if_modified_since && modified <= *if_modified_since;
  if (!same) return {};
  wire::Fault not_modified(wire::WireError{"NotModified", "Not Modified", 304, {}});
  not_modified.headers.add("ETag", quoted(object.etag));
  not_modified.headers.add("Last-Modified", codec::to_http_date(object.modified_at));
  return std::unexpected(std::move(not_modified));
}

wire::Reply<objects::WriteCondition> write_condition(const std::optional<std::string>& if_match,
                                                     const std::optional<std::string>& if_none_match) {
  const auto refuse = [](const char* header, const char* why) {
    return wire::fault("NotImplemented", "A header you provided implies functionality that is not implemented",
                       {{"Header", header}, {"additionalMessage", why}}, 501);
  };
  if (if_match && if_none_match)
    return refuse("If-Match,If-None-Match", "Multiple conditional request headers present in the request");
  if (if_none_match && *if_none_match != "*")
    return refuse("If-None-Match", "We don't accept the provided value of If-None-Match header for this API");
  if (if_match == "*") return refuse("If-Match", "We don't accept the provided value of If-Match header for this API");
  return objects::WriteCondition{if_match.value_or(""), if_none_match.value_or("")};
}

wire::Reply<std::optional<ByteRange>> parse_range(const std::string& header, std::uint64_t size) {
  constexpr std::string_view kUnit = "bytes=";
  std::string_view text = header;
  if (!text.starts_with(kUnit) || text.find(',') != std::string_view::npos) return std::nullopt;
  text.remove_prefix(kUnit.size());
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto from = text.substr(0, dash), to = text.substr(dash + 1);
  std::uint64_t first = 0, last = 0;
  const auto unsatisfiable = [&] {
    wire::Fault fault(wire::WireError{
        "InvalidRange",
        "The requested range is not satisfiable",
        416,
        {{"RangeRequested", wire::Value(header)}, {"ActualObjectSize", wire::Value(std::to_string(size))}}});
    fault.headers.add("Content-Range", fmt::format("bytes */{}", size));
    return std::unexpected(std::move(fault));
  };
  if (from.empty()) {
    std::uint64_t count = 0;
    if (!parse_number(to, count)) return std::nullopt;
    if (count == 0 || size == 0) return unsatisfiable();
    count = std::min(count, size);
    return ByteRange{size - count, count};
  }
  if (!parse_number(from, first)) return std::nullopt;
  if (to.empty()) {
    last = size - 1;
  } else if (!parse_number(to, last) || last < first) {
    return std::nullopt;
  }
  if (first >= size) return unsatisfiable();
  return ByteRange{first, std::min(last, size - 1) - first + 1};
}

Result<CopySource> parse_copy_source(const std::string& text) {
  const auto wrong = [&] {
    return fail(Code::kInvalid, fmt::format("'{}' is not a copy source: expected bucket/key, percent-encoded", text),
                "copy source");
  };
  constexpr std::string_view kVersion = "?versionId=";
  const auto version = text.find(kVersion);
  auto path = text.substr(0, version);
  if (path.starts_with('/')) path.erase(0, 1);
  const auto decoded = codec::percent_decode(path, codec::Plus::kIsPlus);
  if (!decoded) return wrong();
  const auto slash = decoded->find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == decoded->size()) return wrong();
  CopySource out{BucketName(decoded->substr(0, slash)), ObjectKey(decoded->substr(slash + 1))};
  if (version != std::string::npos) out.version = text.substr(version + kVersion.size());
  return out;
}

Result<ObjectKey> check_key(const std::string& key) {
  if (key.size() > kMaxKeyBytes) return fail(Code::kInvalid, "Your key is too long", "key length");
  if (!codec::is_utf8(key)) return fail(Code::kInvalid, "Couldn't parse the specified URI.", "uri");
  return ObjectKey(key);
}

std::string encoded(const std::string& text, const std::optional<std::string>& encoding_type) {
  if (encoding_type != "url") return text;
  // As Java's URLEncoder has it, and slashes as they are.
  auto out = codec::percent_encode(text, codec::Slash::kKeep);
  for (const auto& [plain, here] : {std::pair{"%20", "+"}, {"%2A", "*"}, {"~", "%7E"}}) {
    const std::string_view old = plain, now = here;
    for (std::size_t at = 0; (at = out.find(old, at)) != std::string::npos; at += now.size())
      out.replace(at, old.size(), now);
  }
  return out;
}

std::optional<std::string> shown_delimiter(const std::optional<std::string>& delimiter,
                                           const std::optional<std::string>& encoding_type) {
  if (!delimiter || delimiter->empty()) return std::nullopt;
  return encoded(*delimiter, encoding_type);
}

wire::Reply<std::map<std::string, std::string>> check_metadata(
    const std::optional<std::map<std::string, std::string>>& given) {
  std::map<std::string, std::string> out;
  std::size_t size = 0;
  for (const auto& [name, value] : given.value_or(std::map<std::string, std::string>())) {
    out.insert_or_assign(lower(name), value);
    size += name.size() + value.size();
  }
  if (size > kMaxMetadataBytes) {
    return wire::fault("MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size",
                       {{"Size", std::to_string(size)}, {"MaxSizeAllowed", std::to_string(kMaxMetadataBytes)}}, 400);
  }
  return out;
}

std::map<std::string, std::string> mail_safe(const std::map<std::string, std::string>& metadata) {
  auto out = metadata;
  for (auto& [name, value] : out) {
    if (std::ranges::any_of(value, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }))
      value = "=?UTF-8?B?" + codec::to_base64(value) + "?=";
  }
  return out;
}

wire::Reply<std::size_t> page_limit(const std::optional<std::int32_t>& limit, std::string_view argument) {
  const auto wanted = limit.value_or(1000);
  if (wanted < 0) {
    return wire::fault("InvalidArgument",
                       fmt::format("Argument {} must be an integer between 0 and 2147483647", argument),
                       {{"ArgumentName", std::string(argument)}, {"ArgumentValue", std::to_string(wanted)}}, 400);
  }
  return static_cast<std::size_t>(std::min(wanted, 1000));
}

wire::Reply<std::uint32_t> part_marker(const std::optional<std::int32_t>& marker) {
  const auto given = marker.value_or(0);
  if (given >= 0) return static_cast<std::uint32_t>(given);
  return wire::fault("InvalidArgument", "Argument part-number-marker must be an integer between 0 and 2147483647",
                     {{"ArgumentName", "part-number-marker"}, {"ArgumentValue", std::to_string(given)}}, 400);
}

wire::Reply<void> check_encoding(const std::optional<std::string>& encoding_type) {
  if (!encoding_type || *encoding_type == "url") return {};
  return wire::fault("InvalidArgument", "Invalid Encoding Method specified in Request",
                     {{"ArgumentName", "encoding-type"}, {"ArgumentValue", *encoding_type}}, 400);
}

std::unexpected<wire::Fault> malformed_xml() {
  return wire::fault("MalformedXML", std::string(kBrokenSchema), {}, 400);
}

s3::Owner owner_of(const S3Parts& s3, const objects::Bucket& bucket, const AccountId& account) {
  const bool own = account.empty() || ownership_of(bucket) == Ownership::kEnforced;
  return {.display_name = std::nullopt, .id = s3.canonical_id(own ? bucket.owner : account)};
}

std::string storage_class_of(const objects::Object& object) {
  const auto named = object.headers.find("x-amz-storage-class");
  return named == object.headers.end() ? "STANDARD" : named->second;
}

S3Reply<objects::Object> readable_object(const S3Parts& s3, const wire::Call& call, const objects::Bucket& bucket,
                                         std::string key, std::optional<std::string> version) {
  GUST_CO_TRY(auto checked, check_key(key));
  auto object = co_await s3.store.get(bucket.name, checked, version);
  if (object) co_return *std::move(object);
  auto error = co_await hide_missing(s3, call, bucket, object.error());
  wire::Fault fault(std::move(error));
  if (fault.domain->source == "marker") {
    // Only the marker itself can say which it is.
    const auto marker = co_await s3.store.find(bucket.name, std::move(checked), std::move(version));
    if (marker && marker->kind == objects::VersionKind::kDeleteMarker) {
      fault.headers.add("x-amz-delete-marker", "true");
      fault.headers.add("x-amz-version-id", shown_version(bucket, *marker).value_or("null"));
      if (fault.domain->code == Code::kUnsupported) {
        fault.headers.add("Allow", "DELETE");
        fault.headers.add("Last-Modified", codec::to_http_date(marker->modified_at));
      }
    }
  }
  co_return std::unexpected(std::move(fault));
}

std::optional<std::string> shown_version(const objects::Bucket& bucket, const objects::Object& object) {
  if (bucket.versioning == objects::Versioning::kNever) return std::nullopt;
  return object.version_id.empty() ? "null" : object.version_id;
}

S3Reply<objects::Object> source_object(const S3Parts& s3, const wire::Call& call, const objects::Bucket& bucket,
                                       CopySource source) {
  auto object = co_await readable_object(s3, call, bucket, source.key.str(), source.version);
  const auto* error = object || !object.error().domain ? nullptr : &*object.error().domain;
  if (source.version && error != nullptr && error->source == "marker") {
    co_return wire::fault("InvalidRequest",
                          "The source of a copy request may not specifically refer to a delete marker by version id.",
                          {}, 400);
  }
  co_return object;
}

Ask source_ask(const CopySource& source, const std::optional<std::string>& expected_owner) {
  Ask out{source.version ? "s3:GetObjectVersion" : "s3:GetObject", source.bucket.str(), expected_owner,
          source.key.str(), source.version};
  out.any_region = true;
  return out;
}

}  // namespace gust::api
