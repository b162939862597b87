// Authenticator: finds out who signed a request, and makes its body check itself. Who may do what is authorize.h's.
// Loop thread only.
//
// Error.source tells api/ which wire code to answer:
//   authorization (kInvalid)        the Authorization header is malformed, or its scope is not of this service
//   authorization-query (kInvalid)  the same for a presigned URL
//   two-mechanisms (kInvalid), algorithm (kUnsupported)
//   access-key (kUnauthenticated)   no such access key
//   token, token-expired (kUnauthenticated)
//   signature (kDenied)             also from read(): a chunk or trailer signature
//   clock-skew (kDenied)            more than 15 minutes off
//   expired (kDenied)               a presigned URL after its time, or before it
//   unsigned-header (kDenied)       Host, or for S3 an x-amz-* header, is present and not signed
//   content-sha256 (kInvalid)       header absent (S3) or malformed; from read(): the body is another one
//   decoded-length (kInvalid)       x-amz-decoded-content-length is absent, malformed or, from read(), wrong
//   body (kTooLarge)                a body that has to be hashed before it is used is too large
// and from read() only, all kInvalid: chunk, incomplete-body, trailer, trailer-checksum.
#pragma once

#include "async/task.h"
#include "auth/accounts.h"
#include "auth/authorization.h"
#include "auth/form_signature.h"
#include "auth/sessions.h"
#include "auth/signing_key_cache.h"
#include "auth/sigv2.h"
#include "http/message.h"

namespace gust::auth {

enum class DevKeys { kRefused, kOnLoopback };

struct AuthSettings {
  DevKeys dev_keys = DevKeys::kRefused;                 // test/test is the root account, for peers on loopback
  std::size_t max_hashed_body = std::size_t{96} << 20;  // of services whose clients send no x-amz-content-sha256
};

class Authenticator {
 public:
  // All but `settings` outlive this.
  Authenticator(Accounts& accounts, const Sessions& sessions, const env::Clock& clock, AuthSettings settings);

  // Who signed; anonymous when nothing is signed. `service` is the signing name that the request must be scoped to
  // ("s3", "lambda"); empty takes the scope's own. On success request.body checks itself: it must be read until read()
  // answers 0, which is when hashes, chunk signatures and trailing checksums are verified; content_length is the
  // decoded one, aws-chunked is gone from Content-Encoding, trailers arrive in request.trailers. `request` outlives the
  // task.
  async::Task<Principal> authenticate(RequestContext context, http::Request& request, std::string service = {});
  // Who signed the policy of an upload's form. What the policy says is not looked at.
  async::Task<Principal> authenticate_form(FormSignature form, std::string peer);
  // Whose keys these are, with the secret itself instead of a signature. kDenied "signature" both for another secret
  // and for an access key that does not exist.
  async::Task<Principal> check_keys(Keys keys, std::string peer);

 private:
  struct Signer {
    Keys keys;
    Principal principal;
  };
  async::Task<Principal> authenticate_v2(http::Request& request, QueryV2 query);
  async::Task<Signer> find_signer(std::string access_key_id, std::string session_token, std::string peer);
  Result<void> check_times(const Authorization& authorization) const;
  async::Task<std::string> payload_hash(const Authorization& authorization, http::Request& request);

  Accounts& accounts_;
  const Sessions& sessions_;
  const env::Clock& clock_;
  AuthSettings settings_;
  SigningKeyCache signing_keys_;
};

// 127.0.0.0/8, ::1 and their mapped forms.
bool is_loopback(std::string_view peer);

}  // namespace gust::auth
