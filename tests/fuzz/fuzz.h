// What every fuzz target needs: the bytes as text, and a check that says where it failed.
#pragma once

#include "base/assert.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

inline std::string_view as_text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}
