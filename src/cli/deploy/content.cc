#include "cli/deploy/content.h"

#include "cli/deploy/zip.h"
#include "codec/digest.h"

#include <fmt/format.h>

#include <array>
#include <filesystem>

namespace gust::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::pair<std::string_view, std::string_view>, 38> kTypes = {
    {{".html", "text/html; charset=utf-8"},
     {".htm", "text/html; charset=utf-8"},
     {".css", "text/css; charset=utf-8"},
     {".js", "text/javascript; charset=utf-8"},
     {".mjs", "text/javascript; charset=utf-8"},
     {".json", "application/json"},
     {".map", "application/json"},
     {".txt", "text/plain; charset=utf-8"},
     {".md", "text/markdown; charset=utf-8"},
     {".xml", "application/xml"},
     {".svg", "image/svg+xml"},
     {".png", "image/png"},
     {".jpg", "image/jpeg"},
     {".jpeg", "image/jpeg"},
     {".gif", "image/gif"},
     {".webp", "image/webp"},
     {".avif", "image/avif"},
     {".ico", "image/x-icon"},
     {".woff", "font/woff"},
     {".woff2", "font/woff2"},
     {".wasm", "application/wasm"},
     {".pdf", "application/pdf"},
     {".mp4", "video/mp4"},
     {".webm", "video/webm"},
     {".mov", "video/quicktime"},
     {".mp3", "audio/mpeg"},
     {".ogg", "audio/ogg"},
     {".wav", "audio/wav"},
     {".csv", "text/csv; charset=utf-8"},
     {".log", "text/plain; charset=utf-8"},
     {".yaml", "application/yaml"},
     {".yml", "application/yaml"},
     {".zip", "application/zip"},
     {".gz", "application/gzip"},
     {".tgz", "application/gzip"},
     {".tar", "application/x-tar"},
     {".ttf", "font/ttf"},
     {".webmanifest", "application/manifest+json"}}};

}  // namespace

std::string_view content_type(std::string_view name) {
  for (const auto& [extension, type] : kTypes) {
    if (name.ends_with(extension)) return type;
  }
  return "application/octet-stream";
}

Result<std::map<std::string, ContentFile>> content_of(const BucketSpec& bucket) {
  std::map<std::string, ContentFile> out;
  if (!bucket.content_folder.empty()) {
    std::error_code problem;
    for (fs::recursive_directory_iterator at(bucket.content_folder, problem), end; !problem && at != end;
         at.increment(problem)) {
      if (!at->is_regular_file()) continue;
      const auto path = at->path().string();
      GUST_TRY(auto digest, file_sha256(path));
      out[fs::relative(at->path(), bucket.content_folder).generic_string()] = {path, {}, std::move(digest)};
    }
    if (problem) {
      return fail(Code::kInvalid, fmt::format("{} cannot be read: {}", bucket.content_folder, problem.message()),
                  "content");
    }
  }
  for (const auto& [key, text] : bucket.files) out[key] = {{}, text, codec::sha256_hex(text)};
  return out;
}

}  // namespace gust::cli
