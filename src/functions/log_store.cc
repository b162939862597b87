#include "functions/log_store.h"

#include "codec/time_format.h"

#include <fmt/format.h>

namespace gust::functions {

std::string default_log_group(const FunctionName& name) { return "/aws/lambda/" + name.str(); }

std::string log_stream_name(WallTime at, const std::string& version, const std::string& instance) {
  const auto day = codec::to_iso8601(at).substr(0, 10);
  return fmt::format("{}/{}/{}/[{}]{}", day.substr(0, 4), day.substr(5, 2), day.substr(8, 2), version, instance);
}

}  // namespace gust::functions
