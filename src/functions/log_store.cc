#include "functions/log_store.h"

#include "codec/time_format.h"

#include <fmt/format.h>

namespace gust::functions {

std::string default_log_group(const FunctionName& name) { return "/aws/lambda/" + name.str(); }

std::string log_stream_name(WallTime at, const Function& version, const std::string& instance) {
  const auto day = codec::to_iso8601(at).substr(0, 10);
  const auto name = version.logging.group.empty() ? std::string() : version.key.name.str();
  return fmt::format("{}/{}/{}/{}[{}]{}", day.substr(0, 4), day.substr(5, 2), day.substr(8, 2), name, version.version,
                     instance);
}

bool is_stream_of(std::string_view stream, const FunctionName& name) {
  return stream.contains(fmt::format("/{}[", name));
}

}  // namespace gust::functions
