#include "auth/policy_principal.h"

#include "base/ids.h"

#include <fmt/format.h>

#include <algorithm>

namespace gust::auth {
namespace {

bool is_account(std::string_view text) {
  return text.size() == 12 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool has_wildcard(std::string_view text) { return text.find_first_of("*?") != std::string_view::npos; }

// "role/path/NAME" -> "path/NAME"; nullopt when the resource is of another kind or has no name.
std::optional<std::string_view> name_after(std::string_view resource, std::string_view kind) {
  if (!resource.starts_with(kind) || resource.size() == kind.size()) return std::nullopt;
  return resource.substr(kind.size());
}

bool is_canonical_id(std::string_view text) {
  const auto hexadecimal = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return text.size() >= 64 && std::ranges::all_of(text, hexadecimal);
}

// A principal's ARN: a user, a role, a session, or the user by whom CloudFront reads.
bool names_principal(const Arn& arn) {
  if (!arn.region.empty() || has_wildcard(arn.str())) return false;
  if (arn.service == "iam") {
    if (arn.account == "cloudfront") return name_after(arn.resource, "user/").has_value();
    return is_account(arn.account) && (name_after(arn.resource, "user/") || name_after(arn.resource, "role/"));
  }
  if (arn.service != "sts" || !is_account(arn.account)) return false;
  if (name_after(arn.resource, "federated-user/")) return true;
  const auto session = name_after(arn.resource, "assumed-role/");
  return session && session->find('/') != std::string_view::npos && !session->ends_with('/');
}

// Whether `arn` is a session of the role that `role` names; a session has no path of its role.
bool is_session_of(std::string_view arn, std::string_view role) {
  const auto role_at = role.find(":role/");
  constexpr std::string_view kSession = ":assumed-role/";
  const auto session_at = arn.find(kSession);
  if (role_at == std::string_view::npos || session_at == std::string_view::npos) return false;
  const auto account = [](std::string_view text, std::size_t end) {
    const auto start = end - std::min<std::size_t>(end, 12);
    return text.substr(start, end - start);
  };
  if (account(role, role_at) != account(arn, session_at)) return false;
  const auto session = arn.substr(session_at + kSession.size());
  const auto name = role.substr(role.rfind('/') + 1);
  return session.starts_with(name) && session.substr(name.size()).starts_with('/');
}

bool contains(const std::vector<std::string>& list, std::string_view text) {
  return !text.empty() && std::ranges::find(list, text) != list.end();
}

std::unexpected<Error> invalid_principal(std::string_view type, std::string_view name) {
  return fail(Code::kInvalid, fmt::format("Invalid principal in policy: \"{}\" : \"{}\"", type, name), "policy");
}

}  // namespace

std::optional<std::vector<std::string>> texts_of(const codec::json::value& value) {
  if (const auto* text = value.if_string()) return std::vector{std::string(*text)};
  const auto* list = value.if_array();
  if (list == nullptr || list->empty()) return std::nullopt;
  std::vector<std::string> out;
  for (const auto& item : *list) {
    const auto* text = item.if_string();
    if (text == nullptr) return std::nullopt;
    out.emplace_back(*text);
  }
  return out;
}

Result<PolicyPrincipals> PolicyPrincipals::parse(const codec::json::value& value, Sense sense) {
  PolicyPrincipals out;
  out.sense_ = sense;
  if (const auto* text = value.if_string()) {
    out.everyone_ = *text == "*";
    if (out.everyone_) return out;
    return fail(Code::kInvalid, fmt::format("Invalid principal in policy: {}", codec::to_json(value)), "policy");
  }
  const auto* object = value.if_object();
  if (object == nullptr) return fail(Code::kInvalid, "Invalid policy syntax.", "policy");
  if (object->empty()) return fail(Code::kInvalid, "Invalid principal in policy: {}", "policy");
  for (const auto& member : *object) GUST_CHECK(out.add(member.key(), member.value()));
  return out;
}

Result<void> PolicyPrincipals::add(std::string_view type, const codec::json::value& value) {
  const auto names = texts_of(value);
  if (!names) return invalid_principal(type, codec::to_json(value));
  for (const auto& name : *names) GUST_CHECK(add_one(type, name));
  return {};
}

Result<void> PolicyPrincipals::add_one(std::string_view type, std::string_view name) {
  if (type == "AWS") {
    if (name == "*") {
      everyone_ = true;
    } else if (is_account(name)) {
      accounts_.emplace_back(name);
    } else {
      const auto arn = Arn::parse(name);
      if (!arn) return invalid_principal(type, name);
      if (arn->service == "iam" && arn->region.empty() && is_account(arn->account) && arn->resource == "root") {
        accounts_.push_back(arn->account);
      } else if (names_principal(*arn)) {
        arns_.emplace_back(name);
      } else {
        return invalid_principal(type, name);
      }
    }
  } else if (name.empty() || has_wildcard(name)) {
    return invalid_principal(type, name);
  } else if (type == "CanonicalUser" && is_canonical_id(name)) {
    canonical_ids_.emplace_back(name);
  } else if (type == "Service" && name.find('.') != std::string_view::npos) {
    services_.emplace_back(name);
  } else if (type == "Federated") {
    federated_.emplace_back(name);
  } else {
    return invalid_principal(type, name);
  }
  return {};
}

// The requester itself is on the list.
bool PolicyPrincipals::names(const Requester& who) const {
  if (everyone_) return true;
  if (contains(services_, who.service) || contains(federated_, who.federated) || contains(arns_, who.arn)) return true;
  if (!who.arn.ends_with(":root")) return false;
  return contains(accounts_, who.account) || contains(canonical_ids_, who.canonical_id);
}

// The requester, its role or its account is on the list.
bool PolicyPrincipals::includes(const Requester& who) const {
  if (names(who) || contains(accounts_, who.account) || contains(canonical_ids_, who.canonical_id)) return true;
  return std::ranges::any_of(arns_, [&](const std::string& arn) { return is_session_of(who.arn, arn); });
}

bool PolicyPrincipals::covers(const Requester& who) const {
  return sense_ == Sense::kThese ? includes(who) : !names(who);
}

}  // namespace gust::auth
