// JSON with numbers as people write them: 1.5, where to_json() has 1.5E0. For what is read. Any thread.
#pragma once

#include <boost/json/fwd.hpp>

#include <string>

namespace gust::codec {

std::string to_plain_json(const boost::json::value& value);
std::string to_plain_json(const boost::json::object& value);

}  // namespace gust::codec
