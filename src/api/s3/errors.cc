// Domain errors as S3's, and what S3 says of requests that break its model.
#include "api/s3/shared.h"
#include "codec/url.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace gust::api {
namespace {

// Error::source (of objects, auth, http) -> the code and status that S3 answers.
struct Known {
  std::string_view source;
  Code code;
  const char* wire;
  int status;
};
constexpr std::array kKnown = {
    Known{"bucket", Code::kNotFound, "NoSuchBucket", 404},
    Known{"key", Code::kNotFound, "NoSuchKey", 404},
    Known{"marker", Code::kNotFound, "NoSuchKey", 404},
    Known{"marker", Code::kUnsupported, "MethodNotAllowed", 405},
    Known{"version", Code::kNotFound, "NoSuchVersion", 404},
    Known{"version id", Code::kInvalid, "InvalidArgument", 400},
    Known{"expected owner", Code::kInvalid, "InvalidBucketOwnerAWSAccountID", 400},
    Known{"lock", Code::kDenied, "AccessDenied", 403},
    Known{"lock", Code::kConflict, "InvalidBucketState", 409},
    Known{"policy", Code::kInvalid, "MalformedPolicy", 400},
    Known{"blob", Code::kNotFound, "NoSuchKey", 404},
    Known{"upload", Code::kNotFound, "NoSuchUpload", 404},
    Known{"bucket", Code::kAlreadyExists, "BucketAlreadyExists", 409},
    Known{"own bucket", Code::kAlreadyExists, "BucketAlreadyOwnedByYou", 409},
    Known{"not empty", Code::kConflict, "BucketNotEmpty", 409},
    Known{"bucket name", Code::kInvalid, "InvalidBucketName", 400},
    Known{"digest", Code::kInvalid, "BadDigest", 400},
    Known{"checksum", Code::kInvalid, "BadDigest", 400},
    Known{"trailer-checksum", Code::kInvalid, "BadDigest", 400},
    Known{"invalid digest", Code::kInvalid, "InvalidDigest", 400},
    Known{"invalid checksum", Code::kInvalid, "InvalidRequest", 400},
    Known{"missing digest", Code::kInvalid, "InvalidRequest", 400},
    Known{"checksum algorithm", Code::kInvalid, "InvalidRequest", 400},
    Known{"checksum kind", Code::kInvalid, "InvalidRequest", 400},
    Known{"object size", Code::kInvalid, "InvalidRequest", 400},
    Known{"part order", Code::kInvalid, "InvalidPartOrder", 400},
    Known{"part size", Code::kInvalid, "EntityTooSmall", 400},
    Known{"part", Code::kInvalid, "InvalidPart", 400},
    Known{"part encryption", Code::kInvalid, "InvalidRequest", 400},
    Known{"customer key", Code::kDenied, "AccessDenied", 403},
    Known{"customer key missing", Code::kInvalid, "InvalidRequest", 400},
    Known{"customer key unused", Code::kInvalid, "InvalidRequest", 400},
    Known{"uri", Code::kInvalid, "InvalidURI", 400},
    Known{"key length", Code::kInvalid, "KeyTooLongError", 400},
    Known{"copy source", Code::kInvalid, "InvalidArgument", 400},
    Known{"content-sha256", Code::kInvalid, "XAmzContentSHA256Mismatch", 400},
    Known{"decoded-length", Code::kInvalid, "IncompleteBody", 400},
    Known{"incomplete-body", Code::kInvalid, "IncompleteBody", 400},
    Known{"chunk", Code::kInvalid, "InvalidChunkSizeError", 400},
    Known{"trailer", Code::kInvalid, "MalformedTrailerError", 400},
    Known{"signature", Code::kDenied, "SignatureDoesNotMatch", 403},
    Known{"access-key", Code::kUnauthenticated, "InvalidAccessKeyId", 403},
    Known{"token", Code::kUnauthenticated, "InvalidToken", 400},
    Known{"token-expired", Code::kUnauthenticated, "ExpiredToken", 400},
    Known{"form", Code::kInvalid, "MalformedPOSTRequest", 400},
    Known{"body", Code::kInvalid, "IncompleteBody", 400},
    Known{"body", Code::kTimeout, "RequestTimeout", 400},
};

// Error::source of a wrong region, before the one that is expected.
constexpr std::string_view kHeaderRegion = "header region ", kQueryRegion = "query region ";

// The region goes into a header, too: of a HEAD clients see nothing else, and they try again with it.
std::optional<wire::WireError> map_region(const Error& error) {
  for (const auto prefix : {kHeaderRegion, kQueryRegion}) {
    if (!error.source.starts_with(prefix)) continue;
    const auto expected = error.source.substr(prefix.size());
    const auto* code = prefix == kHeaderRegion ? "AuthorizationHeaderMalformed" : "AuthorizationQueryParametersError";
    wire::WireError out{code, error.message, 400, {{"Region", wire::Value(expected)}}};
    out.headers.add("x-amz-bucket-region", expected);
    return out;
  }
  return std::nullopt;
}

// Of query parameters that are to be numbers.
std::optional<wire::WireError> map_number(const Error& error) {
  static const std::set<std::string_view> kNumbers = {"max-keys", "max-parts", "max-uploads", "part-number-marker"};
  const bool part = error.source == "partNumber";
  if (error.code != Code::kInvalid || (!part && !kNumbers.contains(error.source))) return std::nullopt;
  auto message = part ? std::string("Part number must be an integer between 1 and 10000, inclusive")
                      : fmt::format("Provided {} not an integer or within integer range", error.source);
  return wire::WireError{"InvalidArgument", std::move(message), 400, {{"ArgumentName", wire::Value(error.source)}}};
}

}  // namespace

