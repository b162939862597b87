// The rows of the function registry as keys and bytes (docs/formats/functions.md). Any thread.
#pragma once

#include "base/result.h"
#include "functions/function.h"

#include <string>
#include <string_view>
#include <vector>

namespace gust::functions::rows {

inline constexpr std::string_view kFunctions = "fn/f/";  // kLatest of each
inline constexpr std::string_view kVersions = "fn/v/";
inline constexpr std::string_view kZips = "fn/z/";  // the blobs of zips, maybe also of some that nothing names

std::string functions_prefix(const AccountId& account);
std::string function_key(const FunctionKey& key);
std::string versions_prefix(const FunctionKey& key);
std::string version_key(const FunctionKey& key, std::uint64_t number);
std::string version_counter_key(const FunctionKey& key);  // decimal: the number of the last version
std::string aliases_prefix(const FunctionKey& key);
std::string alias_key(const FunctionKey& key, std::string_view name);
std::string policy_prefix(const FunctionRef& ref);
std::string statement_key(const FunctionRef& ref, std::string_view sid);
std::string event_invoke_key(const FunctionRef& ref);
std::string event_invoke_prefix(const FunctionKey& key);  // of those with a qualifier
inline constexpr std::string_view kProvisioned = "fn/pc/";
std::string provisioned_prefix(const AccountId& account);
std::string provisioned_prefix(const FunctionKey& key);
std::string provisioned_key(const FunctionRef& ref);
// Empty rows: the versions that have or are to have a snapshot.
inline constexpr std::string_view kSnapshots = "fn/s/";
std::string snapshots_prefix(const FunctionKey& key);
std::string snapshot_key(const FunctionRef& version);
Result<FunctionRef> decode_snapshot_key(std::string_view key);
std::string url_prefix(const FunctionKey& key);
std::string url_key(const FunctionRef& ref);
std::string row_key(const Function& version);          // function_key or version_key
std::string published_key(const FunctionKey& key);     // the code blob that the last version has
std::string reserved_guard(const AccountId& account);  // any text; see Registry::reserve_concurrency
std::string reserved_prefix(const AccountId& account);
std::string reserved_key(const FunctionKey& key);  // decimal
// Of the rows above that belong to a function and its versions and aliases, all but the counter.
std::vector<std::string> prefixes_of(const FunctionKey& key);

std::string encode(const Function& function);
std::string encode(const PolicyStatement& statement);
std::string encode(const EventInvokeConfig& config);
std::string encode(const Alias& alias);

// kCorrupt when the bytes are not such a row.
Result<Function> decode_function(std::string_view row);
Result<PolicyStatement> decode_statement(std::string_view row);
Result<EventInvokeConfig> decode_event_invoke(std::string_view row);
Result<Alias> decode_alias(std::string_view row);
Result<std::uint64_t> decode_number(std::string_view row);

}  // namespace gust::functions::rows
