// Policies of the AWS policy language: parsed and checked once, evaluated for every request. No HTTP, no storage, no
// look-up of who exists. Any thread. Source: "IAM JSON policy elements reference" and "Policy evaluation logic", IAM
// user guide. What is taken and what is refused: docs/formats/policy.md.
#pragma once

#include "auth/condition_keys.h"
#include "auth/policy_condition.h"
#include "auth/policy_pattern.h"
#include "auth/policy_principal.h"
#include "base/result.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gust::auth {

enum class PolicyKind {
  kBucket,    // of a bucket: Principal and Resource required, S3's actions on this bucket only
  kResource,  // of another resource (a function): Principal and Resource required
  kTrust,     // of who may become a role: Principal required, no Resource
  kIdentity,  // of a role or user: no Principal, Resource required
};

struct PolicyRules {
  PolicyKind kind = PolicyKind::kResource;
  std::string bucket = {};       // of kBucket
  std::size_t max_bytes = 20480;  // of the document without white space
};

enum class Effect { kAllow, kDeny };

struct PolicyStatement {
  std::string sid;  // or empty
  Effect effect = Effect::kDeny;
  std::optional<PolicyPrincipals> principals;  // none in kIdentity: whoever has the policy
  bool all_actions_but = false;                // NotAction
  std::vector<PolicyPattern> actions;
  bool all_resources_but = false;        // NotResource
  std::vector<PolicyPattern> resources;  // none in kTrust: the role that has the policy
  std::vector<PolicyCondition> conditions;
};

struct Policy {
  std::string version;  // 2008-10-17 or 2012-10-17
  std::string id;       // or empty
  std::vector<PolicyStatement> statements;
};

// kInvalid "policy": the message begins with the words of the service (S3's MalformedPolicy; IAM's for kIdentity), and
// goes on with what was given after a colon.
Result<Policy> parse_policy(std::string_view text, const PolicyRules& rules);

// What is asked; `keys` has what the conditions and variables may name, also who asks (ConditionKeys::add).
struct PolicyRequest {
  Requester who;
  std::string_view action;    // "s3:GetObject"
  std::string_view resource;  // an ARN
  const ConditionKeys& keys;
};

struct Decision {
  enum class Outcome { kNone, kAllow, kDeny };  // kNone: no statement applies
  Outcome outcome = Outcome::kNone;
  const PolicyStatement* statement = nullptr;  // the first that decided; of the policy

  std::string_view sid() const { return statement == nullptr ? std::string_view() : statement->sid; }
};

// A statement that denies decides before all that allow.
Decision evaluate(const Policy& policy, const PolicyRequest& request);
// Of two policies that are asked the same: a denial, else what allows, else none.
Decision stronger(const Decision& left, const Decision& right);

// Whether some statement allows anything to more than fixed principals, and no condition limits it to fixed values.
// Source: "The meaning of public", S3 user guide.
bool is_public(const Policy& policy);
bool is_public(const PolicyStatement& statement);

}  // namespace gust::auth
