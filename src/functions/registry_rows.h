// The rows of the function registry as keys and bytes (docs/formats/functions.md). Any thread.
#pragma once

#include "base/result.h"
#include "functions/function.h"

#include <string>
#include <string_view>

namespace gust::functions::rows {

inline constexpr std::string_view kFunctions = "fn/f/";

std::string functions_prefix(const AccountId& account);
std::string function_key(const FunctionKey& key);
std::string policy_prefix(const FunctionKey& key);
std::string statement_key(const FunctionKey& key, std::string_view sid);
std::string event_invoke_key(const FunctionKey& key);

std::string encode(const Function& function);
std::string encode(const PolicyStatement& statement);
std::string encode(const EventInvokeConfig& config);

// kCorrupt when the bytes are not such a row.
Result<Function> decode_function(std::string_view row);
Result<PolicyStatement> decode_statement(std::string_view row);
Result<EventInvokeConfig> decode_event_invoke(std::string_view row);

}  // namespace gust::functions::rows
