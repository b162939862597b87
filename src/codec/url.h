// Percent-encoding (RFC 3986) and query strings. Any thread.
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gust::codec {

enum class Slash { kEncode, kKeep };
enum class Plus { kIsPlus, kIsSpace };

// Everything but A-Z a-z 0-9 - . _ ~ becomes %XX in upper case.
std::string percent_encode(std::string_view text, Slash slash = Slash::kEncode);
// The same of what is encoded already, perhaps more or less than that: appends it as percent_encode() would write it.
// kInvalid on a '%' without two hexadecimal digits.
Result<void> append_canonical(std::string& out, std::string_view encoded, Slash slash = Slash::kEncode);
// kInvalid on a '%' without two hexadecimal digits.
Result<std::string> percent_decode(std::string_view text, Plus plus = Plus::kIsPlus);

// The pairs in order, repeats kept, decoded; "a" and "a=" both give an empty value. '+' is a space in forms.
using QueryPairs = std::vector<std::pair<std::string, std::string>>;
Result<QueryPairs> parse_query(std::string_view query, Plus plus = Plus::kIsSpace);

}  // namespace gust::codec
