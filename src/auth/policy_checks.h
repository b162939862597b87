// Checks of a parsed statement by its policy's kind, and how a policy's faults are told. Only for policy_*.cc.
#pragma once

#include "auth/policy.h"

namespace gust::auth {

// kInvalid "policy": `words` are the service's own, `given` is what they are about.
std::unexpected<Error> malformed(std::string_view words, std::string_view given = {});

// Actions, resources and conditions, and whether they go together.
Result<void> check_statement(const PolicyStatement& statement, const PolicyRules& rules);

// Whether a policy of this kind may have the condition key, in any case.
Result<void> check_condition_key(std::string_view key, PolicyKind kind);

}  // namespace gust::auth
