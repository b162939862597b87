// The names that an expression may only have as "#name". Any thread. Source: "Reserved words in DynamoDB", DynamoDB
// developer guide.
#pragma once

#include <string_view>

namespace gust::tables {

// In any case.
bool is_reserved(std::string_view name);

}  // namespace gust::tables
