#include "functions/registry_read.h"

#include "functions/registry.h"

#include <fmt/format.h>

namespace gust::functions::rows {

static std::string arn_of(const FunctionKey& key, std::string_view qualifier) {
  return fmt::format("arn:aws:lambda:{}:{}:function:{}{}{}", kDefaultRegion, key.account, key.name,
                     qualifier.empty() ? "" : ":", qualifier);
}

std::unexpected<Error> no_function(const FunctionKey& key, std::string_view qualifier) {
  return fail(Code::kNotFound, "Function not found: " + arn_of(key, qualifier), "function");
}

std::unexpected<Error> wrong_revision() {
  return fail(Code::kPrecondition,
              "The RevisionId provided does not match the latest RevisionId. Call the GetFunction/GetAlias API to "
              "retrieve the latest RevisionId",
              "revision");
}

Result<Function> read_function(kv::Reader& reader, const FunctionKey& key) {
  GUST_TRY(const auto row, reader.get(function_key(key)));
  if (!row) return no_function(key);
  return decode_function(*row);
}

Result<Function> read_version(kv::Reader& reader, const FunctionKey& key, std::string_view version) {
  if (version.empty() || version == kLatest) return read_function(reader, key);
  if (!is_version_number(version)) return no_function(key, version);
  GUST_TRY(const auto number, decode_number(version));
  GUST_TRY(const auto row, reader.get(version_key(key, number)));
  if (!row) return no_function(key, version);
  return decode_function(*row);
}

Result<Alias> read_alias(kv::Reader& reader, const FunctionKey& key, std::string_view name) {
  GUST_TRY(const auto row, reader.get(alias_key(key, name)));
  if (!row) return fail(Code::kNotFound, "Cannot find alias arn: " + arn_of(key, name), "alias");
  return decode_alias(*row);
}

Result<void> check_ref(kv::Reader& reader, const FunctionRef& ref) {
  GUST_CHECK(read_function(reader, ref.key));
  if (ref.qualifier.empty() || ref.qualifier == kLatest) return {};
  if (is_version_number(ref.qualifier)) {
    GUST_CHECK(read_version(reader, ref.key, ref.qualifier));
  } else if (!read_alias(reader, ref.key, ref.qualifier)) {
    return no_function(ref.key, ref.qualifier);
  }
  return {};
}

}  // namespace gust::functions::rows
