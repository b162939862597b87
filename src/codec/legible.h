// Text that clients sent, as people read it: UTF-8 without control characters, which is JSON as it is. Any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gust::codec {

// Adds the text, `most` bytes of it at most, whole characters. What is no character, or none to be read, becomes '?'.
void append_legible(std::string& out, std::string_view text, std::size_t most);
// The same of what is percent-encoded. What would not be legible decoded stays encoded.
void append_legible_path(std::string& out, std::string_view path, std::size_t most);

}  // namespace gust::codec
