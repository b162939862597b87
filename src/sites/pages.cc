#include "sites/pages.h"

#include <fmt/format.h>

namespace gust::sites {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '&': out += "&amp;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

}  // namespace

http::Response page(int status, std::string_view title, std::string_view code, std::string_view message,
                    const std::vector<std::pair<std::string, std::string>>& details) {
  std::string items = fmt::format("<li>Code: {}</li>\n<li>Message: {}</li>\n", escaped(code), escaped(message));
  for (const auto& [name, value] : details) items += fmt::format("<li>{}: {}</li>\n", escaped(name), escaped(value));
  http::Response response;
  response.status = status;
  response.headers.add("content-type", "text/html; charset=utf-8");
  response.body = fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head><title>{0} {1}</title></head>\n<body>\n<h1>{0} "
      "{1}</h1>\n<ul>\n{2}</ul>\n"
      "</body>\n</html>\n",
      status, escaped(title), items);
  return response;
}

}  // namespace gust::sites