wire::WireError map_s3_error(const Error& error) {
  if (auto region = map_region(error)) return *std::move(region);
  if (auto number = map_number(error)) return *std::move(number);
  for (const auto& known : kKnown) {
    if (known.source == error.source && known.code == error.code) return {known.wire, error.message, known.status, {}};
  }
  switch (error.code) {
    case Code::kPrecondition:
      return {"PreconditionFailed", error.message, 412, {{"Condition", wire::Value(error.source)}}};
    case Code::kDenied:
      return {"AccessDenied", "Access Denied", 403, {}};
    case Code::kTooLarge:
      return {"EntityTooLarge", error.message, 400, {}};
    case Code::kConflict:
      return {"OperationAborted",
              "A conflicting conditional operation is currently in progress against this resource. Please try again.",
              409,
              {}};
    case Code::kThrottled:
      return {"SlowDown", "Please reduce your request rate.", 503, {}};
    case Code::kNoSpace:
      return {"ServiceUnavailable", "The disk is full: make room, then try again.", 503, {}};
    case Code::kUnavailable:
      return {"ServiceUnavailable", error.message, 503, {}};
    case Code::kInvalid:
      return {"InvalidArgument", error.message, 400, {}};
    case Code::kUnsupported:
      return {"NotImplemented", error.message, 501, {}};
    default:
      return {"InternalError", "We encountered an internal error. Please try again.", 500, {}};
  }
}

void complete_s3_error(wire::WireError& error, std::string_view path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  const auto slash = path.find('/');
  const auto text = [](std::string_view part) { return wire::Value(codec::percent_decode(part).value_or("")); };
  if (error.code == "NoSuchBucket" || error.code == "BucketNotEmpty" || error.code == "BucketAlreadyExists" ||
      error.code == "BucketAlreadyOwnedByYou" || error.code == "InvalidBucketName") {
    error.members.try_emplace("BucketName", text(path.substr(0, slash)));
  }
  if (error.code == "NoSuchKey" && slash != std::string_view::npos)
    error.members.try_emplace("Key", text(path.substr(slash + 1)));
}

wire::WireError map_s3_violations(const std::vector<wire::Violation>& violations) {
  const auto& first = violations.at(0);
  static const std::set<std::string_view> kBodies = {"Delete",
                                                     "CORSConfiguration",
                                                     "NotificationConfiguration",
                                                     "WebsiteConfiguration",
                                                     "VersioningConfiguration",
                                                     "Tagging",
                                                     "Policy",
                                                     "LifecycleConfiguration",
                                                     "PublicAccessBlockConfiguration",
                                                     "OwnershipControls",
                                                     "ServerSideEncryptionConfiguration",
                                                     "BucketLoggingStatus",
                                                     "RequestPaymentConfiguration",
                                                     "AccelerateConfiguration",
                                                     "ReplicationConfiguration"};
  if (first.constraint == wire::Constraint::kRequired && kBodies.contains(first.member))
    return {"MissingRequestBodyError", "Request Body is empty", 400, {}};
  if (first.path.find('.') != std::string::npos) {
    return {"MalformedXML", std::string(kBrokenSchema), 400, {}};
  }
  return {"InvalidArgument",
          fmt::format("{}: {}", first.member, first.expected),
          400,
          {{"ArgumentName", wire::Value(first.member)}, {"ArgumentValue", wire::Value(first.given)}}};
}

std::optional<wire::WireError> unserved_s3(std::string_view method, std::string_view path,
                                           const codec::QueryPairs& query) {
  static const std::set<std::string_view> kUnserved = {
      "annotation", "metadataConfiguration", "metadataTable", "renameObject", "select", "session", "torrent"};
  const auto has = [&](std::string_view name) {
    return std::ranges::find(query, name, &codec::QueryPairs::value_type::first) != query.end();
  };
  for (const auto& [name, value] : query) {
    if (!kUnserved.contains(name) || !value.empty()) continue;
    return wire::WireError{
        "NotImplemented", "A header or query you provided implies functionality that is not implemented.", 501, {}};
  }
  // A POST of an object is either of a multipart upload's two; a form's upload is a POST of the bucket.
  const bool to_object = path.find('/', 1) != std::string_view::npos && !path.ends_with('/');
  if (method == "POST" && to_object && !has("uploads") && !has("uploadId") && !has("restore"))
    return method_not_allowed();
  return std::nullopt;
}

wire::WireError method_not_allowed() {
  return {"MethodNotAllowed", "The specified method is not allowed against this resource.", 405, {}};
}

Error wrong_region(const wire::Call& call, const std::string& expected) {
  const bool in_header = call.headers.contains("authorization");
  return {
      Code::kInvalid,
      fmt::format("{}; the region '{}' is wrong; expecting '{}'",
                  in_header ? "The authorization header is malformed" : "Error parsing the X-Amz-Credential parameter",
                  call.context.region, expected),
      fmt::format("{}{}", in_header ? kHeaderRegion : kQueryRegion, expected)};
}

}  // namespace gust::api
