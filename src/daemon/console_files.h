// ConsoleFiles: the console's built files, which are part of this program, compressed already. Any thread.
#pragma once

#include "http/message.h"

#include <span>
#include <string_view>

namespace gust::daemon {

struct ConsoleFile {
  std::string_view name;  // "index.html", "assets/index-HASH.js"
  std::string_view type;  // of its content
  std::string_view etag;  // quoted
  std::string_view gzip, brotli;
};

// All of them, by name; made by scripts/console from console/.
std::span<const ConsoleFile> console_files();

// The file in the smallest form that the request accepts; 304 when the browser has it; 404.
http::Response serve_console_file(const http::Request& request, std::string_view name);

}  // namespace gust::daemon
