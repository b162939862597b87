// Requests into values and values into responses, for every protocol. Any thread.
#pragma once

#include "base/result.h"
#include "http/message.h"
#include "wire/model.h"
#include "wire/router.h"
#include "wire/value.h"

#include <string>
#include <vector>

namespace gust::wire {

// A response whose body is whole.
struct WholeResponse {
  int status = 200;
  http::Headers headers;
  std::string body;
};

// What an error says on the wire. `members` are the other members of the error's shape.
struct WireError {
  std::string code;
  std::string message;
  int status = 0;  // 0: the model's
  Value::Map members;
  http::Headers headers = {};  // added to the response
};

// The operation's input. `body` is empty for a streaming payload. kInvalid names what does not fit.
Result<Value> parse_input(const Model& model, const Operation& operation, const Labels& labels,
                          const codec::QueryPairs& query, const http::Headers& headers, std::string_view body);

// Whether the input's payload streams, so that the body must not be read first.
bool has_streaming_input(const Operation& operation);

WholeResponse write_output(const Model& model, const Operation& operation, const Value& output,
                           std::string_view request_id);
// The same from the JSON that an operation wrote by itself.
WholeResponse write_text(const Model& model, std::string body, std::string_view request_id);
WholeResponse write_error(const Model& model, const WireError& error, std::string_view request_id);

// The operation's name from X-Amz-Target or from the form's Action; empty when there is none.
std::string target_operation(const Model& model, const http::Headers& headers);
// From the path of rpc-v2-cbor: /service/NAME/operation/NAME, where the service's is the model's target prefix.
std::string path_operation(const Model& model, std::string_view path);
// Of a service that speaks several, from what only the requests of each have.
Protocol spoken_protocol(const http::Headers& headers);

}  // namespace gust::wire
