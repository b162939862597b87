#include "auth/policy.h"
#include "auth/policy_checks.h"
#include "codec/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace gust::auth {
namespace {

using codec::json::array;
using codec::json::object;
using codec::json::value;

constexpr std::string_view kSyntax = "Invalid policy syntax.";
constexpr std::size_t kMaxDepth = 16;  // a condition's value is 6 deep

// The parser keeps the last of two members of one name. Which one holds must not be guessed, so that they are refused:
// a document of the parsed form has as many members as colons outside its texts.
std::size_t colons(std::string_view text) {
  std::size_t count = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quoted && text[i] == '\\') ++i;
    else if (text[i] == '"') quoted = !quoted;
    else if (!quoted && text[i] == ':') ++count;
  }
  return count;
}

std::size_t members(const value& document) {
  std::size_t count = 0;
  if (const auto* list = document.if_array()) {
    for (const auto& item : *list) count += members(item);
  } else if (const auto* fields = document.if_object()) {
    for (const auto& field : *fields) count += 1 + members(field.value());
  }
  return count;
}

// An element that has a "Not" form: which of the two is there, if any.
struct Element {
  const value* given = nullptr;
  bool all_but = false;
};

Result<Element> element(const object& statement, std::string_view name) {
  const auto* plain = statement.if_contains(name);
  const auto* inverse = statement.if_contains(fmt::format("Not{}", name));
  if (plain != nullptr && inverse != nullptr)
    return malformed(kSyntax, fmt::format("{0} and Not{0} in one statement", name));
  return Element{plain != nullptr ? plain : inverse, inverse != nullptr};
}

Result<std::vector<PolicyPattern>> patterns(const Element& element, std::string_view name, Variables variables,
                                            Case letters) {
  const auto texts = texts_of(*element.given);
  if (!texts) return malformed(kSyntax, fmt::format("{}: {}", name, codec::to_json(*element.given)));
  std::vector<PolicyPattern> out;
  for (const auto& text : *texts) out.emplace_back(text, Wildcards::kMatched, variables, letters);
  return out;
}

// Texts, numbers and booleans, in a list or alone; quotation marks are optional.
Result<std::vector<std::string>> condition_values(const value& given) {
  std::vector<std::string> out;
  const auto add = [&](const value& one) {
    if (const auto* text = one.if_string()) out.emplace_back(*text);
    else if (one.is_number() || one.is_bool()) out.push_back(codec::to_json(one));
    else return false;
    return true;
  };
  bool right = false;
  if (const auto* list = given.if_array()) right = !list->empty() && std::ranges::all_of(*list, add);
  else right = add(given);
  if (!right) return malformed(kSyntax, fmt::format("Condition: {}", codec::to_json(given)));
  return out;
}

Result<std::vector<PolicyCondition>> parse_conditions(const value& given, PolicyKind kind, Variables variables) {
  std::vector<PolicyCondition> out;
  const auto* types = given.if_object();
  if (types == nullptr) return malformed(kSyntax, fmt::format("Condition: {}", codec::to_json(given)));
  for (const auto& type : *types) {
    const auto* keys = type.value().if_object();
    if (keys == nullptr) return malformed(kSyntax, fmt::format("Condition: {}", codec::to_json(type.value())));
    for (const auto& key : *keys) {
      GUST_TRY(const auto values, condition_values(key.value()));
      GUST_TRY(auto condition, PolicyCondition::parse(type.key(), key.key(), values, variables));
      GUST_CHECK(check_condition_key(key.key(), kind));
      out.push_back(std::move(condition));
    }
  }
  return out;
}

Result<void> parse_effect(const object& given, PolicyStatement& out) {
  const auto* effect = given.if_contains("Effect");
  if (effect == nullptr) return malformed("Missing required field Effect");
  if (!effect->is_string()) return malformed(kSyntax, fmt::format("Effect: {}", codec::to_json(*effect)));
  const std::string_view text = effect->get_string();
  if (text != "Allow" && text != "Deny") return malformed(fmt::format("Invalid effect: {}", text));
  out.effect = text == "Allow" ? Effect::kAllow : Effect::kDeny;
  return {};
}

Result<void> parse_principals(const object& given, PolicyKind kind, PolicyStatement& out) {
  GUST_TRY(const auto principal, element(given, "Principal"));
  if (kind == PolicyKind::kIdentity) {
    if (principal.given == nullptr) return {};
    return malformed("Policy document should not specify a principal.");
  }
  if (principal.given == nullptr) return malformed("Missing required field Principal");
  if (kind == PolicyKind::kBucket && principal.all_but && out.effect == Effect::kAllow)
    return malformed("Invalid principal in policy", "NotPrincipal goes with Deny only");
  using Sense = PolicyPrincipals::Sense;
  GUST_TRY(out.principals,
           PolicyPrincipals::parse(*principal.given, principal.all_but ? Sense::kAllBut : Sense::kThese));
  return {};
}

