// Number: an exact decimal of at most 38 significant digits, as the service's N: 0, or a magnitude of 1E-130 to
// 9.9999999999999999999999999999999999999E+125. Any thread. Source: "Data types", DynamoDB developer guide.
#pragma once

#include "base/result.h"

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace gust::tables {

class Number {
 public:
  Number() = default;  // 0

  // Accepts a sign, digits with a point, and an exponent. kInvalid with the service's words for what is none, has
  // more digits, or is too large or too small.
  static Result<Number> parse(std::string_view text);

  // As the service writes it: no leading or trailing zeros, an exponent never.
  std::string text() const;
  // kInvalid with the service's words when the result does not fit.
  Result<Number> plus(const Number& other) const;
  Result<Number> minus(const Number& other) const;

  // Bytes that sort as the numbers do and end before any others begin (docs/formats/tables.md); from_sortable() is the
  // inverse, kCorrupt for others.
  std::string sortable() const;
  static Result<Number> from_sortable(std::string_view bytes);
  // What the service counts for it: 1 for 0, else one and one for each pair of digits (pairs begin at the point), and
  // one more when negative.
  std::size_t size() const;

  std::strong_ordering operator<=>(const Number& other) const;
  bool operator==(const Number& other) const = default;

 private:
  // Without zeros at the ends, and checked.
  Result<Number> fitted() const;

  std::string digits_;          // '0' to '9', neither first nor last is '0'; empty for 0
  std::int32_t exponent_ = 0;   // the value is 0.DIGITS times ten to this
  bool negative_ = false;
};

}  // namespace gust::tables
