#include "cli/bucket/place.h"

#include "codec/digest.h"

#include <fmt/format.h>

#include <algorithm>

namespace gust::cli {
namespace {

constexpr std::string_view kScheme = "s3://", kPartial = ".gust-part";
constexpr std::size_t kMarkLength = 16, kMaxName = 255;

std::unexpected<Error> usage(std::string message) { return fail(Code::kInvalid, std::move(message), "usage"); }

// What of a file's name fits before the mark.
std::string_view stem_of(std::string_view file_name) {
  return file_name.substr(0, kMaxName - 1 - kMarkLength - kPartial.size());
}

}  // namespace

std::string Place::str() const {
  if (kind == PlaceKind::kStream) return "-";
  if (kind == PlaceKind::kFile) return path;
  return fmt::format("{}{}{}{}", kScheme, bucket, key.empty() ? "" : "/", key);
}

Result<Place> parse_place(std::string_view text) {
  if (text == "-") return Place{.kind = PlaceKind::kStream};
  if (text.starts_with(kScheme)) return parse_uri(text, KeyIs::kOptional);
  if (text.empty()) return usage("an empty path was given; expected s3://BUCKET/KEY, a path, or -");
  // Taken as a path, a slip of the pen would make a folder "s3:".
  if (text.starts_with("s3:") || text.starts_with("S3:")) return parse_uri(text, KeyIs::kOptional);
  return Place{.kind = PlaceKind::kFile, .path = std::string(text)};
}

Result<Place> parse_uri(std::string_view text, KeyIs key) {
  const auto form = key == KeyIs::kOptional ? "s3://BUCKET[/KEY]" : key == KeyIs::kRequired ? "s3://BUCKET/KEY"
                                                                                           : "s3://BUCKET";
  const auto wrong = [&] { return usage(fmt::format("'{}' is no address of {}", text, form)); };
  if (!text.starts_with(kScheme)) return wrong();
  const auto rest = text.substr(kScheme.size());
  const auto slash = rest.find('/');
  Place out{.kind = PlaceKind::kObject, .bucket = std::string(rest.substr(0, slash))};
  if (slash != std::string_view::npos) out.key = rest.substr(slash + 1);
  if (out.bucket.empty() || out.bucket.contains('?') || out.bucket.contains('#')) return wrong();
  if (key == KeyIs::kRequired && out.key.empty()) return wrong();
  if (key == KeyIs::kRefused && !out.key.empty()) return wrong();
  return out;
}

std::string folder_key(std::string key) {
  if (!key.empty() && !key.ends_with('/')) key += '/';
  return key;
}

std::string_view base_name(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string key_for(const Place& to, std::string_view file_name) {
  return to.key.empty() || to.key.ends_with('/') ? to.key + std::string(file_name) : to.key;
}

Result<void> check_local_name(std::string_view name) {
  for (auto rest = name;;) {
    const auto slash = rest.find('/');
    const auto part = rest.substr(0, slash);
    if (part.empty() || part == "." || part == ".." || part.contains('\0')) {
      return fail(Code::kInvalid,
                  fmt::format("the key '{}' is no path below a folder; copy it by itself to a name of your choice",
                              name),
                  "name");
    }
    if (slash == std::string_view::npos) return {};
    rest.remove_prefix(slash + 1);
  }
}

std::string partial_name(std::string_view file_name, std::string_view uri, std::string_view etag, std::uint64_t size) {
  const auto mark = codec::sha256_hex(fmt::format("{}\n{}\n{}", uri, etag, size)).substr(0, kMarkLength);
  return fmt::format("{}.{}{}", stem_of(file_name), mark, kPartial);
}

bool is_partial_name(std::string_view name) {
  if (!name.ends_with(kPartial)) return false;
  name.remove_suffix(kPartial.size());
  if (name.size() <= kMarkLength || name[name.size() - kMarkLength - 1] != '.') return false;
  return std::ranges::all_of(name.substr(name.size() - kMarkLength),
                             [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_partial_of(std::string_view name, std::string_view file_name) {
  const auto stem = stem_of(file_name);
  return is_partial_name(name) && name.starts_with(stem) &&
         name.size() == stem.size() + 1 + kMarkLength + kPartial.size();
}

}  // namespace gust::cli
