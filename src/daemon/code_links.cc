#include "daemon/code_links.h"

#include "codec/digest.h"
#include "codec/hex.h"
#include "codec/url.h"
#include "daemon/front.h"

#include <fmt/format.h>

#include <charconv>

namespace gust::daemon {
namespace {

constexpr Millis kLife = std::chrono::minutes(10);
constexpr std::string_view kPrefix = "/_gust/code/";

}  // namespace

CodeLinks::CodeLinks(functions::Registry& registry, env::Clock& clock, env::Random& random, std::string endpoint)
    : registry_(registry),
      clock_(clock),
      endpoint_(std::move(endpoint)),
      secret_(random.pick(40, "0123456789abcdef")) {}

std::string CodeLinks::seal(std::string_view path, std::int64_t expires_ms) const {
  return codec::to_hex(codec::hmac_sha256(secret_, fmt::format("{} {}", path, expires_ms)));
}

std::string CodeLinks::make(const functions::FunctionRef& ref) const {
  const auto path = fmt::format("{}{}/{}:{}", kPrefix, ref.key.account, ref.key.name, ref.qualifier);
  const auto expires = to_epoch_ms(clock_.now() + kLife);
  return fmt::format("{}{}?expires={}&seal={}", endpoint_, path, expires, seal(path, expires));
}

boost::asio::awaitable<http::Response> CodeLinks::handle(http::Request request) const {
  const auto query = codec::parse_query(request.query);
  std::int64_t expires = 0;
  std::string given;
  for (const auto& [name, value] : query ? *query : codec::QueryPairs()) {
    if (name == "expires") std::from_chars(value.data(), value.data() + value.size(), expires);
    if (name == "seal") given = value;
  }
  if (!codec::equal_in_constant_time(given, seal(request.path, expires)))
    co_return admin_error(403, "the link is not one of ours");
  if (to_epoch_ms(clock_.now()) > expires)
    co_return admin_error(403, "the link has expired; ask GetFunction for a new one");
  const auto rest = request.path.substr(kPrefix.size());
  const auto slash = rest.find('/');
  const auto ref = functions::parse_function_name(rest.substr(slash + 1), "", AccountId(rest.substr(0, slash)));
  if (!ref) co_return admin_error(404, ref.error().message);
  auto zip = co_await registry_.code_zip(*ref);
  if (!zip) co_return admin_error(zip.error().code == Code::kNotFound ? 404 : 500, zip.error().message);
  http::Response response;
  response.headers.add("Content-Type", "application/zip");
  response.body = *std::move(zip);
  co_return response;
}

}  // namespace gust::daemon
