// PolicyPrincipals: whom a statement is about: its Principal or NotPrincipal. Whether they exist is not looked up. Any
// thread. Source: "AWS JSON policy elements: Principal" and "NotPrincipal", IAM user guide.
#pragma once

#include "auth/condition_keys.h"
#include "base/result.h"
#include "codec/json.h"

#include <string>
#include <string_view>
#include <vector>

namespace gust::auth {

class PolicyPrincipals {
 public:
  enum class Sense { kThese, kAllBut };  // Principal, NotPrincipal

  // "*" or {"AWS" | "CanonicalUser" | "Service" | "Federated": text or list}. kInvalid "policy".
  static Result<PolicyPrincipals> parse(const codec::json::value& value, Sense sense);

  // kThese: an account's id or root ARN is everyone of that account, a role's ARN also its sessions. kAllBut: each
  // entry exempts only whom it names, an account its root and a role no session, as the service has it.
  bool covers(const Requester& who) const;

  // One "AWS", "CanonicalUser" or "Service" each, and no "*".
  bool are_fixed() const { return sense_ == Sense::kThese && !everyone_ && federated_.empty(); }

 private:
  Result<void> add(std::string_view type, const codec::json::value& value);
  Result<void> add_one(std::string_view type, std::string_view name);
  bool names(const Requester& who) const;
  bool includes(const Requester& who) const;

  Sense sense_ = Sense::kThese;
  bool everyone_ = false;
  std::vector<std::string> accounts_;
  std::vector<std::string> arns_;  // of users, roles and sessions
  std::vector<std::string> canonical_ids_;
  std::vector<std::string> services_;
  std::vector<std::string> federated_;
};

// The texts of a text or of a list of texts; nullopt when it is neither, or an empty list.
std::optional<std::vector<std::string>> texts_of(const codec::json::value& value);

}  // namespace gust::auth
