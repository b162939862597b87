// Base64 of RFC 4648, section 4 (with padding). Any thread.
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>

namespace gust::codec {

std::string to_base64(std::string_view bytes);
// Strict: padding is required, no other characters. kInvalid.
Result<std::string> from_base64(std::string_view text);

}  // namespace gust::codec
