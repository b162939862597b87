// What the parts of the registry share: reading rows, and the errors of what is not there. Any thread.
#pragma once

#include "functions/function.h"
#include "functions/registry_rows.h"
#include "kv/store.h"

#include <string>
#include <string_view>

namespace gust::functions::rows {

std::unexpected<Error> no_function(const FunctionKey& key, std::string_view qualifier = "");
std::unexpected<Error> wrong_revision();

Result<Function> read_function(kv::Reader& reader, const FunctionKey& key);  // kLatest
// `version` is kLatest or a number.
Result<Function> read_version(kv::Reader& reader, const FunctionKey& key, std::string_view version);
Result<Alias> read_alias(kv::Reader& reader, const FunctionKey& key, std::string_view name);  // kNotFound "alias"
// A version or an alias is there; an empty qualifier is the function.
Result<void> check_ref(kv::Reader& reader, const FunctionRef& ref);

// Instances of its versions and aliases that are provisioned, together.
Result<std::uint64_t> provisioned_of(kv::Reader& reader, const FunctionKey& key);

}  // namespace gust::functions::rows
