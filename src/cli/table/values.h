// Items on the command line: plain JSON ({"id": "a", "n": 1}) and the service's typed JSON ({"id": {"S": "a"}}), both
// ways. Numbers keep their digits. Any thread.
#pragma once

#include "base/result.h"

#include <boost/json/object.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace gust::cli {

enum class Form { kPlain, kTyped };

// The typed item of a text in either form. kInvalid says what is wrong.
Result<boost::json::object> item_from(std::string_view text, Form form);
// The typed value of one value in plain JSON.
Result<boost::json::value> value_from(std::string_view text);

// A typed item as one line, `first` of its attributes before the others. Sets become plain lists, bytes base64.
std::string item_text(const boost::json::object& item, const std::vector<std::string>& first, Form form);
// One typed value as plain JSON.
std::string value_text(const boost::json::value& typed);

// The typed value of a key's attribute, whose type ("S", "N", "B") the table says. kInvalid when it is no number.
Result<boost::json::value> key_value(std::string_view type, std::string_view text);

// Whether it is a number as JSON writes them.
bool is_number(std::string_view text);

}  // namespace gust::cli
