#include "auth/policy_checks.h"

#include "auth/policy_actions.h"
#include "auth/text.h"

#include <fmt/format.h>

#include <algorithm>

namespace gust::auth {
namespace {

const ConditionKeys kNoKeys{};

// What the resources of a statement of a bucket policy may be.
struct Targets {
  bool bucket = false;
  bool objects = false;

  bool have(const S3Action& action) const {
    return (bucket && action.resource == S3Resource::kBucket) || (objects && action.resource == S3Resource::kObject);
  }
};

Result<Targets> targets_of(const PolicyStatement& statement, std::string_view bucket) {
  constexpr std::string_view kPrefix = "arn:aws:s3:::";
  Targets out;
  for (const auto& resource : statement.resources) {
    const auto arn = fmt::format("{}{}", kPrefix, bucket);
    const auto objects = resource.reach(arn + "/");
    const Targets one{resource.reach(arn).itself, objects.itself || objects.longer};
    if (!resource.text().starts_with(kPrefix) || (!one.bucket && !one.objects))
      return malformed("Policy has invalid resource", resource.text());
    out = {out.bucket || one.bucket, out.objects || one.objects};
  }
  return statement.all_resources_but ? Targets{true, true} : out;
}

// One action of a statement on a bucket, with the statement's resources and conditions.
Result<void> check_bucket_action(const PolicyPattern& pattern, const PolicyStatement& statement, Targets targets) {
  std::vector<const S3Action*> actions;
  for (const auto& action : s3_actions()) {
    if (pattern.matches(action.name, kNoKeys)) actions.push_back(&action);
  }
  if (actions.empty()) return malformed("Policy has invalid action", pattern.text());
  if (statement.all_actions_but) return {};
  std::erase_if(actions, [&](const S3Action* action) { return !targets.have(*action); });
  if (actions.empty()) return malformed("Action does not apply to any resource(s) in statement", pattern.text());
  for (const auto& condition : statement.conditions) {
    const auto groups = s3_key_groups(condition.key());
    if (groups == 0 || groups == kS3AnyAction) continue;
    if (std::ranges::none_of(actions, [&](const S3Action* action) { return (action->keys & groups) != 0; })) {
      return malformed("Conditions do not apply to combination of actions and resources in statement",
                       fmt::format("{} has no {}", pattern.text(), condition.key()));
    }
  }
  return {};
}

Result<void> check_bucket_statement(const PolicyStatement& statement, std::string_view bucket) {
  GUST_TRY(const auto targets, targets_of(statement, bucket));
  for (const auto& action : statement.actions) GUST_CHECK(check_bucket_action(action, statement, targets));
  return {};
}

// "*", or "service:Name" with wildcards in the name.
bool is_action(std::string_view text) {
  if (text == "*" || text == "*:*") return true;
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size()) return false;
  const auto letter = [](char c) { return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '-'; };
  const auto in_name = [&](char c) { return letter(c) || c == '*' || c == '?' || c == '_' || c == '.'; };
  return std::ranges::all_of(text.substr(0, colon), letter) && std::ranges::all_of(text.substr(colon + 1), in_name);
}

// "*", or six parts of which only the last has variables.
bool is_resource(std::string_view text) {
  if (text == "*") return true;
  if (!text.starts_with("arn:")) return false;
  std::size_t at = 0;
  for (int i = 0; i < 5; ++i) {
    const auto colon = text.find(':', at);
    if (colon == std::string_view::npos) return false;
    if (text.substr(at, colon - at).find('$') != std::string_view::npos) return false;
    at = colon + 1;
  }
  return at < text.size();
}

constexpr std::string_view kVendor = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";

}  // namespace

std::unexpected<Error> malformed(std::string_view words, std::string_view given) {
  const std::string_view between = given.empty() ? "" : words.ends_with('.') ? " " : ": ";
  return fail(Code::kInvalid, fmt::format("{}{}{}", words, between, given), "policy");
}

Result<void> check_condition_key(std::string_view key, PolicyKind kind) {
  const bool has_vendor = key.find(':') != std::string_view::npos && !key.starts_with(':');
  if (kind != PolicyKind::kBucket) return has_vendor ? Result<void>() : malformed(kVendor, key);
  const auto name = lower_ascii(key);
  if (!has_vendor || (name.starts_with("s3:") && s3_key_groups(name) == 0))
    return malformed("Policy has an invalid condition key", key);
  return {};
}

Result<void> check_statement(const PolicyStatement& statement, const PolicyRules& rules) {
  if (rules.kind == PolicyKind::kBucket) return check_bucket_statement(statement, rules.bucket);
  const bool of_identity = rules.kind == PolicyKind::kIdentity;
  for (const auto& action : statement.actions) {
    if (!is_action(action.text())) return malformed(of_identity ? kVendor : "Policy has invalid action", action.text());
  }
  for (const auto& resource : statement.resources) {
    if (is_resource(resource.text())) continue;
    if (!of_identity) return malformed("Policy has invalid resource", resource.text());
    return malformed(fmt::format("Resource {} must be in ARN format or \"*\".", resource.text()));
  }
  return {};
}

}  // namespace gust::auth
