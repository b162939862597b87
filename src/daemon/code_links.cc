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

CodeLinks::CodeLinks(functions::Registry& registry, functions::Layers& layers, env::Clock& clock, env::Random& random,
                     std::string endpoint)
    : registry_(registry),
      layers_(layers),
      clock_(clock),
      endpoint_(std::move(endpoint)),
      secret_(random.pick(40, "0123456789abcdef")) {}

std::string CodeLinks::seal(std::string_view path, std::int64_t expires_ms) const {
  return codec::to_hex(codec::hmac_sha256(secret_, fmt::format("{} {}", path, expires_ms)));
}

std::string CodeLinks::link(const std::string& path) const {
  const auto expires = to_epoch_ms(clock_.now() + kLife);
  return fmt::format("{}{}?expires={}&seal={}", endpoint_, path, expires, seal(path, expires));
}

std::string CodeLinks::make(const functions::FunctionRef& ref) const {
  return link(fmt::format("{}{}/{}:{}", kPrefix, ref.key.account, ref.key.name, ref.qualifier));
}

std::string CodeLinks::make(const functions::LayerKey& key) const {
  return link(fmt::format("{}{}/layer:{}:{}", kPrefix, key.account, key.name, key.version));
}

async::Task<std::string> CodeLinks::zip(std::string account, std::string name) const {
  if (name.starts_with("layer:")) {
    GUST_CO_TRY(auto key, functions::parse_layer_version(fmt::format("arn:aws:lambda::{}:{}", account, name)));
    co_return co_await layers_.zip(std::move(key));
  }
  GUST_CO_TRY(const auto ref, functions::parse_function_name(name, "", AccountId(account)));
  co_return co_await registry_.code_zip(ref);
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
  auto zip = co_await this->zip(rest.substr(0, slash), rest.substr(slash + 1));
  if (!zip) co_return admin_error(zip.error().code == Code::kNotFound ? 404 : 500, zip.error().message);
  http::Response response;
  response.headers.add("Content-Type", "application/zip");
  response.body = *std::move(zip);
  co_return response;
}

}  // namespace gust::daemon
