#include "api/s3/encryption.h"

#include "api/s3/configuration_text.h"
#include "auth/authenticator.h"

#include <algorithm>

namespace gust::api {
namespace {

constexpr const char* kMethod = "x-amz-server-side-encryption";

std::unexpected<wire::Fault> refuse(const char* message, std::string value, const char* code = "InvalidArgument") {
  return wire::fault(code, message, {{"ArgumentName", kMethod}, {"ArgumentValue", std::move(value)}}, 400);
}

// Who is on this machine sends nothing over a wire; sandboxes, whose peer has no address, neither.
bool is_private(const wire::Call& call) {
  return !call.tls.empty() || call.peer.empty() || auth::is_loopback(call.peer) ||
         call.headers.get_or("x-forwarded-proto", "") == "https";
}

bool is_blocked(const objects::Bucket& bucket) {
  const auto text = bucket.configuration("encryption");
  if (text.find("SSE-C") == std::string::npos) return false;
  const auto set = from_text<s3::ServerSideEncryptionConfiguration>(text);
  return std::ranges::any_of(set.rules, [](const auto& rule) {
    return rule.blocked_encryption_types && rule.blocked_encryption_types->encryption_type &&
           std::ranges::find(*rule.blocked_encryption_types->encryption_type, "SSE-C") !=
               rule.blocked_encryption_types->encryption_type->end();
  });
}

wire::Reply<void> check_method(const EncryptionHeaders& headers) {
  const auto& method = headers.method;
  const auto given = method.value_or("");
  if (given == "aws:kms" || given == "aws:kms:dsse") {
    return wire::fault(
        "NotImplemented",
        "Server side encryption specified but KMS is not configured: there is no key service. Use AES256, "
        "or keys of your own (x-amz-server-side-encryption-customer-key).",
        {{"Header", kMethod}}, 501);
  }
  if (method && given != "AES256") return refuse("The encryption method specified is not supported", given);
  if (headers.kms_key || headers.kms_context) {
    return refuse(
        "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms",
        given);
  }
  const auto& customer = headers.customer;
  if (method && (customer.algorithm || customer.key || customer.key_md5)) {
    return refuse(
        "Server Side Encryption with Customer provided key is incompatible with the encryption method specified",
        given);
  }
  return {};
}

}  // namespace

wire::Reply<objects::CustomerKey> parse_customer_key(const wire::Call& call, const CustomerHeaders& headers) {
  if (!headers.algorithm && !headers.key && !headers.key_md5) return std::nullopt;
  if (!is_private(call)) {
    return wire::fault(
        "InvalidRequest",
        "Requests specifying Server Side Encryption with Customer provided keys must be made over a secure "
        "connection.",
        {}, 400);
  }
  if (!headers.algorithm) {
    return refuse(
        "Requests specifying Server Side Encryption with Customer provided keys must provide a valid encryption "
        "algorithm.",
        "null");
  }
  if (*headers.algorithm != "AES256") {
    return refuse("The Encryption request you specified is not valid. Supported value: AES256.", *headers.algorithm,
                  "InvalidEncryptionAlgorithmError");
  }
  if (!headers.key) {
    return refuse(
        "Requests specifying Server Side Encryption with Customer provided keys must provide an appropriate secret "
        "key.",
        "null");
  }
  if (!headers.key_md5) {
    return refuse(
        "Requests specifying Server Side Encryption with Customer provided keys must provide the client calculated MD5 "
        "of "
        "the secret key.",
        "null");
  }
  const auto key = codec::from_base64(*headers.key);
  if (!key || key->size() != codec::Key256::kBytes)
    return refuse("The secret key was invalid for the specified algorithm.", "null");
  if (codec::from_base64(*headers.key_md5).value_or("") != codec::digest(codec::DigestKind::kMd5, *key))
    return refuse("The calculated MD5 hash of the key did not match the hash that was provided.", "null");
  return codec::Key256(std::as_bytes(std::span(*key)).first<codec::Key256::kBytes>());
}

wire::Reply<objects::CustomerKey> parse_encryption(const wire::Call& call, const objects::Bucket& bucket,
                                                   const EncryptionHeaders& headers) {
  GUST_CHECK(check_method(headers));
  GUST_TRY(auto key, parse_customer_key(call, headers.customer));
  if (key && is_blocked(bucket)) return wire::fault("AccessDenied", "Access Denied", {}, 403);
  return key;
}

}  // namespace gust::api
