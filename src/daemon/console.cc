#include "daemon/console.h"

#include "auth/text.h"
#include "base/log.h"
#include "codec/digest.h"
#include "codec/json.h"
#include "codec/time_format.h"
#include "daemon/admin.h"
#include "daemon/console_files.h"
#include "daemon/pages.h"

#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace gust::daemon {
namespace {

namespace json = boost::json;

constexpr std::string_view kBelow = "/_gust/console/";
constexpr std::string_view kCsrfHeader = "x-gust-csrf";
constexpr std::size_t kMaxSignIn = 8 << 10;

bool reads(const http::Request& request) { return request.method == "GET" || request.method == "HEAD"; }

// Browsers keep cookies by host without the port, and a machine may run several Gusts.
std::string cookie_name(const http::Request& request) {
  const auto host = request.host();
  const auto colon = host.rfind(':');
  const bool has_port = colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos;
  return fmt::format("gust_session_{}", has_port ? host.substr(colon + 1) : "80");
}

std::string cookie_of(const http::Request& request) {
  const auto name = cookie_name(request) + "=";
  for (const auto& [field, value] : request.headers.all()) {
    if (!auth::is_named(field, "cookie")) continue;
    for (std::string_view rest = value; !rest.empty();) {
      const auto end = std::min(rest.find(';'), rest.size());
      const auto pair = auth::trimmed(rest.substr(0, end));
      if (pair.starts_with(name)) return std::string(pair.substr(name.size()));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return {};
}

// Whether the page is of this host: browsers say so in headers that no page can set. Pages of another port are of
// another origin, but send the cookie. What changes something must say where it comes from.
bool is_own_page(const http::Request& request) {
  const auto site = request.headers.get("sec-fetch-site");
  if (site && *site != "same-origin") return false;
  const auto origin = request.headers.get("origin");
  if (!origin) return reads(request);
  return *origin == fmt::format("http://{}", request.host()) || *origin == fmt::format("https://{}", request.host());
}

http::Response with_cookie(http::Response response, const http::Request& request, std::string_view token,
                           std::chrono::seconds age) {
  // By the daemon's own TLS, or that of what stands before it.
  const bool tls = !request.tls.empty() || request.headers.get_or("origin", "").starts_with("https://");
  response.headers.add("Set-Cookie", fmt::format("{}={}; Path=/_gust/console; HttpOnly; SameSite=Strict; Max-Age={}{}",
                                                 cookie_name(request), token, age.count(), tls ? "; Secure" : ""));
  response.headers.set("Cache-Control", "no-store");
  return response;
}

std::string text_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

// What a service answers may be a user's page: a browser must neither run it nor take it for something else.
void tame(const http::Request& request, http::Response& response) {
  auto& headers = response.headers;
  headers.add("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox");
  headers.set("X-Content-Type-Options", "nosniff");
  headers.set("Cross-Origin-Resource-Policy", "same-origin");
  headers.set("Cache-Control", "private, no-cache");
  headers.erase("Set-Cookie");
  if (wants_page(request) && !headers.contains("content-disposition"))
    headers.add("Content-Disposition", "attachment");
}

}  // namespace

boost::asio::awaitable<http::Response> Console::handle(RequestContext context, http::Request request,
                                                       api::Destination to) {
  const auto& path = to.path;
  if (path == "/_gust" || path == "/_gust/console" || path == kBelow) co_return redirect("/_gust/");
  if (path == "/_gust/") {
    if (!reads(request)) co_return admin_error(405, "the console is a page; GET it");
    co_return serve_console_file(request, "index.html");
  }
  auto rest = path.substr(kBelow.size());
  if (rest.starts_with("assets/") && reads(request)) co_return serve_console_file(request, rest);
  if (rest == "link" && request.method == "POST") co_return co_await link(std::move(context), std::move(request));
  if (rest == "session") co_return co_await session(std::move(context), std::move(request));
  if (rest.starts_with("admin/") || rest.starts_with("aws/"))
    co_return co_await forward(std::move(context), std::move(request), std::move(rest));
  co_return admin_error(404, fmt::format("{} {} is not served", request.method, path));
}

boost::asio::awaitable<http::Response> Console::link(RequestContext context, http::Request request) {
  const auto who = co_await parts_.authenticator.authenticate(context, request, "gust");
  if (!who) co_return admin_error(403, who.error().message);
  if (who->anonymous()) co_return admin_error(403, "the request is not signed; sign it for the service 'gust'");
  if (!who->arn.ends_with(":root")) co_return admin_error(403, "only an account's own keys may open the console");
  // Behind '#', where no log of a server or proxy sees it.
  const auto url = fmt::format("{}/_gust/#token={}", parts_.endpoint, sessions_.make_link(*who));
  co_return admin_answer(json::object{{"url", url}, {"seconds", ConsoleSessions::kLinkLife.count() / 1000}}, 201);
}

boost::asio::awaitable<http::Response> Console::session(RequestContext, http::Request request) {
  if (request.method == "POST") co_return co_await sign_in(std::move(request));
  const auto found = check(request);
  if (!found) co_return admin_error(found.error().code == Code::kUnauthenticated ? 401 : 403, found.error().message);
  if (request.method == "GET") co_return describe(*found);
  if (request.method != "DELETE") co_return admin_error(405, "POST signs in, GET says who is, DELETE signs out");
  sessions_.close(cookie_of(request));
  http::Response gone;
  gone.status = 204;
  co_return with_cookie(std::move(gone), request, "", std::chrono::seconds(0));
}

boost::asio::awaitable<http::Response> Console::sign_in(http::Request request) {
  if (!is_own_page(request)) co_return admin_error(403, "sign-in is for the console's own page");
  if (!request.headers.get_or("content-type", "").starts_with("application/json"))
    co_return admin_error(415, "the body must be application/json");
  auto body = co_await async::read_all(*request.body, kMaxSignIn);
  if (!body) co_return admin_error(body.error().code == Code::kTooLarge ? 413 : 400, body.error().message);
  auto who = co_await who_signs_in(request, *std::move(body));
  if (!who) {
    const auto& error = who.error();
    auto refusal = admin_error(error.code == Code::kThrottled ? 429 : error.code == Code::kInvalid ? 400 : 403,
                               error.message);
    if (error.code == Code::kThrottled) refusal.headers.add("Retry-After", error.source);
    co_return refusal;
  }
  GUST_INFO("console: {} signed in from {}", who->arn, request.peer);
  const auto opened = sessions_.open(*std::move(who));
  auto answer = describe(opened.session);
  answer.status = 201;
  co_return with_cookie(std::move(answer), request, opened.token,
                        std::chrono::duration_cast<std::chrono::seconds>(ConsoleSessions::kLife));
}

async::Task<Principal> Console::who_signs_in(const http::Request& request, std::string body) {
  const auto peer = request.peer;
  const auto document = codec::parse_json(body);
  const auto* given = document ? document->if_object() : nullptr;
  if (given == nullptr) {
    co_return fail(Code::kInvalid,
                   "the body must be {\"access_key_id\": ..., \"secret_access_key\": ...} or {\"token\": ...}");
  }
  if (const auto token = text_of(*given, "token"); !token.empty()) {
    if (auto who = sessions_.take_link(token)) co_return *std::move(who);
    co_return fail(Code::kDenied, "the link was used already, or its minute is over; run: gust console");
  }
  if (const auto wait = failed_.wait(peer); wait > Millis(0)) {
    const auto seconds = std::to_string((wait.count() + 999) / 1000);
    co_return fail(Code::kThrottled, fmt::format("too many sign-ins failed; try again in {} s", seconds), seconds);
  }
  auth::Keys keys{text_of(*given, "access_key_id"), text_of(*given, "secret_access_key"), {}};
  if (keys.access_key_id.empty() || keys.secret.empty())
    co_return fail(Code::kInvalid, "both the access key id and its secret are needed");
  auto who = co_await parts_.authenticator.check_keys(std::move(keys), peer);
  if (who) {
    failed_.succeeded(peer);
  } else if (who.error().code == Code::kDenied) {
    failed_.failed(peer);
    GUST_WARN("console: a sign-in from {} failed", peer);
  }
  co_return who;
}

Result<ConsoleSession> Console::check(const http::Request& request) {
  if (!is_own_page(request)) return fail(Code::kDenied, "the request does not come from the console's own page");
  auto found = sessions_.find(cookie_of(request));
  if (!found) return fail(Code::kUnauthenticated, "not signed in, or the session has expired");
  const auto csrf = request.headers.get_or(kCsrfHeader, "");
  if (!reads(request) && !codec::equal_in_constant_time(csrf, found->csrf))
    return fail(Code::kDenied, "the header X-Gust-Csrf is not the session's");
  return *std::move(found);
}

http::Response Console::describe(const ConsoleSession& session) const {
  const auto& who = session.principal;
  auto answer = admin_answer(json::object{
      {"account", who.account.str()},
      {"access_key_id", who.access_key_id},
      {"root", who.account.str() == kDefaultAccount},
      {"csrf", session.csrf},
      {"expires_at", codec::to_iso8601_ms(session.created + ConsoleSessions::kLife)},
      {"endpoint", parts_.endpoint},
      {"region", kDefaultRegion},
      {"version", GUST_VERSION}});
  answer.headers.add("Cache-Control", "no-store");
  return answer;
}

boost::asio::awaitable<http::Response> Console::forward(RequestContext context, http::Request request,
                                                        std::string rest) {
  auto found = check(request);
  if (!found) co_return admin_error(found.error().code == Code::kUnauthenticated ? 401 : 403, found.error().message);
  context.principal = std::move(found->principal);
  const http::Request asked{.method = request.method, .headers = request.headers};
  for (const auto* own : {"Cookie", "X-Gust-Csrf", "Authorization", "Origin"}) request.headers.erase(own);
  const bool admin = rest.starts_with("admin/");
  rest.erase(0, rest.find('/') + 1);
  const auto slash = std::min(rest.find('/'), rest.size());
  auto service = rest.substr(0, slash);
  request.path = admin ? "/_gust/" + rest : slash == rest.size() ? "/" : rest.substr(slash);
  request.target = request.query.empty() ? request.path : request.path + "?" + request.query;
  http::Response response;
  if (admin) {
    response = co_await parts_.front.administer(std::move(context), std::move(request));
  } else {
    response = co_await parts_.front.serve_known(std::move(context), std::move(request), std::move(service));
  }
  tame(asked, response);
  co_return response;
}

}  // namespace gust::daemon
