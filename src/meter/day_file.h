// A day's file of the ledger: lines with a checksum, appended all or nothing (docs/formats/meter.md). One writer.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace gust::meter {

// `text` as a line: its checksum before it.
std::string sealed_line(std::string_view text);
// Gives the text of each whole and sound line to `take`, which answers whether it was what it should be. Answers how
// many were not, and sets `used` to where the last whole line ends.
std::uint64_t read_sealed(std::string_view bytes, const std::function<bool(std::string_view)>& take,
                          std::size_t* used = nullptr);

// All of `bytes`, or none of them; a line that a crash left unfinished is cut off first. kNoSpace, kUnavailable.
Result<void> append_bytes(const std::string& path, const std::string& bytes);
// The file's bytes from `offset` on; empty when there is none.
std::string bytes_of(const std::string& path, std::uint64_t offset = 0);

}  // namespace gust::meter
