#include "daemon/console_files.h"

#include "codec/gzip.h"

#include <algorithm>
#include <string>

namespace gust::daemon {
namespace {

// Styles that libraries set on elements go through the DOM, which style-src does not look at.
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
    "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

bool accepts(const http::Request& request, std::string_view coding) {
  const auto given = request.headers.get_or("accept-encoding", "");
  for (auto at = given.find(coding); at != std::string_view::npos; at = given.find(coding, at + 1)) {
    const auto rest = given.substr(at + coding.size());
    const bool whole = (at == 0 || given[at - 1] == ' ' || given[at - 1] == ',') &&
                       (rest.empty() || rest[0] == ',' || rest[0] == ';' || rest[0] == ' ');
    const auto weight = rest.substr(0, rest.find(','));
    if (whole && weight.find("q=0") == std::string_view::npos) return true;
    if (whole && weight.find("q=0.") != std::string_view::npos) return true;
  }
  return false;
}

void add_page_headers(http::Response& response) {
  response.headers.add("Content-Security-Policy", std::string(kPolicy));
  response.headers.add("X-Frame-Options", "DENY");
  response.headers.add("Referrer-Policy", "same-origin");
  response.headers.add("Cross-Origin-Opener-Policy", "same-origin");
  response.headers.add("Permissions-Policy", "camera=(), geolocation=(), microphone=()");
}

}  // namespace

http::Response serve_console_file(const http::Request& request, std::string_view name) {
  http::Response response;
  const auto files = console_files();
  const auto file = std::ranges::find(files, name, &ConsoleFile::name);
  response.headers.add("X-Content-Type-Options", "nosniff");
  if (file == files.end()) {
    response.status = 404;
    response.headers.add("Content-Type", "text/plain");
    response.body = "there is no such file\n";
    return response;
  }
  const bool page = file->type.starts_with("text/html");
  if (page) add_page_headers(response);
  response.headers.add("Content-Type", std::string(file->type));
  response.headers.add("ETag", std::string(file->etag));
  response.headers.add("Vary", "Accept-Encoding");
  response.headers.add("Cache-Control", page ? "no-cache" : "public, max-age=31536000, immutable");
  if (request.headers.get_or("if-none-match", "").find(file->etag) != std::string_view::npos) {
    response.status = 304;
    return response;
  }
  if (accepts(request, "br")) {
    response.headers.add("Content-Encoding", "br");
    response.body = file->brotli;
  } else if (accepts(request, "gzip")) {
    response.headers.add("Content-Encoding", "gzip");
    response.body = file->gzip;
  } else {
    codec::Gunzip plain;
    if (const auto done = plain.add(file->gzip, response.body); !done) response.status = 500;
  }
  if (request.method == "HEAD") {
    response.content_length = response.body.size();
    response.body.clear();
  }
  return response;
}

}  // namespace gust::daemon
