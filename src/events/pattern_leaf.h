// PatternLeaf: one condition on one value of an event: what the arrays of a pattern have as elements. Any thread.
#pragma once

#include "codec/json.h"

#include <string>
#include <string_view>
#include <vector>

namespace gust::events {

struct PatternLeaf {
  enum class Kind {
    kEqual,
    kPrefix,
    kSuffix,
    kIgnoreCase,  // the whole text, letters of ASCII whatever their case
    kPrefixIgnoreCase,
    kSuffixIgnoreCase,
    kWildcard,
    kNumeric,
    kAddress,      // of an IP network
    kPresent,      // there is a value, which is no object
    kAbsent,
    kAnythingBut,  // there is a value, and none of `others` matches
  };
  struct Bound {
    enum class Relation { kEqual, kLess, kLessEqual, kGreater, kGreaterEqual } relation = Relation::kEqual;
    double number = 0;
  };

  Kind kind = Kind::kEqual;
  codec::json::value value = nullptr;  // of kEqual
  std::string text = {};               // of those of texts; of kAddress the network's bytes
  int bits = 0;                        // of kAddress: how many of them count
  std::vector<Bound> bounds = {};
  std::vector<PatternLeaf> others = {};

  // `event_value` is no array and no object; absence is the caller's to tell.
  bool matches(const codec::json::value& event_value) const;
};

// kInvalid "pattern".
Result<PatternLeaf> parse_leaf(const codec::json::value& element);

// '*' stands for any characters, '\*' and '\\' for themselves.
bool wildcard_matches(std::string_view pattern, std::string_view text);

}  // namespace gust::events
