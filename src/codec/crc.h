// CRC-32 (zlib), CRC-32C (Castagnoli) and CRC-64/NVME, piece by piece. Any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace gust::codec {

// Each continues from `crc`, the value so far (0 at the start).
std::uint32_t crc32(std::uint32_t crc, std::span<const std::byte> bytes);
std::uint32_t crc32c(std::uint32_t crc, std::span<const std::byte> bytes);
std::uint64_t crc64nvme(std::uint64_t crc, std::span<const std::byte> bytes);

// The value of two texts one after another, from the value of each and the length of the second.
std::uint32_t crc32_combine(std::uint32_t first, std::uint32_t second, std::uint64_t second_bytes);
std::uint32_t crc32c_combine(std::uint32_t first, std::uint32_t second, std::uint64_t second_bytes);
std::uint64_t crc64nvme_combine(std::uint64_t first, std::uint64_t second, std::uint64_t second_bytes);

}  // namespace gust::codec
