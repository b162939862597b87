// Any text as a policy of each kind, asked with the action, the resource and the keys that follow a zero byte, a line
// each; and a pattern, matched in two ways.
#include "auth/policy.h"
#include "fuzz/fuzz.h"

#include <algorithm>

namespace auth = gust::auth;

namespace {

std::string_view line(std::string_view& rest) {
  const auto end = std::min(rest.find('\n'), rest.size());
  const auto out = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return out;
}

void check_pattern(std::string_view pattern, std::string_view text, const auth::ConditionKeys& keys) {
  const auto matched = auth::PolicyPattern(pattern, auth::Wildcards::kMatched, auth::Variables::kText);
  // reach() counts in bytes.
  const auto ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  if (std::ranges::all_of(text, ascii)) GUST_ASSERT(matched.matches(text, keys) == matched.reach(text).itself);
  const auto replaced = auth::PolicyPattern(pattern, auth::Wildcards::kMatched, auth::Variables::kReplaced);
  if (replaced.matches(text, keys)) GUST_ASSERT(replaced.reach(text).itself || !std::ranges::all_of(text, ascii));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = as_text(data, size);
  const auto zero = std::min(input.find('\0'), input.size());
  const auto text = input.substr(0, zero);
  auto rest = input.substr(std::min(zero + 1, input.size()));
  const auto action = line(rest), resource = line(rest), arn = line(rest);
  const auth::Requester who{arn.substr(0, 12), arn, resource, {}, {}};
  auth::ConditionKeys keys;
  keys.add(who);
  for (int i = 0; i < 20 && !rest.empty(); ++i) {
    const auto pair = line(rest);
    const auto equals = std::min(pair.find('='), pair.size());
    keys.add(pair.substr(0, equals), std::string(pair.substr(std::min(equals + 1, pair.size()))));
  }
  check_pattern(action, resource, keys);
  for (const auto kind : {auth::PolicyKind::kBucket, auth::PolicyKind::kResource, auth::PolicyKind::kTrust,
                          auth::PolicyKind::kIdentity}) {
    const auto policy = auth::parse_policy(text, {kind, "b"});
    if (!policy) {
      GUST_ASSERT(policy.error().source == "policy");
      continue;
    }
    const auto decision = auth::evaluate(*policy, {who, action, resource, keys});
    GUST_ASSERT((decision.statement == nullptr) == (decision.outcome == auth::Decision::Outcome::kNone));
    const auto denies = [](const auto& statement) { return statement.effect == auth::Effect::kDeny; };
    if (std::ranges::all_of(policy->statements, denies)) GUST_ASSERT(!auth::is_public(*policy));
    (void)auth::evaluate(*policy, {{}, "s3:GetObject", "arn:aws:s3:::b/x", keys});
  }
  return 0;
}
