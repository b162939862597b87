// What the operations of Lambda share. Any thread.
#pragma once

#include "api/lambda.gen.h"
#include "functions/function.h"
#include "functions/registry.h"
#include "wire/service.h"

#include <string>

namespace gust::api {

template <typename T>
using LambdaReply = boost::asio::awaitable<wire::Reply<T>>;

wire::WireError map_lambda_error(const Error& error);
wire::WireError map_lambda_violations(const std::vector<wire::Violation>& violations);

// The function that a request names, which must be of the caller's account; where versions mean nothing, of kLatest.
Result<functions::FunctionKey> own_function(const wire::Call& call, const std::string& name);
// With its version or alias.
Result<functions::FunctionRef> own_version(const wire::Call& call, const std::string& name,
                                           const std::optional<std::string>& qualifier);

// What a function is invoked with: JSON, "{}" when there is none.
wire::Reply<std::string> json_payload(std::optional<std::string> given);
// The JSON in it, on one line: given as base64, 3,583 bytes at most. Empty when there is none.
wire::Reply<std::string> client_context(std::optional<std::string> given);

// `qualifier` is how the caller named it: it ends the ARN.
lambda::FunctionConfiguration to_configuration(const functions::Function& function, std::string_view qualifier = "");

inline std::unexpected<wire::Fault> invalid_parameter(std::string message) {
  return wire::fault("InvalidParameterValueException", std::move(message), {{"Type", "User"}}, 400);
}

inline std::unexpected<wire::Fault> lambda_not_served(std::string_view member) {
  return invalid_parameter("'" + std::string(member) + "' is not served yet; leave it out");
}

}  // namespace gust::api
