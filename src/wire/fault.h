// Fault: how an operation of api/ fails: a domain error, which the service maps, or a wire error by its code. Any
// thread.
#pragma once

#include "base/result.h"
#include "http/message.h"
#include "wire/protocol.h"

#include <expected>
#include <optional>
#include <string>
#include <utility>

namespace gust::wire {

struct Fault {
  Fault(Error error) : domain(std::move(error)) {}
  explicit Fault(WireError error) : wire(std::move(error)) {}

  std::optional<Error> domain;  // set: the service's mapper makes the wire error
  WireError wire;
  http::Headers headers;  // added to the response
};

template <typename T>
using Reply = std::expected<T, Fault>;

// A wire error by its code, with the text of further members: fault("NoSuchKey", "...", {{"Key", key}}).
std::unexpected<Fault> fault(std::string code, std::string message,
                             std::vector<std::pair<std::string, std::string>> members = {}, int status = 0);

}  // namespace gust::wire
