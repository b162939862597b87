#include "api/s3/post_policy.h"

#include "auth/text.h"
#include "codec/base64.h"
#include "codec/json.h"
#include "codec/time_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

namespace gust::api {
namespace {

namespace json = boost::json;

std::unexpected<wire::Fault> invalid(std::string_view why) {
  return wire::fault("InvalidPolicyDocument", fmt::format("Invalid Policy: {}", why), {}, 400);
}

std::unexpected<wire::Fault> denied(std::string_view why) {
  return wire::fault("AccessDenied", fmt::format("Invalid according to Policy: {}", why), {}, 403);
}

// Strict JSON of what the documentation allows beyond it: "\$" in strings, and a comma after a list's last item.
std::string to_strict(std::string_view text) {
  std::string out;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string && c == '\\' && i + 1 < text.size()) {
      if (text[i + 1] != '$') out += c;
      out += text[++i];
      continue;
    }
    if (c == '"') in_string = !in_string;
    const bool closes = !in_string && (c == ']' || c == '}');
    if (closes) {
      const auto last = out.find_last_not_of(" \t\r\n");
      if (last != std::string::npos && out[last] == ',') out.erase(last, 1);
    }
    out += c;
  }
  return out;
}

std::string text_of(std::string_view match, std::string_view field, std::string_view value) {
  return fmt::format("[\"{}\", {}, {}]", match, codec::to_json(json::value(json::string(fmt::format("${}", field)))),
                     codec::to_json(json::value(json::string(value))));
}

PostPolicy::Condition condition(PostPolicy::Match match, std::string_view field, std::string_view value) {
  const auto* name = match == PostPolicy::Match::kEqual ? "eq" : "starts-with";
  return {match, auth::lower_ascii(field), std::string(value), text_of(name, field, value)};
}

// A count of bytes, as a number or as its text.
std::optional<std::uint64_t> bytes_of(const json::value& value) {
  if (const auto* n = value.if_int64(); n != nullptr && *n >= 0) return static_cast<std::uint64_t>(*n);
  if (const auto* n = value.if_uint64()) return *n;
  const auto* text = value.if_string();
  constexpr std::size_t kMostDigits = 18;
  if (text == nullptr || text->empty() || text->size() > kMostDigits) return std::nullopt;
  std::uint64_t out = 0;
  for (const char c : *text) {
    if (c < '0' || c > '9') return std::nullopt;
    out = out * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return out;
}

wire::Reply<void> add_simple(const json::object& object, PostPolicy& out) {
  if (object.size() != 1)
    return invalid("Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.");
  const auto& [name, value] = *object.begin();
  const auto* text = value.if_string();
  if (text == nullptr) return invalid("Invalid Simple-Condition: value must be a string.");
  out.conditions.push_back(condition(PostPolicy::Match::kEqual, name, *text));
  return {};
}

wire::Reply<void> add_range(const json::array& list, PostPolicy& out) {
  const auto min = list.size() == 3 ? bytes_of(list[1]) : std::nullopt;
  const auto max = list.size() == 3 ? bytes_of(list[2]) : std::nullopt;
  if (!min || !max) return invalid("Invalid content-length-range: it takes the fewest and the most bytes.");
  out.min_bytes = std::max(out.min_bytes, *min);
  out.max_bytes = std::min(out.max_bytes, *max);
  return {};
}

wire::Reply<void> add_list(const json::array& list, PostPolicy& out) {
  if (list.empty() || !list[0].is_string()) return invalid("Invalid Condition: its operation must be a string.");
  const auto operation = auth::lower_ascii(list[0].get_string());
  if (operation == "content-length-range") return add_range(list, out);
  if (operation != "eq" && operation != "starts-with")
    return invalid(fmt::format("Invalid Condition: unknown operation '{}'.", operation));
  if (list.size() != 3 || !list[1].is_string() || !list[2].is_string())
    return invalid(fmt::format("Invalid Condition: '{}' takes a field and a value.", operation));
  std::string_view field = list[1].get_string();
  if (!field.starts_with('$')) return invalid("Invalid Condition: the field must begin with '$'.");
  field.remove_prefix(1);
  const auto match = operation == "eq" ? PostPolicy::Match::kEqual : PostPolicy::Match::kStartsWith;
  out.conditions.push_back(condition(match, field, list[2].get_string()));
  return {};
}

bool starts_with(const PostPolicy::Condition& condition, std::string_view given) {
  if (condition.field != "content-type") return given.starts_with(condition.value);
  // Its commas make a list, of which every value must fit.
  for (;;) {
    const auto end = given.find(',');
    if (!auth::trimmed(given.substr(0, end)).starts_with(condition.value)) return false;
    if (end == std::string_view::npos) return true;
    given.remove_prefix(end + 1);
  }
}

bool holds(const PostPolicy::Condition& condition, const PostFields& fields) {
  const auto it = fields.find(condition.field);
  const std::string_view given = it == fields.end() ? std::string_view() : it->second;
  return condition.match == PostPolicy::Match::kEqual ? given == condition.value : starts_with(condition, given);
}

bool needs_no_condition(std::string_view field) {
  static const std::set<std::string_view> kExempt = {"awsaccesskeyid", "file", "policy", "signature",
                                                     "x-amz-signature"};
  return kExempt.contains(field) || field.starts_with("x-ignore-");
}

}  // namespace

wire::Reply<PostPolicy> parse_post_policy(std::string_view base64) {
  std::string packed(base64);
  std::erase_if(packed, [](char c) { return c == '\r' || c == '\n'; });
  const auto text = codec::from_base64(packed);
  if (!text) return invalid("Invalid Base64.");
  const auto document = codec::parse_json(to_strict(*text));
  const auto* object = document ? document->if_object() : nullptr;
  if (object == nullptr) return invalid("Invalid JSON.");
  PostPolicy out;
  const auto* expiration = object->if_contains("expiration");
  if (expiration == nullptr) return invalid("Policy missing expiration.");
  const auto at = expiration->is_string() ? codec::from_iso8601(std::string_view(expiration->get_string()))
                                          : fail(Code::kInvalid, "");
  if (!at) return invalid(fmt::format("Invalid 'expiration' value: '{}'", codec::to_json(*expiration)));
  out.expires = *at;
  const auto* conditions = object->if_contains("conditions");
  if (conditions == nullptr) return invalid("Policy missing conditions.");
  if (!conditions->is_array()) return invalid("Invalid 'conditions' value: must be a List.");
  for (const auto& one : conditions->get_array()) {
    if (one.is_object()) {
      GUST_CHECK(add_simple(one.get_object(), out));
    } else if (one.is_array()) {
      GUST_CHECK(add_list(one.get_array(), out));
    } else {
      return invalid("Invalid Condition: must be a List or an Object.");
    }
  }
  return out;
}

wire::Reply<void> check_post_policy(const PostPolicy& policy, const PostFields& fields, WallTime now) {
  if (now >= policy.expires) return denied("Policy expired.");
  std::set<std::string_view> covered;
  for (const auto& one : policy.conditions) {
    if (!holds(one, fields)) return denied(fmt::format("Policy Condition failed: {}", one.text));
    covered.insert(one.field);
  }
  std::string extra;
  for (const auto& [name, value] : fields) {
    if (covered.contains(name) || needs_no_condition(name)) continue;
    extra += (extra.empty() ? "" : ", ") + name;
  }
  if (!extra.empty()) return denied(fmt::format("Extra input fields: {}", extra));
  return {};
}

}  // namespace gust::api
