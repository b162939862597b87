// Values of a template as the wire has them.
#pragma once

#include "cli/template/node.h"

#include <boost/json/value.hpp>

#include <cstdint>

namespace gust::cli {

// kInvalid "template", with the line, when it is no whole number.
Result<std::int64_t> integer(const Node& node, std::string_view what);
// Scalars as text, lists and maps as such.
boost::json::value plain(const Node& node);

}  // namespace gust::cli
