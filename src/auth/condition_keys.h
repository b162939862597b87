// ConditionKeys: what a request is known by when policies are evaluated: names and values for their conditions and
// variables. One thread while it is filled, any thread afterwards.
#pragma once

#include "base/context.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gust::auth {

// Who asks, in the words of policies; views of what outlives the evaluation. Anonymous when all are empty.
struct Requester {
  std::string_view account;       // 12 digits
  std::string_view arn;           // of iam (root, user, role) or sts (assumed-role, federated-user)
  std::string_view canonical_id;  // 64 hexadecimal digits
  std::string_view service;       // "lambda.amazonaws.com", when a service asks for itself
  std::string_view federated;     // "accounts.google.com", when a provider's user asks for a role

  bool anonymous() const { return account.empty() && arn.empty() && service.empty() && federated.empty(); }
};

// `principal` outlives the result.
Requester requester(const Principal& principal);

class ConditionKeys {
 public:
  struct Key {
    std::string name;  // lower-case
    std::string value;
  };

  // Names are the same in any case, also the key of a tag after the slash. A repeated name has several values.
  void add(std::string_view name, std::string value);
  // Who asks: aws:PrincipalArn (a session's is its role's), -Account, -Type, -IsAWSService, -ServiceName, aws:username
  // of a user; aws:userid of an account and of nobody, for Gust has no unique ids of users and roles.
  void add(const Requester& who);
  // aws:CurrentTime and aws:EpochTime.
  void add(WallTime now);

  // `name` is lower-case.
  std::span<const Key> find(std::string_view name) const;
  // The value of a key that has exactly one.
  std::optional<std::string_view> single(std::string_view name) const;

 private:
  std::vector<Key> keys_;  // by name
};

}  // namespace gust::auth
