// The Parameters section: defaults, what was given, and its checks. Any thread.
#pragma once

#include "cli/template/node.h"

#include <map>
#include <string>

namespace gust::cli {

// The value of every parameter. kInvalid "parameter" when one is missing, unknown or breaks its own rules.
Result<std::map<std::string, Node>> parameter_values(const Node& root, const std::string& file,
                                                     const std::map<std::string, std::string>& given);

}  // namespace gust::cli
