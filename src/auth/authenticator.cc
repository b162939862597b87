#include "auth/authenticator.h"

#include "auth/streaming.h"
#include "auth/text.h"
#include "codec/digest.h"

#include <fmt/format.h>

#include <algorithm>

namespace gust::auth {
namespace {

constexpr Millis kMaxSkew{15 * 60 * 1000};
constexpr std::string_view kDevKey = "test";

Principal root_principal(const Accounts::Key& key) {
  return {key.account, key.keys.access_key_id, fmt::format("arn:aws:iam::{}:root", key.account), key.canonical_id};
}

// Host must be signed always; S3 wants every x-amz-* header signed too, so that none can be added on the way.
Result<void> check_signed_headers(const Authorization& authorization, const http::Headers& headers) {
  const auto is_signed = [&](std::string_view name) {
    return std::ranges::binary_search(authorization.signed_headers, name);
  };
  if (!is_signed("host")) {
    return fail(Code::kDenied, "the Host header must be one of the signed headers", "unsigned-header");
  }
  if (path_style(authorization.scope.service) != PathStyle::kObject) return {};
  for (const auto& [name, value] : headers.all()) {
    if (starts_named(name, "x-amz-") && !is_signed(lower_ascii(name))) {
      return fail(Code::kDenied,
                  fmt::format("There were headers present in the request which were not signed: {}", name),
                  "unsigned-header");
    }
  }
  return {};
}

Result<void> check_service(const Authorization& authorization, std::string_view service) {
  if (service.empty() || service == authorization.scope.service) return {};
  return fail(Code::kInvalid,
              fmt::format("the credential is scoped to the service '{}'; '{}' is expected here",
                          authorization.scope.service, service),
              authorization.mechanism == Mechanism::kHeader ? "authorization" : "authorization-query");
}

}  // namespace

bool is_loopback(std::string_view peer) {
  if (peer.starts_with("::ffff:")) peer.remove_prefix(7);
  return peer == "::1" || peer.starts_with("127.");
}

Authenticator::Authenticator(Accounts& accounts, const Sessions& sessions, const env::Clock& clock,
                             AuthSettings settings)
    : accounts_(accounts), sessions_(sessions), clock_(clock), settings_(settings) {}

async::Task<Principal> Authenticator::authenticate(RequestContext context, http::Request& request,
                                                   std::string service) {
  GUST_CO_TRY(auto old, parse_query_v2(request));
  if (old && (service.empty() || service == "s3") && !request.headers.contains("authorization")) {
    auto query = std::move(*old);
    co_return co_await authenticate_v2(request, std::move(query));
  }
  GUST_CO_TRY(auto parsed, parse_authorization(request));
  if (!parsed) {
    GUST_CO_CHECK(wrap_unsigned(request));
    co_return Principal{};
  }
  const Authorization authorization = std::move(*parsed);
  GUST_CO_CHECK(check_service(authorization, service));
  GUST_CO_CHECK(check_times(authorization));
  GUST_CO_CHECK(check_signed_headers(authorization, request.headers));
  GUST_CO_TRY(auto signer,
              co_await find_signer(authorization.access_key_id, authorization.session_token, request.peer));
  GUST_CO_TRY(const auto hash, co_await payload_hash(authorization, request));

  GUST_CO_TRY(const auto canonical,
              canonical_request(request, authorization.signed_headers, hash, path_style(authorization.scope.service)));
  const auto key = signing_keys_.get(authorization.access_key_id, signer.keys.secret, authorization.scope);
  const auto to_sign = string_to_sign(authorization.timestamp, authorization.scope, canonical);
  if (!codec::equal_in_constant_time(signature(key, to_sign), authorization.signature)) {
    co_return fail(Code::kDenied,
                   "The request signature we calculated does not match the signature you provided. Check your key and "
                   "signing method.",
                   "signature");
  }
  const ChunkSigning signing{key, authorization.timestamp, authorization.scope.str(), authorization.signature};
  GUST_CO_CHECK(wrap_signed(request, hash, signing));
  co_return std::move(signer.principal);
}

async::Task<Principal> Authenticator::authenticate_v2(http::Request& request, QueryV2 query) {
  if (clock_.now() > query.expires_at) co_return fail(Code::kDenied, "Request has expired", "expired");
  GUST_CO_TRY(auto signer, co_await find_signer(query.access_key_id, query.session_token, request.peer));
  GUST_CO_TRY(const auto right, signatures_v2(request, query, signer.keys.secret));
  for (const auto& one : right) {
    if (!codec::equal_in_constant_time(one, query.signature)) continue;
    GUST_CO_CHECK(wrap_unsigned(request));
    co_return std::move(signer.principal);
  }
  co_return fail(Code::kDenied,
                 "The request signature we calculated does not match the signature you provided. Check your key and "
                 "signing method.",
                 "signature");
}

async::Task<Principal> Authenticator::authenticate_form(FormSignature form, std::string peer) {
  GUST_CO_TRY(auto signer, co_await find_signer(form.access_key_id, form.session_token, std::move(peer)));
  const auto right = form.scope ? signature(signing_keys_.get(form.access_key_id, signer.keys.secret, *form.scope),
                                            form.policy)
                                : policy_signature_v2(form.policy, signer.keys.secret);
  if (codec::equal_in_constant_time(right, form.signature)) co_return std::move(signer.principal);
  co_return fail(Code::kDenied,
                 "The request signature we calculated does not match the signature you provided. Check your key and "
                 "signing method.",
                 "signature");
}

async::Task<Principal> Authenticator::check_keys(Keys keys, std::string peer) {
  auto signer = co_await find_signer(keys.access_key_id, keys.session_token, std::move(peer));
  if (!signer && signer.error().code != Code::kUnauthenticated) co_return std::unexpected(std::move(signer).error());
  // Hashes, for a comparison of secrets of two lengths would end early.
  const auto given = codec::sha256_hex(keys.secret);
  const auto right = codec::sha256_hex(signer ? signer->keys.secret : "");
  if (signer && codec::equal_in_constant_time(given, right)) co_return std::move(signer->principal);
  co_return fail(Code::kDenied, "the access key and its secret do not belong together", "signature");
}

async::Task<Authenticator::Signer> Authenticator::find_signer(std::string access_key_id, std::string session_token,
                                                              std::string peer) {
  const auto& id = access_key_id;
  if (id == kDevKey && settings_.dev_keys == DevKeys::kOnLoopback && is_loopback(peer)) {
    AccountId root_id{std::string(kDefaultAccount)};
    GUST_CO_TRY(const auto root, co_await accounts_.find(std::move(root_id)));
    if (root) {
      Accounts::Key key{{id, std::string(kDevKey), {}}, root->id, root->canonical_id};
      co_return Signer{key.keys, root_principal(key)};
    }
  }
  if (!session_token.empty()) {
    GUST_CO_TRY(auto session, sessions_.open_token(id, session_token));
    co_return Signer{std::move(session.keys), std::move(session.principal)};
  }
  GUST_CO_TRY(auto key, co_await accounts_.find_key(id));
  if (!key) {
    co_return fail(Code::kUnauthenticated, fmt::format("The access key '{}' does not exist in our records.", id),
                   "access-key");
  }
  co_return Signer{key->keys, root_principal(*key)};
}

Result<void> Authenticator::check_times(const Authorization& authorization) const {
  const auto now = clock_.now();
  if (authorization.mechanism == Mechanism::kQuery) {
    if (authorization.signed_at > now + kMaxSkew) return fail(Code::kDenied, "Request is not valid yet", "expired");
    if (now > authorization.signed_at + authorization.expires)
      return fail(Code::kDenied, "Request has expired", "expired");
    return {};
  }
  if (authorization.signed_at > now + kMaxSkew || authorization.signed_at < now - kMaxSkew) {
    return fail(Code::kDenied, "The difference between the request time and the current time is too large.",
                "clock-skew");
  }
  return {};
}

// S3 clients say in a header what they signed. Others may sign the body's hash without sending it: then the body is
// read and hashed before anything is believed.
async::Task<std::string> Authenticator::payload_hash(const Authorization& authorization, http::Request& request) {
  if (!authorization.payload_hash.empty()) co_return authorization.payload_hash;
  const bool object = path_style(authorization.scope.service) == PathStyle::kObject;
  if (object && authorization.mechanism == Mechanism::kQuery) co_return std::string(kUnsignedPayload);
  if (object) {
    co_return fail(Code::kInvalid, "Missing required header for this request: x-amz-content-sha256", "content-sha256");
  }
  GUST_CO_TRY(auto body, co_await async::read_all(*request.body, settings_.max_hashed_body));
  auto hash = codec::sha256_hex(body);
  request.content_length = body.size();
  request.body = async::from_string(std::move(body));
  co_return hash;
}

}  // namespace gust::auth
