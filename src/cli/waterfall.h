// Waterfall: a trace as lines of text: each step below what it is a part of, when and how long, with the logs inside.
// One thread.
#pragma once

#include "cli/terminal.h"

#include <boost/json/object.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace gust::cli {

// "850 us", "12.3 ms", "1.24 s", "2 m 05 s".
std::string duration_text(std::int64_t us);
// How a status looks.
Colour colour_of(std::string_view status);

// Lines for an answer of /_gust/traces/ID, at most `columns` wide where a name is not wider.
std::vector<std::string> waterfall(const Terminal& terminal, const boost::json::object& trace, std::size_t columns);

}  // namespace gust::cli
