// AttributeValue: values and items as the JSON of the wire, both ways, without a tree of ours in between. Any thread.
// Source: AttributeValue of the DynamoDB API.
#pragma once

#include "base/result.h"
#include "tables/stored_item.h"
#include "tables/value.h"

#include <boost/json/value.hpp>

#include <string>
#include <string_view>

namespace gust::api {

// {"S": "..."} and so on. kInvalid with the service's words: "serialization" where it would not have understood the
// JSON, "request" where the value is none that there may be.
Result<tables::Value> value_from(const boost::json::value& json);
// {"name": {"S": "..."}, ...}
Result<tables::Item> item_from(const boost::json::value& json);
// [{"S": "..."}, ...]
Result<std::vector<tables::Value>> values_from(const boost::json::value& json);

void append_json(std::string& out, const tables::Value& value);
void append_json(std::string& out, const tables::Item& item);
void append_json(std::string& out, const tables::StoredItem& item);
// In quotes, escaped.
void append_text(std::string& out, std::string_view text);

}  // namespace gust::api
