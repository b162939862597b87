#include "base/ids.h"

#include <fmt/format.h>

#include <array>

namespace gust {

Result<Arn> Arn::parse(std::string_view text) {
  std::array<std::string, 6> parts;
  std::string_view rest = text;
  for (std::size_t i = 0; i < 5; ++i) {
    const auto colon = rest.find(':');
    if (colon == std::string_view::npos) {
      return fail(Code::kInvalid,
                  fmt::format("'{}' is not an ARN: expected arn:partition:service:region:account:resource", text),
                  "arn");
    }
    parts[i] = rest.substr(0, colon);
    rest.remove_prefix(colon + 1);
  }
  parts[5] = rest;
  if (parts[0] != "arn" || parts[5].empty()) {
    return fail(Code::kInvalid,
                fmt::format("'{}' is not an ARN: expected arn:partition:service:region:account:resource", text), "arn");
  }
  return Arn{parts[1], parts[2], parts[3], parts[4], parts[5]};
}

std::string Arn::str() const {
  return fmt::format("arn:{}:{}:{}:{}:{}", partition, service, region, account, resource);
}

}  // namespace gust
