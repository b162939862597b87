#include "sites/media_type.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace gust::sites {

std::string_view media_type(std::string_view key) {
  using Pair = std::pair<std::string_view, std::string_view>;
  constexpr std::array kTypes = {Pair{"html", "text/html; charset=utf-8"},
                                 Pair{"htm", "text/html; charset=utf-8"},
                                 Pair{"css", "text/css; charset=utf-8"},
                                 Pair{"js", "text/javascript; charset=utf-8"},
                                 Pair{"mjs", "text/javascript; charset=utf-8"},
                                 Pair{"json", "application/json"},
                                 Pair{"map", "application/json"},
                                 Pair{"webmanifest", "application/manifest+json"},
                                 Pair{"xml", "application/xml"},
                                 Pair{"txt", "text/plain; charset=utf-8"},
                                 Pair{"md", "text/markdown; charset=utf-8"},
                                 Pair{"csv", "text/csv; charset=utf-8"},
                                 Pair{"svg", "image/svg+xml"},
                                 Pair{"png", "image/png"},
                                 Pair{"jpg", "image/jpeg"},
                                 Pair{"jpeg", "image/jpeg"},
                                 Pair{"gif", "image/gif"},
                                 Pair{"webp", "image/webp"},
                                 Pair{"avif", "image/avif"},
                                 Pair{"ico", "image/x-icon"},
                                 Pair{"woff", "font/woff"},
                                 Pair{"woff2", "font/woff2"},
                                 Pair{"ttf", "font/ttf"},
                                 Pair{"otf", "font/otf"},
                                 Pair{"wasm", "application/wasm"},
                                 Pair{"pdf", "application/pdf"},
                                 Pair{"zip", "application/zip"},
                                 Pair{"mp3", "audio/mpeg"},
                                 Pair{"mp4", "video/mp4"},
                                 Pair{"webm", "video/webm"},
                                 Pair{"wav", "audio/wav"}};
  const auto dot = key.rfind('.');
  if (dot == key.npos || key.find('/', dot) != key.npos) return "application/octet-stream";
  const auto extension = key.substr(dot + 1);
  const auto found = std::ranges::find_if(kTypes, [&](const Pair& pair) {
    return std::ranges::equal(pair.first, extension,
                              [](unsigned char a, unsigned char b) { return a == std::tolower(b); });
  });
  return found == kTypes.end() ? "application/octet-stream" : found->second;
}

}  // namespace gust::sites
