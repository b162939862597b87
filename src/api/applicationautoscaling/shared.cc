#include "api/applicationautoscaling/shared.h"

#include <algorithm>

namespace gust::api {
namespace {

std::unexpected<Error> invalid(std::string message) { return fail(Code::kInvalid, std::move(message), "request"); }

bool is_name(std::string_view text, std::size_t most) {
  return !text.empty() && text.size() <= most && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

Result<void> check_namespace(const std::string& service_namespace, const std::optional<std::string>& dimension) {
  if (service_namespace == scaling::kNamespace && dimension.value_or(std::string(scaling::kDimension)) ==
                                                      scaling::kDimension)
    return {};
  return invalid(
      fmt::format("Unsupported service namespace, resource type or scalable dimension: '{}', '{}'; Gust scales {}, {}",
                  service_namespace, dimension.value_or(""), scaling::kNamespace, scaling::kDimension));
}

}  // namespace

Result<scaling::Resource> resource_of(const wire::Call& call, const std::string& service_namespace,
                                      const std::string& resource_id, const std::string& dimension) {
  GUST_CHECK(check_namespace(service_namespace, dimension));
  constexpr std::string_view kKind = "function:";
  const auto qualifier_at = resource_id.rfind(':');
  const bool whole = resource_id.starts_with(kKind) && qualifier_at >= kKind.size();
  const std::string_view text = resource_id;
  if (whole && text.substr(qualifier_at + 1) == "$LATEST")
    return invalid("Unsupported resource ID '" + resource_id + "': $LATEST has no provisioned concurrency");
  if (!whole || !is_name(text.substr(kKind.size(), qualifier_at - kKind.size()), 64) ||
      !is_name(text.substr(qualifier_at + 1), 128)) {
    return invalid(fmt::format("Unsupported resource ID '{}': expected function:NAME:QUALIFIER, with the number of a "
                               "version or the name of an alias",
                               resource_id));
  }
  return scaling::Resource{call.context.principal.account, resource_id};
}

Result<std::optional<std::uint32_t>> capacity_of(const std::optional<std::int32_t>& number, std::string_view member) {
  if (!number) return std::nullopt;
  if (*number < 0) return invalid(fmt::format("{} is {}: expected 0 or more", member, *number));
  return static_cast<std::uint32_t>(*number);
}

Result<void> check_name(std::string_view name, std::string_view member, std::string_view forbidden) {
  const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  const bool control = std::ranges::any_of(name, is_control);
  if (!control && name.find_first_of(forbidden) == std::string_view::npos && !name.starts_with(' ') &&
      !name.ends_with(' '))
    return {};
  return invalid(fmt::format("{} '{}' cannot have control characters, spaces at its ends{}", member, name,
                             forbidden.empty() ? "" : fmt::format(", or one of {}", forbidden)));
}

Result<scaling::Registry::Query> start_query(const wire::Call& call, const std::string& service_namespace,
                                             const std::optional<std::string>& dimension, std::size_t resources,
                                             const std::optional<std::int32_t>& max_results, std::int32_t most,
                                             const std::optional<std::string>& token) {
  GUST_CHECK(check_namespace(service_namespace, dimension));
  if (dimension && resources == 0)
    return invalid("A scalable dimension was given without a resource ID; give both, or neither");
  const auto limit = max_results.value_or(most);
  if (limit < 1 || limit > most) return invalid(fmt::format("MaxResults is {}: expected 1 to {}", limit, most));
  scaling::Registry::Query out;
  out.account = call.context.principal.account;
  out.limit = static_cast<std::size_t>(limit);
  if (token) {
    const auto key = codec::from_hex(*token);
    if (!key || key->empty()) return fail(Code::kInvalid, "The next token is not one that this list gave", "token");
    out.after = *key;
  }
  return out;
}

}  // namespace gust::api
