// "The meaning of public": a policy is public until every grant in it is to fixed values.
#include "auth/policy.h"
#include "base/ids.h"

#include <algorithm>
#include <array>

namespace gust::auth {
namespace {

// Keys of which a fixed value says who asks, or on whose behalf.
constexpr std::array<std::string_view, 13> kLimiting = {
    "aws:principalarn",     "aws:principalaccount", "aws:principalorgid", "aws:principalservicename", "aws:sourcearn",
    "aws:sourceaccount",    "aws:sourceowner",      "aws:sourceorgid",    "aws:sourcevpc",            "aws:sourcevpce",
    "aws:userid",           "s3:dataaccesspointaccount",
    "s3:x-amz-server-side-encryption-aws-kms-key-id"};

bool is_fixed(std::string_view text) {
  constexpr auto kNone = std::string_view::npos;
  return !text.empty() && text.find_first_of("*?") == kNone && text.find("${") == kNone;
}

// Ranges broader than /8 of IPv4 and /32 of IPv6 count as everyone.
bool is_narrow(const std::string& text) {
  const auto network = Network::parse(text);
  return network && network->bits >= (network->family == 4 ? 8 : 32);
}

// The name of an access point may have wildcards while its account is fixed.
bool has_fixed_account(const std::string& text) {
  const auto arn = Arn::parse(text);
  return arn && arn->account.size() == 12 && is_fixed(arn->account);
}

bool limits(const PolicyCondition& condition) {
  if (!condition.requires_a_value()) return false;
  const auto& key = condition.key();
  const auto& values = condition.values();
  using Kind = PolicyCondition::Kind;
  if (condition.kind() == Kind::kIp) return key == "aws:sourceip" && std::ranges::all_of(values, is_narrow);
  if (condition.kind() != Kind::kString && condition.kind() != Kind::kArn) return false;
  if (key == "s3:dataaccesspointarn") return std::ranges::all_of(values, has_fixed_account);
  return std::ranges::find(kLimiting, key) != kLimiting.end() && std::ranges::all_of(values, is_fixed);
}

}  // namespace

bool is_public(const PolicyStatement& statement) {
  if (statement.effect == Effect::kDeny || !statement.principals || statement.principals->are_fixed()) return false;
  return std::ranges::none_of(statement.conditions, limits);
}

bool is_public(const Policy& policy) {
  return std::ranges::any_of(policy.statements, [](const PolicyStatement& s) { return is_public(s); });
}

}  // namespace gust::auth
