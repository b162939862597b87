#include "daemon/pages.h"

#include <algorithm>

namespace gust::daemon {

using api::ServiceKind;

bool wants_page(const http::Request& request) {
  if (request.method != "GET") return false;
  if (const auto dest = request.headers.get("sec-fetch-dest")) {
    constexpr std::string_view kPages[] = {"document", "iframe", "frame", "embed", "object"};
    return std::ranges::find(kPages, *dest) != std::end(kPages);
  }
  return request.headers.get_or("accept", "").find("text/html") != std::string_view::npos;
}

bool wants_console(const http::Request& request, const api::Destination& to) {
  return to.service == ServiceKind::kS3 && to.path == "/" && request.path == "/" && request.query.empty() &&
         !request.headers.contains("authorization") && wants_page(request);
}

bool shares_origin(const http::Request& request, const api::Destination& to) {
  switch (to.service) {
    case ServiceKind::kS3:
      return to.path == request.path;
    case ServiceKind::kHttpApi:
    case ServiceKind::kFunctionUrl:
      return request.path.starts_with("/_gust/");
    default:
      return false;
  }
}

void confine(http::Response& response) {
  response.headers.add("Content-Security-Policy",
                       "sandbox allow-scripts allow-forms allow-popups allow-modals allow-downloads");
}

http::Response redirect(std::string to) {
  http::Response response;
  response.status = 302;
  response.headers.add("Location", std::move(to));
  return response;
}

}  // namespace gust::daemon
