#include "api/dynamodb/shared.h"

#include <algorithm>

namespace gust::api {
namespace {

constexpr std::string_view kTable = "table/";

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

Result<void> check_name(std::string_view name) {
  const auto violated = [&](std::string_view what) {
    return bad_request(fmt::format(
        "1 validation error detected: Value '{}' at 'tableName' failed to satisfy constraint: Member must {}",
        name.substr(0, 1024), what));
  };
  if (name.size() < 3) return violated("have length greater than or equal to 3");
  if (name.size() > 255) return violated("have length less than or equal to 255");
  if (!std::ranges::all_of(name, is_name_character))
    return violated("satisfy regular expression pattern: [a-zA-Z0-9_.-]+");
  return {};
}

// Nobody else's tables are open to anyone.
std::unexpected<Error> denied(const wire::Call& call, std::string_view resource) {
  const auto target = call.headers.get_or("x-amz-target", "");
  const auto operation = target.substr(target.rfind('.') + 1);
  return fail(Code::kDenied,
              fmt::format("User: {0} is not authorized to perform: dynamodb:{1} on resource: {2} because no "
                          "resource-based policy allows the dynamodb:{1} action",
                          call.context.principal.arn, operation, resource));
}

}  // namespace

std::unexpected<Error> bad_request(std::string message) { return fail(Code::kInvalid, std::move(message), "request"); }

std::unexpected<Error> bad_parameter(std::string_view message) {
  return bad_request(fmt::format("One or more parameter values were invalid: {}", message));
}

Result<tables::Place> place_of(const wire::Call& call, std::string_view name_or_arn) {
  std::string name(name_or_arn);
  if (name.starts_with("arn:")) {
    const auto arn = Arn::parse(name);
    if (!arn || arn->service != "dynamodb" || !arn->resource.starts_with(kTable))
      return bad_request(fmt::format("Invalid TableArn: {}", name));
    if (arn->account != call.context.principal.account.str()) return denied(call, name);
    if (arn->region != call.context.region) {
      return bad_request(fmt::format("Invalid TableArn: {} is of another region than the request, {}", name,
                                     call.context.region));
    }
    name = arn->resource.substr(kTable.size());
  }
  GUST_CHECK(check_name(name));
  return tables::Place{call.context.principal.account, call.context.region, tables::TableName(std::move(name))};
}

Result<tables::Place> place_of_resource(const wire::Call& call, std::string_view text) {
  const auto arn = Arn::parse(text);
  if (!text.starts_with("arn:")) {
    return bad_request(
        fmt::format("Invalid TableArn: Invalid ResourceArn provided as input: ARNs must start with 'arn:': {}", text));
  }
  if (!arn || arn->service != "dynamodb" || !arn->resource.starts_with(kTable) ||
      arn->resource.find('/', kTable.size()) != std::string::npos) {
    return bad_request(fmt::format("Invalid TableArn: Invalid ResourceArn provided as input {}", text));
  }
  if (arn->account != call.context.principal.account.str()) return denied(call, text);
  if (arn->region != call.context.region)
    return fail(Code::kNotFound, fmt::format("Requested resource not found: ResourcArn: {} not found", text), "arn");
  return tables::Place{call.context.principal.account, call.context.region,
                       tables::TableName(arn->resource.substr(kTable.size()))};
}

std::string table_arn(const tables::Table& table) {
  return fmt::format("arn:aws:dynamodb:{}:{}:table/{}", table.region, table.account, table.name);
}

}  // namespace gust::api
