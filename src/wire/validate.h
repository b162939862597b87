// What a model demands of a value: required members, lengths, ranges, patterns, enums. Any thread.
#pragma once

#include "wire/model.h"
#include "wire/value.h"

#include <string>
#include <string_view>
#include <vector>

namespace gust::wire {

enum class Constraint { kRequired, kLength, kRange, kPattern, kEnum, kUnion };

struct Violation {
  Constraint constraint = Constraint::kRequired;
  std::string path;      // "environment.variables", first letters in lower case as the services write it
  std::string given;     // the value, or empty
  std::string expected;  // "Member must have length less than or equal to 64"
  std::string member;    // the last name of the path, as the model has it
};

// Every violation, in the order of the members; empty when the value fits.
std::vector<Violation> validate(const Shape& shape, const Value& value);

// Of UTF-8, whose continuations are none.
std::size_t characters(std::string_view utf8);

// "2 validation errors detected: Value '' at 'x' failed to satisfy constraint: ...; ..."
std::string validation_message(const std::vector<Violation>& violations);

}  // namespace gust::wire
