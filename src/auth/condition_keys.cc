#include "auth/condition_keys.h"

#include "auth/text.h"
#include "codec/time_format.h"

#include <fmt/format.h>

#include <algorithm>

namespace gust::auth {
namespace {

// What follows `part` in `text`.
std::optional<std::string_view> after(std::string_view text, std::string_view part) {
  const auto at = text.find(part);
  if (at == std::string_view::npos) return std::nullopt;
  return text.substr(at + part.size());
}

}  // namespace

Requester requester(const Principal& principal) {
  if (principal.anonymous()) return {};
  return {principal.account.str(), principal.arn, principal.canonical_id, {}, {}};
}

void ConditionKeys::add(std::string_view name, std::string value) {
  Key key{lower_ascii(name), std::move(value)};
  const auto at = std::ranges::upper_bound(keys_, key.name, {}, &Key::name);
  keys_.insert(at, std::move(key));
}

void ConditionKeys::add(const Requester& who) {
  add("aws:PrincipalIsAWSService", who.service.empty() ? "false" : "true");
  if (!who.service.empty()) return add("aws:PrincipalServiceName", std::string(who.service));
  if (who.anonymous()) {
    add("aws:PrincipalType", "Anonymous");
    return add("aws:userid", "anonymous");
  }
  if (!who.account.empty()) add("aws:PrincipalAccount", std::string(who.account));
  if (const auto session = after(who.arn, ":assumed-role/")) {
    const auto role = session->substr(0, session->find('/'));
    const auto partition = who.arn.substr(4, who.arn.find(':', 4) - 4);
    add("aws:PrincipalArn", fmt::format("arn:{}:iam::{}:role/{}", partition, who.account, role));
    return add("aws:PrincipalType", "AssumedRole");
  }
  if (!who.arn.empty()) add("aws:PrincipalArn", std::string(who.arn));
  if (const auto user = after(who.arn, ":user/")) {
    add("aws:PrincipalType", "User");
    add("aws:username", std::string(user->substr(user->rfind('/') + 1)));
  } else if (after(who.arn, ":federated-user/")) {
    add("aws:PrincipalType", "FederatedUser");
  } else if (who.arn.ends_with(":root")) {
    add("aws:PrincipalType", "Account");
    add("aws:userid", std::string(who.account));
  }
}

void ConditionKeys::add(WallTime now) {
  add("aws:CurrentTime", codec::to_iso8601(now));
  add("aws:EpochTime", fmt::to_string(to_epoch_ms(now) / 1000));
}

std::span<const ConditionKeys::Key> ConditionKeys::find(std::string_view name) const {
  const auto found = std::ranges::equal_range(keys_, name, {}, &Key::name);
  return {found.begin(), found.end()};
}

std::optional<std::string_view> ConditionKeys::single(std::string_view name) const {
  const auto found = find(name);
  if (found.size() != 1) return std::nullopt;
  return found.front().value;
}

}  // namespace gust::auth
