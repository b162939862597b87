#include "auth/policy.h"

#include <algorithm>

namespace gust::auth {
namespace {

bool any_matches(const std::vector<PolicyPattern>& patterns, std::string_view text, const ConditionKeys& keys) {
  return std::ranges::any_of(patterns, [&](const PolicyPattern& pattern) { return pattern.matches(text, keys); });
}

bool applies(const PolicyStatement& statement, const PolicyRequest& request) {
  if (any_matches(statement.actions, request.action, request.keys) == statement.all_actions_but) return false;
  if (!statement.resources.empty() &&
      any_matches(statement.resources, request.resource, request.keys) == statement.all_resources_but)
    return false;
  if (statement.principals && !statement.principals->covers(request.who)) return false;
  return std::ranges::all_of(statement.conditions, [&](const PolicyCondition& c) { return c.holds(request.keys); });
}

}  // namespace

Decision evaluate(const Policy& policy, const PolicyRequest& request) {
  Decision decision;
  for (const auto& statement : policy.statements) {
    const bool allows = statement.effect == Effect::kAllow;
    if (allows && decision.outcome == Decision::Outcome::kAllow) continue;
    if (!applies(statement, request)) continue;
    if (!allows) return {Decision::Outcome::kDeny, &statement};
    decision = {Decision::Outcome::kAllow, &statement};
  }
  return decision;
}

Decision stronger(const Decision& left, const Decision& right) { return right.outcome > left.outcome ? right : left; }

}  // namespace gust::auth
