// check_handler: is what a function's Handler names in its code? Blocking.
#pragma once

#include "cli/template/desired.h"

namespace gust::cli {

// Looks into the zip for the module and, as far as its text tells, for the name in it; for provided.* for an executable
// bootstrap. kInvalid "template" with the line in `file`: such a function would fail at every call.
Result<void> check_handler(const FunctionSpec& function, const std::string& zip_path, const std::string& file);

}  // namespace gust::cli
