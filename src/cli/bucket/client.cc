#include "cli/bucket/client.h"

#include "codec/base64.h"
#include "codec/digest.h"
#include "codec/time_format.h"
#include "codec/url.h"
#include "codec/xml.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace gust::cli {
namespace {

std::string path_of(const Place& place) {
  auto out = "/" + codec::percent_encode(place.bucket);
  if (!place.key.empty()) out += "/" + codec::percent_encode(place.key, codec::Slash::kKeep);
  return out;
}

Place bucket_of(const Place& place) { return {.kind = PlaceKind::kObject, .bucket = place.bucket}; }

std::string unquoted(std::string_view etag) {
  if (etag.size() >= 2 && etag.starts_with('"') && etag.ends_with('"')) etag = etag.substr(1, etag.size() - 2);
  return std::string(etag);
}

std::uint64_t number_of(std::string_view text) {
  std::uint64_t out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

std::string text_of(const pugi::xml_node& node, std::string_view name) {
  for (const auto& child : node.children()) {
    if (codec::xml_local_name(child) == name) return child.child_value();
  }
  return {};
}

// Keys come percent-encoded, for XML cannot hold all of them.
Result<std::string> key_of(const pugi::xml_node& node, std::string_view name) {
  return codec::percent_decode(text_of(node, name), codec::Plus::kIsSpace);
}

WallTime time_of(const pugi::xml_node& node, std::string_view name) {
  return codec::from_iso8601(text_of(node, name)).value_or(WallTime{});
}

using Xml = std::unique_ptr<pugi::xml_document>;

Result<Xml> parse(const Answer& answer, std::string_view what) {
  auto xml = codec::parse_xml(answer.body);
  if (xml) return xml;
  return fail(Code::kInternal, fmt::format("{}: the answer is no XML: {}", what, xml.error().message));
}

// What says that it failed though its status, sent before, says otherwise.
Result<void> check_late_error(const Answer& answer, std::string_view what) {
  GUST_TRY(const auto xml, parse(answer, what));
  const auto root = xml->document_element();
  if (codec::xml_local_name(root) != "Error") return {};
  return fail(Code::kInternal, fmt::format("{}: {}: {}", what, text_of(root, "Code"), text_of(root, "Message")),
              text_of(root, "Code"));
}

// XML 1.0 has no place for control characters, and readers drop text that is all blank.
bool fits_xml(std::string_view key) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  return !std::ranges::all_of(key, blank) &&
         std::ranges::none_of(key, [&](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

// What an error means for whoever asked, with what to do.
Error explained(const Answer& answer, const Place& about, std::string_view what) {
  const auto code = error_code(answer);
  if (code == "NoSuchBucket") {
    return {Code::kNotFound,
            fmt::format("{}: there is no bucket '{}'; see gust bucket ls, or make it with: gust bucket mb s3://{}",
                        what, about.bucket, about.bucket),
            code};
  }
  if (code == "NoSuchKey") {
    return {Code::kNotFound,
            fmt::format("{}: there is no object '{}' in the bucket '{}'; see gust bucket ls s3://{}/", what, about.key,
                        about.bucket, about.bucket),
            code};
  }
  if (code == "AccessDenied" || (code.empty() && answer.status == 403)) {
    return {Code::kDenied,
            fmt::format("{}: access denied: the bucket '{}' is not of the account whose keys are in use; set "
                        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to keys of its account",
                        what, about.bucket),
            "AccessDenied"};
  }
  if (code == "InvalidBucketName") {
    return {Code::kInvalid,
            fmt::format("{}: '{}' is no name of a bucket ({}): 3-63 characters of a-z, 0-9, - and .", what,
                        about.bucket, code),
            code};
  }
  if (code == "BucketNotEmpty") {
    return {Code::kConflict,
            fmt::format("{}: the bucket '{}' is not empty; empty it with: gust bucket rm s3://{} --recursive", what,
                        about.bucket, about.bucket),
            code};
  }
  auto error = expect_ok(answer, what).error();
  if (answer.status == 412) error.code = Code::kPrecondition;
  return error;
}

}  // namespace

Result<Answer> BucketClient::call(Call call, const Place& about, std::string_view what) {
  call.service = "s3";
  GUST_TRY(auto answer, remote_.send(call));
  if (!answer.ok()) return std::unexpected(explained(answer, about, what));
  return answer;
}

Result<std::string> BucketClient::etag_of(Call request, const Place& about, std::string_view what) {
  GUST_TRY(const auto answer, call(std::move(request), about, what));
  return unquoted(answer.headers.get_or("etag", ""));
}

Result<std::vector<ListedBucket>> BucketClient::buckets() {
  std::vector<ListedBucket> out;
  constexpr std::string_view kWhat = "list the buckets";
  GUST_TRY(const auto answer, call({.path = "/"}, {}, kWhat));
  GUST_TRY(const auto xml, parse(answer, kWhat));
  for (const auto& list : xml->document_element().children()) {
    if (codec::xml_local_name(list) != "Buckets") continue;
    for (const auto& node : list.children()) out.push_back({text_of(node, "Name"), time_of(node, "CreationDate")});
  }
  return out;
}

Result<void> BucketClient::create_bucket(const std::string& bucket) {
  const Place place{.kind = PlaceKind::kObject, .bucket = bucket};
  const auto what = fmt::format("make the bucket s3://{}", bucket);
  GUST_CHECK(call({.method = "PUT", .path = path_of(place)}, place, what));
  return {};
}

Result<void> BucketClient::delete_bucket(const std::string& bucket) {
  const Place place{.kind = PlaceKind::kObject, .bucket = bucket};
  const auto what = fmt::format("remove the bucket s3://{}", bucket);
  GUST_CHECK(call({.method = "DELETE", .path = path_of(place)}, place, what));
  return {};
}

Result<void> BucketClient::need_bucket(const std::string& bucket) {
  const Place place{.kind = PlaceKind::kObject, .bucket = bucket};
  const auto what = fmt::format("use s3://{}", bucket);
  // GET, for the refusal of a HEAD does not say why.
  GUST_CHECK(call({.path = path_of(place), .query = "list-type=2&max-keys=0"}, place, what));
  return {};
}

Result<ListedPage> BucketClient::list(const Place& prefix, const std::string& delimiter, const std::string& token) {
  const auto what = fmt::format("list {}", prefix.str());
  auto query = fmt::format("list-type=2&encoding-type=url&prefix={}", codec::percent_encode(prefix.key));
  if (!delimiter.empty()) query += "&delimiter=" + codec::percent_encode(delimiter);
  if (!token.empty()) query += "&continuation-token=" + codec::percent_encode(token);
  GUST_TRY(const auto answer, call({.path = path_of(bucket_of(prefix)), .query = query}, prefix, what));
  GUST_TRY(const auto xml, parse(answer, what));
  ListedPage out;
  const auto root = xml->document_element();
  for (const auto& node : root.children()) {
    if (codec::xml_local_name(node) == "Contents") {
      GUST_TRY(auto key, key_of(node, "Key"));
      out.objects.push_back({std::move(key), unquoted(text_of(node, "ETag")), number_of(text_of(node, "Size")),
                             time_of(node, "LastModified")});
    } else if (codec::xml_local_name(node) == "CommonPrefixes") {
      GUST_TRY(auto key, key_of(node, "Prefix"));
      out.prefixes.push_back(std::move(key));
    }
  }
  if (text_of(root, "IsTruncated") == "true") out.next = text_of(root, "NextContinuationToken");
  return out;
}

Result<void> BucketClient::for_each(const Place& prefix, const std::function<Result<void>(const ListedObject&)>& each) {
  std::string token;
  do {
    GUST_TRY(const auto page, list(prefix, "", token));
    for (const auto& object : page.objects) GUST_CHECK(each(object));
    token = page.next;
  } while (!token.empty());
  return {};
}

Result<std::optional<ObjectHead>> BucketClient::find(const Place& object) {
  const auto what = fmt::format("look at {}", object.str());
  Call request{.method = "HEAD", .service = "s3", .path = path_of(object)};
  request.headers.emplace_back("x-amz-checksum-mode", "ENABLED");
  GUST_TRY(auto answer, remote_.send(request));
  if (!answer.ok()) {
    // The answer to HEAD has no body that would say what is wrong, or which of the two is missing.
    GUST_CHECK(need_bucket(object.bucket));
    if (answer.status == 404) return std::nullopt;
    return std::unexpected(explained(answer, object, what));
  }
  ObjectHead out;
  out.size = number_of(answer.headers.get_or("content-length", "0"));
  out.etag = answer.headers.get_or("etag", "");
  out.modified_at = codec::from_http_date(answer.headers.get_or("last-modified", "")).value_or(WallTime{});
  out.headers = std::move(answer.headers);
  return out;
}

Result<ObjectHead> BucketClient::head(const Place& object) {
  GUST_TRY(auto found, find(object));
  if (found) return std::move(*found);
  return fail(Code::kNotFound,
              fmt::format("there is no object '{}' in the bucket '{}'; see gust bucket ls s3://{}/", object.key,
                          object.bucket, object.bucket),
              "NoSuchKey");
}

Result<void> BucketClient::get(const Place& object, const std::string& etag, std::uint64_t first, std::uint64_t size,
                               const std::function<bool(std::string_view)>& sink) {
  const auto what = fmt::format("download {}", object.str());
  Call request{.service = "s3", .path = path_of(object)};
  request.headers.emplace_back("If-Match", etag);
  request.headers.emplace_back("Range", fmt::format("bytes={}-{}", first, first + size - 1));
  bool partial = false;
  request.begins = [&](const Answer& head) { return partial = head.status == 206; };
  std::uint64_t got = 0;
  const auto count = [&](std::string_view piece) {
    got += piece.size();
    return got <= size && sink(piece);
  };
  GUST_TRY(const auto answer, remote_.stream(request, count));
  if (!answer.ok()) return std::unexpected(explained(answer, object, what));
  if (!partial) return fail(Code::kInternal, fmt::format("{}: the answer is not the range that was asked for", what));
  if (got == size) return {};
  return fail(Code::kUnavailable, fmt::format("{}: {} of {} bytes came", what, got, size), "daemon");
}

Result<std::string> BucketClient::put(const Place& object, const FileRange& file, const HeaderList& headers) {
  return etag_of({.method = "PUT",
                  .path = path_of(object),
                  .headers = headers,
                  .file = file.path,
                  .file_offset = file.offset,
                  .file_size = file.size,
                  .sent = file.sent},
                 object, fmt::format("upload to {}", object.str()));
}

Result<std::string> BucketClient::put(const Place& object, std::string bytes, const HeaderList& headers) {
  return etag_of({.method = "PUT", .path = path_of(object), .headers = headers, .body = std::move(bytes)}, object,
                 fmt::format("upload to {}", object.str()));
}

Result<void> BucketClient::copy(const Place& from, const std::string& etag, const Place& to,
                                const HeaderList& headers) {
  Call request{.method = "PUT", .path = path_of(to), .headers = headers};
  request.headers.emplace_back("x-amz-copy-source", path_of(from));
  request.headers.emplace_back("x-amz-copy-source-if-match", etag);
  const auto what = fmt::format("copy {} to {}", from.str(), to.str());
  GUST_TRY(const auto answer, call(std::move(request), to, what));
  return check_late_error(answer, what);
}

Result<void> BucketClient::remove(const Place& object) {
  GUST_CHECK(
      call({.method = "DELETE", .path = path_of(object)}, object, fmt::format("remove {}", object.str())));
  return {};
}

Result<std::vector<std::pair<std::string, std::string>>> BucketClient::remove_all(
    const std::string& bucket, const std::vector<std::string>& keys) {
  const Place place{.kind = PlaceKind::kObject, .bucket = bucket};
  const auto what = fmt::format("remove objects of s3://{}", bucket);
  std::vector<std::pair<std::string, std::string>> out;
  std::string objects;
  for (const auto& key : keys) {
    if (fits_xml(key)) {
      objects += fmt::format("<Object><Key>{}</Key></Object>", codec::xml_escape(key));
    } else if (const auto gone = remove({.kind = PlaceKind::kObject, .bucket = bucket, .key = key}); !gone) {
      out.emplace_back(key, gone.error().message);
    }
  }
  if (objects.empty()) return out;
  auto body = fmt::format("<Delete><Quiet>true</Quiet>{}</Delete>", objects);
  const auto md5 = codec::to_base64(codec::digest(codec::DigestKind::kMd5, body));
  Call request{.method = "POST", .path = path_of(place), .query = "delete=", .body = std::move(body)};
  request.headers = {{"Content-MD5", md5}, {"Content-Type", "application/xml"}};
  GUST_TRY(const auto answer, call(std::move(request), place, what));
  GUST_TRY(const auto xml, parse(answer, what));
  for (const auto& node : xml->document_element().children()) {
    if (codec::xml_local_name(node) == "Error") out.emplace_back(text_of(node, "Key"), text_of(node, "Message"));
  }
  return out;
}

Result<std::vector<ListedUpload>> BucketClient::uploads(const Place& prefix) {
  const auto what = fmt::format("list the open uploads of {}", prefix.str());
  std::vector<ListedUpload> out;
  std::string key_marker, id_marker;
  for (;;) {
    auto query = fmt::format("encoding-type=url&prefix={}&uploads=", codec::percent_encode(prefix.key));
    if (!key_marker.empty()) {
      query += fmt::format("&key-marker={}&upload-id-marker={}", codec::percent_encode(key_marker),
                           codec::percent_encode(id_marker));
    }
    GUST_TRY(const auto answer, call({.path = path_of(bucket_of(prefix)), .query = query}, prefix, what));
    GUST_TRY(const auto xml, parse(answer, what));
    const auto root = xml->document_element();
    for (const auto& node : root.children()) {
      if (codec::xml_local_name(node) != "Upload") continue;
      GUST_TRY(auto key, key_of(node, "Key"));
      out.push_back({std::move(key), text_of(node, "UploadId"), time_of(node, "Initiated")});
    }
    if (text_of(root, "IsTruncated") != "true") return out;
    GUST_TRY(key_marker, key_of(root, "NextKeyMarker"));
    id_marker = text_of(root, "NextUploadIdMarker");
  }
}

Result<std::optional<OpenUpload>> BucketClient::parts(const Place& object, const std::string& id) {
  const auto what = fmt::format("list the parts of {}", object.str());
  OpenUpload out{id, {}};
  std::string marker;
  for (;;) {
    auto query = fmt::format("uploadId={}", codec::percent_encode(id));
    if (!marker.empty()) query = fmt::format("part-number-marker={}&{}", marker, query);
    auto answer = call({.path = path_of(object), .query = query}, object, what);
    if (!answer && answer.error().source == "NoSuchUpload") return std::nullopt;
    if (!answer) return std::unexpected(std::move(answer).error());
    GUST_TRY(const auto xml, parse(*answer, what));
    const auto root = xml->document_element();
    if (text_of(root, "ChecksumType") == "COMPOSITE") return std::nullopt;
    for (const auto& node : root.children()) {
      if (codec::xml_local_name(node) != "Part") continue;
      const auto number = static_cast<std::uint32_t>(number_of(text_of(node, "PartNumber")));
      out.parts[number] = {unquoted(text_of(node, "ETag")), number_of(text_of(node, "Size"))};
    }
    if (text_of(root, "IsTruncated") != "true") return out;
    marker = text_of(root, "NextPartNumberMarker");
  }
}

Result<std::string> BucketClient::begin(const Place& object, const HeaderList& headers) {
  const auto what = fmt::format("begin to upload {}", object.str());
  Call request{.method = "POST", .path = path_of(object), .query = "uploads=", .headers = headers};
  // The parts' checksums combine to one of the whole, which downloads are compared with.
  request.headers.emplace_back("x-amz-checksum-algorithm", "CRC64NVME");
  request.headers.emplace_back("x-amz-checksum-type", "FULL_OBJECT");
  GUST_TRY(const auto answer, call(std::move(request), object, what));
  GUST_TRY(const auto xml, parse(answer, what));
  auto id = text_of(xml->document_element(), "UploadId");
  if (id.empty()) return fail(Code::kInternal, fmt::format("{}: the answer has no UploadId", what));
  return id;
}

Result<std::string> BucketClient::put_part(const Place& object, const std::string& id, std::uint32_t number,
                                           const FileRange& file) {
  return etag_of({.method = "PUT",
                  .path = path_of(object),
                  .query = fmt::format("partNumber={}&uploadId={}", number, codec::percent_encode(id)),
                  .file = file.path,
                  .file_offset = file.offset,
                  .file_size = file.size,
                  .sent = file.sent},
                 object, fmt::format("upload part {} of {}", number, object.str()));
}

Result<std::string> BucketClient::put_part(const Place& object, const std::string& id, std::uint32_t number,
                                           std::string bytes) {
  return etag_of({.method = "PUT",
                  .path = path_of(object),
                  .query = fmt::format("partNumber={}&uploadId={}", number, codec::percent_encode(id)),
                  .body = std::move(bytes)},
                 object, fmt::format("upload part {} of {}", number, object.str()));
}

Result<std::string> BucketClient::copy_part(const Place& from, const std::string& etag, const Place& to,
                                            const std::string& id, const Part& part) {
  const auto what = fmt::format("copy part {} of {} to {}", part.number, from.str(), to.str());
  Call request{.method = "PUT",
               .path = path_of(to),
               .query = fmt::format("partNumber={}&uploadId={}", part.number, codec::percent_encode(id))};
  request.headers = {
      {"x-amz-copy-source", path_of(from)},
      {"x-amz-copy-source-if-match", etag},
      {"x-amz-copy-source-range", fmt::format("bytes={}-{}", part.offset, part.offset + part.size - 1)}};
  GUST_TRY(const auto answer, call(std::move(request), from, what));
  GUST_CHECK(check_late_error(answer, what));
  GUST_TRY(const auto xml, parse(answer, what));
  return unquoted(text_of(xml->document_element(), "ETag"));
}

Result<void> BucketClient::complete(const Place& object, const std::string& id, const std::vector<std::string>& etags) {
  const auto what = fmt::format("complete the upload of {}", object.str());
  std::string body = "<CompleteMultipartUpload>";
  for (std::size_t i = 0; i < etags.size(); ++i)
    body += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>\"{}\"</ETag></Part>", i + 1, etags[i]);
  body += "</CompleteMultipartUpload>";
  Call request{.method = "POST",
               .path = path_of(object),
               .query = fmt::format("uploadId={}", codec::percent_encode(id)),
               .headers = {{"Content-Type", "application/xml"}},
               .body = std::move(body)};
  const auto answer = call(std::move(request), object, what);
  if (answer) return check_late_error(*answer, what);
  if (answer.error().source == "NoSuchUpload") {
    const auto there = find(object);
    if (there && *there && unquoted((*there)->etag) == multipart_etag(etags)) return {};
  }
  return std::unexpected(answer.error());
}

Result<void> BucketClient::abort(const Place& object, const std::string& id) {
  GUST_CHECK(call({.method = "DELETE",
                   .path = path_of(object),
                   .query = fmt::format("uploadId={}", codec::percent_encode(id))},
                  object, fmt::format("abort the upload of {}", object.str())));
  return {};
}

}  // namespace gust::cli
