// FormSignature: what the fields of an upload's form say of its signature, parsed. Whether the signature is right is
// authenticator.h's. Source: "Authenticating requests: browser-based uploads using POST", S3 API reference, and
// "HTML forms (Signature Version 2)", S3 developer guide. Any thread.
#pragma once

#include "auth/sigv4.h"

#include <functional>
#include <optional>
#include <string>

namespace gust::auth {

struct FormSignature {
  std::string policy;  // base64, as it is signed
  std::string access_key_id;
  std::string signature;
  std::string session_token;    // or empty
  std::optional<Scope> scope;   // of version 4; none of version 2
};

// `field` gives a form's field by its lower-case name. nullopt when the form is not signed. kInvalid, with the field as
// the source, when one is missing or malformed.
using FormField = std::function<std::optional<std::string>(std::string_view name)>;
Result<std::optional<FormSignature>> parse_form_signature(const FormField& field);

}  // namespace gust::auth
