#include "functions/registry.h"

#include <fmt/format.h>

#include <algorithm>

namespace gust::functions {
namespace {

bool is_qualifier(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

bool is_name(std::string_view text) { return !text.empty() && text.size() <= 64 && is_qualifier(text); }

}  // namespace

Result<FunctionRef> parse_function_name(std::string_view text, std::string_view qualifier, const AccountId& caller) {
  const auto wrong = [&] {
    return fail(Code::kInvalid, fmt::format("'{}' is not a function name, partial ARN or ARN", text), "function name");
  };
  FunctionKey key{caller, FunctionName()};
  std::string_view rest = text;
  if (rest.starts_with("arn:")) {
    const auto arn = Arn::parse(rest);
    if (!arn || arn->service != "lambda" || !arn->resource.starts_with("function:")) return wrong();
    key.account = AccountId(arn->account);
    rest = rest.substr(rest.find(":function:") + 10);
  } else if (const auto at = rest.find(":function:"); at != std::string_view::npos) {
    key.account = AccountId(std::string(rest.substr(0, at)));
    rest = rest.substr(at + 10);
  } else if (rest.starts_with("function:")) {
    rest.remove_prefix(9);
  }
  if (const auto colon = rest.find(':'); colon != std::string_view::npos) {
    if (!qualifier.empty() && qualifier != rest.substr(colon + 1)) {
      return fail(Code::kInvalid,
                  "The derived qualifier from the function name does not match the specified qualifier.", "qualifier");
    }
    qualifier = rest.substr(colon + 1);
    rest = rest.substr(0, colon);
  }
  if (!is_name(rest)) return wrong();
  key.name = FunctionName(std::string(rest));
  const bool other = qualifier == kLatest || (qualifier.size() <= 128 && is_qualifier(qualifier));
  if (!qualifier.empty() && !other)
    return fail(Code::kInvalid, fmt::format("'{}' is not a version, an alias or $LATEST", qualifier), "qualifier");
  return FunctionRef{key, std::string(qualifier)};
}

bool is_version_number(std::string_view qualifier) {
  return !qualifier.empty() && qualifier.size() <= 18 && qualifier[0] != '0' &&
         std::ranges::all_of(qualifier, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace gust::functions
