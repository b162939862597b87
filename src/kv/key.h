// Composite keys that sort as their parts do. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gust::kv {

// Appends `part` so that it ends before any longer part begins: 0x00 becomes 0x00 0xFF, and 0x00 0x01 ends it.
void append_text(std::string& key, std::string_view part);
// Appends eight bytes, most significant first.
void append_number(std::string& key, std::uint64_t number);

// Takes one part off the front of `key`; false when it does not start with one.
bool take_text(std::string_view& key, std::string& part);
bool take_number(std::string_view& key, std::uint64_t& number);

// The smallest key that is greater than every key with `prefix`; empty when there is none.
std::string after_prefix(std::string prefix);

}  // namespace gust::kv
