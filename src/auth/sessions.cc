#include "auth/sessions.h"

#include "codec/base64.h"
#include "codec/digest.h"
#include "codec/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace gust::auth {
namespace {

namespace json = boost::json;

constexpr std::string_view kSealRow = "auth/session-seal";
constexpr std::size_t kMacBytes = 32;
constexpr std::size_t kMaxToken = 8192;
constexpr std::string_view kUpperAndDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

std::string secret_for(std::string_view seal, std::string_view access_key_id, std::string_view claims) {
  auto mac = codec::to_base64(codec::hmac_sha256(seal, fmt::format("secret\n{}\n{}", access_key_id, claims)));
  mac.resize(40);
  return mac;
}

std::string mac_of(std::string_view seal, std::string_view claims) {
  return codec::hmac_sha256(seal, fmt::format("token\n{}", claims));
}

std::unexpected<Error> not_ours() {
  return fail(Code::kUnauthenticated,
              "the security token is malformed, or was not issued by this Gust for this access key", "token");
}

Result<std::string> role_name(std::string_view role_arn) {
  GUST_TRY(const auto arn, Arn::parse(role_arn));
  if (arn.service != "iam" || !arn.resource.starts_with("role/") || arn.resource.ends_with('/')) {
    return fail(Code::kInvalid,
                fmt::format("'{}' is not the ARN of a role: arn:aws:iam::ACCOUNT:role/NAME is expected", role_arn),
                "role");
  }
  return arn.resource.substr(arn.resource.rfind('/') + 1);
}

bool is_session_name(std::string_view name) {
  const auto ok = [](unsigned char c) {
    return std::isalnum(c) || std::string_view("_+=,.@-").contains(static_cast<char>(c));
  };
  return name.size() >= 2 && name.size() <= 64 && std::ranges::all_of(name, ok);
}

}  // namespace

async::Task<std::unique_ptr<Sessions>> Sessions::open(kv::Store& store, env::Random& random, const env::Clock& clock) {
  std::string fresh(32, '\0');
  random.fill(std::as_writable_bytes(std::span(fresh)));
  auto seal = std::make_shared<std::string>();
  kv::Store::Body body = [seal, fresh](kv::Transaction& tx) -> Result<void> {
    GUST_TRY(const auto existing, tx.get(kSealRow));
    *seal = existing.value_or(fresh);
    if (!existing) tx.put(kSealRow, fresh);
    return {};
  };
  GUST_CO_CHECK(co_await store.transact(std::move(body)));
  co_return std::make_unique<Sessions>(std::move(*seal), random, clock);
}

Sessions::Sessions(std::string seal, env::Random& random, const env::Clock& clock)
    : seal_(std::move(seal)), random_(random), clock_(clock) {}

Result<Session> Sessions::issue(const AccountId& account, std::string_view canonical_id, std::string_view role_arn,
                                std::string_view session_name, Millis duration) {
  GUST_TRY(const auto role, role_name(role_arn));
  if (!is_session_name(session_name)) {
    return fail(
        Code::kInvalid,
        fmt::format("'{}' is not a session name: 2 to 64 of letters, digits and _+=,.@- are expected", session_name),
        "session-name");
  }
  Session session;
  session.keys.access_key_id = "ASIA" + random_.pick(16, kUpperAndDigits);
  session.expires = clock_.now() + duration;
  session.principal = {account, session.keys.access_key_id,
                       fmt::format("arn:aws:sts::{}:assumed-role/{}/{}", account, role, session_name),
                       std::string(canonical_id)};
  const auto claims = codec::to_json(json::object{{"key", session.keys.access_key_id},
                                                  {"account", account.str()},
                                                  {"arn", session.principal.arn},
                                                  {"canonical_id", canonical_id},
                                                  {"expires_ms", to_epoch_ms(session.expires)}});
  session.keys.secret = secret_for(seal_, session.keys.access_key_id, claims);
  session.keys.session_token = codec::to_base64(mac_of(seal_, claims) + claims);
  return session;
}

Result<Session> Sessions::open_token(std::string_view access_key_id, std::string_view token) const {
  if (token.size() > kMaxToken) return not_ours();
  const auto bytes = codec::from_base64(token);
  if (!bytes || bytes->size() <= kMacBytes) return not_ours();
  const auto claims = std::string_view(*bytes).substr(kMacBytes);
  if (!codec::equal_in_constant_time(mac_of(seal_, claims), std::string_view(*bytes).substr(0, kMacBytes)))
    return not_ours();
  GUST_TRY(const auto parsed, codec::parse_json(claims));
  const auto text = [&](std::string_view name) { return std::string(parsed.at(name).as_string()); };
  if (text("key") != access_key_id) return not_ours();
  Session session;
  session.expires = from_epoch_ms(parsed.at("expires_ms").to_number<std::int64_t>());
  if (clock_.now() >= session.expires) {
    return fail(Code::kUnauthenticated, "the security token has expired", "token-expired");
  }
  session.principal = {AccountId(text("account")), std::string(access_key_id), text("arn"), text("canonical_id")};
  session.keys = {std::string(access_key_id), secret_for(seal_, access_key_id, claims), std::string(token)};
  return session;
}

}  // namespace gust::auth