Result<void> parse_resources(const object& given, PolicyKind kind, Variables variables, PolicyStatement& out) {
  GUST_TRY(const auto resource, element(given, "Resource"));
  if (kind == PolicyKind::kTrust) {
    if (resource.given == nullptr) return {};
    return malformed(resource.all_but ? "Has prohibited field NotResource" : "Has prohibited field Resource");
  }
  if (resource.given == nullptr) {
    return malformed(kind == PolicyKind::kIdentity ? "Policy statement must contain resources."
                                                   : "Missing required field Resource");
  }
  out.all_resources_but = resource.all_but;
  GUST_TRY(out.resources, patterns(resource, "Resource", variables, Case::kExact));
  return {};
}

Result<PolicyStatement> parse_statement(const object& given, const PolicyRules& rules, Variables variables) {
  static const std::set<std::string_view> kFields = {
      "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"};
  for (const auto& field : given) {
    const std::string_view name = field.key();
    if (!kFields.contains(name)) return malformed(fmt::format("Unknown field {}", name));
  }
  PolicyStatement out;
  if (const auto* sid = given.if_contains("Sid")) {
    if (!sid->is_string()) return malformed(kSyntax, fmt::format("Sid: {}", codec::to_json(*sid)));
    out.sid = std::string(sid->get_string());
  }
  GUST_CHECK(parse_effect(given, out));
  GUST_CHECK(parse_principals(given, rules.kind, out));
  GUST_TRY(const auto action, element(given, "Action"));
  if (action.given == nullptr) {
    return malformed(rules.kind == PolicyKind::kIdentity ? "Policy statement must contain actions."
                                                         : "Missing required field Action");
  }
  out.all_actions_but = action.all_but;
  GUST_TRY(out.actions, patterns(action, "Action", Variables::kText, Case::kIgnored));
  GUST_CHECK(parse_resources(given, rules.kind, variables, out));
  if (const auto* conditions = given.if_contains("Condition")) {
    GUST_TRY(out.conditions, parse_conditions(*conditions, rules.kind, variables));
  }
  GUST_CHECK(check_statement(out, rules));
  return out;
}

// Version and Id, and whether there are only elements that policies have.
Result<void> parse_head(const object& given, Policy& out) {
  for (const auto& field : given) {
    const std::string_view name = field.key();
    if (name != "Version" && name != "Id" && name != "Statement")
      return malformed(fmt::format("Unknown field {}", name));
  }
  out.version = "2008-10-17";
  if (const auto* version = given.if_contains("Version")) {
    const auto* text = version->if_string();
    if (text == nullptr || (*text != "2008-10-17" && *text != "2012-10-17"))
      return malformed("The policy must contain a valid version string", codec::to_json(*version));
    out.version = std::string(*text);
  }
  if (const auto* id = given.if_contains("Id")) {
    if (!id->is_string()) return malformed(kSyntax, fmt::format("Id: {}", codec::to_json(*id)));
    out.id = std::string(id->get_string());
  }
  return {};
}

Result<void> parse_statements(const object& given, const PolicyRules& rules, Policy& out) {
  const auto* statements = given.if_contains("Statement");
  if (statements == nullptr) return malformed("Missing required field Statement");
  const auto variables = out.version == "2012-10-17" ? Variables::kReplaced : Variables::kText;
  const auto add = [&](const value& one) -> Result<void> {
    if (!one.is_object()) return malformed(kSyntax, "Statement is no object");
    GUST_TRY(auto statement, parse_statement(one.get_object(), rules, variables));
    out.statements.push_back(std::move(statement));
    return {};
  };
  const auto* list = statements->if_array();
  if (list == nullptr) return add(*statements);
  if (list->empty()) return malformed("Could not parse the policy: Statement is empty!");
  for (const auto& one : *list) GUST_CHECK(add(one));
  return {};
}

// IAM's rules for the names of statements; S3 takes any.
Result<void> check_sids(const Policy& policy) {
  std::set<std::string_view> seen;
  for (const auto& statement : policy.statements) {
    const auto alphanumeric = [](char c) { return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z'); };
    if (!std::ranges::all_of(statement.sid, alphanumeric)) {
      return malformed(
          "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression "
          "[0-9A-Za-z]*",
          statement.sid);
    }
    if (!statement.sid.empty() && !seen.insert(statement.sid).second)
      return malformed("Statement IDs (SID) in a single policy must be unique.", statement.sid);
  }
  return {};
}

}  // namespace

Result<Policy> parse_policy(std::string_view text, const PolicyRules& rules) {
  if (!text.starts_with('{')) return malformed("Policies must be valid JSON and the first byte must be '{'");
  const auto too_large = [&] {
    return malformed(
        fmt::format("Normalized policy document exceeds the maximum allowed size of {} bytes", rules.max_bytes));
  };
  // White space does not count, but is not read without end either.
  if (text.size() / 4 > rules.max_bytes) return too_large();
  const auto document = codec::parse_json(text, kMaxDepth);
  if (!document) return malformed("This policy contains invalid Json", document.error().message);
  if (codec::to_json(*document).size() > rules.max_bytes) return too_large();
  if (members(*document) != colons(text)) return malformed(kSyntax, "An element is given twice");
  Policy out;
  GUST_CHECK(parse_head(document->get_object(), out));
  GUST_CHECK(parse_statements(document->get_object(), rules, out));
  if (rules.kind == PolicyKind::kIdentity) GUST_CHECK(check_sids(out));
  return out;
}

}  // namespace gust::auth
