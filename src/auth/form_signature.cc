#include "auth/form_signature.h"

#include "codec/time_format.h"

#include <fmt/format.h>

#include <array>

namespace gust::auth {
namespace {

Result<std::string> need(const FormField& field, std::string_view name, const char* shown) {
  if (auto value = field(name)) return *std::move(value);
  return fail(Code::kInvalid,
              fmt::format("Bucket POST must contain a field named '{}'.  If it is specified, please check the order of "
                          "the fields.",
                          shown),
              shown);
}

std::unexpected<Error> bad_credential(const std::string& given) {
  return fail(Code::kInvalid,
              fmt::format("Error parsing the X-Amz-Credential field; the Credential is mal-formed; expecting "
                          "\"<YOUR-AKID>/YYYYMMDD/REGION/s3/aws4_request\", not \"{}\".",
                          given),
              "X-Amz-Credential");
}

// The access key may have slashes; the four parts after it have none.
Result<void> take_credential(const std::string& text, FormSignature& out) {
  std::array<std::string, 4> parts;
  auto end = text.size();
  for (std::size_t i = parts.size(); i-- > 0;) {
    const auto slash = end == 0 ? std::string::npos : text.rfind('/', end - 1);
    if (slash == std::string::npos) return bad_credential(text);
    parts[i] = text.substr(slash + 1, end - slash - 1);
    end = slash;
  }
  const auto& [date, region, service, last] = parts;
  const bool dated = date.size() == 8 && codec::from_iso8601(date + "T000000Z");
  if (end == 0 || !dated || region.empty() || service != "s3" || last != "aws4_request") return bad_credential(text);
  out.access_key_id = text.substr(0, end);
  out.scope = Scope{date, region, service};
  return {};
}

Result<void> take_v4(const FormField& field, FormSignature& out) {
  GUST_TRY(const auto algorithm, need(field, "x-amz-algorithm", "X-Amz-Algorithm"));
  if (algorithm != kAlgorithm) {
    return fail(Code::kInvalid, fmt::format("X-Amz-Algorithm only supports \"{}\"", kAlgorithm), "X-Amz-Algorithm");
  }
  GUST_TRY(const auto credential, need(field, "x-amz-credential", "X-Amz-Credential"));
  GUST_CHECK(take_credential(credential, out));
  GUST_TRY(const auto date, need(field, "x-amz-date", "X-Amz-Date"));
  if (date.size() != 16 || !codec::from_iso8601(date) || !date.starts_with(out.scope->date)) {
    return fail(Code::kInvalid,
                "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\", of the credential's day.",
                "X-Amz-Date");
  }
  GUST_TRY(out.signature, need(field, "x-amz-signature", "X-Amz-Signature"));
  return {};
}

}  // namespace

Result<std::optional<FormSignature>> parse_form_signature(const FormField& field) {
  bool v4 = false;
  for (const auto* name : {"x-amz-algorithm", "x-amz-credential", "x-amz-signature"}) v4 = v4 || field(name);
  const bool is_signed = v4 || field("awsaccesskeyid") || field("signature");
  if (!is_signed && !field("policy")) return std::nullopt;
  FormSignature out;
  GUST_TRY(out.policy, need(field, "policy", "policy"));
  out.session_token = field("x-amz-security-token").value_or("");
  if (v4) {
    GUST_CHECK(take_v4(field, out));
    return out;
  }
  GUST_TRY(out.access_key_id, need(field, "awsaccesskeyid", "AWSAccessKeyId"));
  GUST_TRY(out.signature, need(field, "signature", "Signature"));
  return out;
}

}  // namespace gust::auth
