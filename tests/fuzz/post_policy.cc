// Any text as the policy of a form, asked with the fields that follow a zero byte, a line each: what a policy allows it
// does not allow with a field more, nor when it has expired.
#include "api/s3/post_policy.h"
#include "codec/base64.h"
#include "fuzz/fuzz.h"

#include <algorithm>

namespace api = gust::api;

namespace {

bool allows(const api::PostPolicy& policy, const api::PostFields& fields, gust::WallTime now) {
  const auto checked = api::check_post_policy(policy, fields, now);
  if (!checked) GUST_ASSERT(checked.error().wire.code == "AccessDenied");
  return checked.has_value();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = as_text(data, size);
  (void)api::parse_post_policy(input);
  const auto zero = std::min(input.find('\0'), input.size());
  const auto policy = api::parse_post_policy(gust::codec::to_base64(input.substr(0, zero)));
  if (!policy) {
    GUST_ASSERT(policy.error().wire.code == "InvalidPolicyDocument");
    return 0;
  }
  api::PostFields fields{{"bucket", "b"}};
  for (auto rest = input.substr(std::min(zero + 1, input.size())); !rest.empty();) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    const auto equals = std::min(line.find('='), line.size());
    fields[std::string(line.substr(0, equals))] = line.substr(std::min(equals + 1, line.size()));
  }
  const auto before = policy->expires - gust::Millis(1);
  if (!allows(*policy, fields, before)) return 0;
  GUST_ASSERT(!allows(*policy, fields, policy->expires));
  constexpr auto kUnknown = "unknown";
  fields[kUnknown] = "";
  const auto knows = [](const auto& condition) { return condition.field == kUnknown; };
  if (std::ranges::none_of(policy->conditions, knows)) GUST_ASSERT(!allows(*policy, fields, before));
  return 0;
}
