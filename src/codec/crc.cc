#include "codec/crc.h"

#include <zlib.h>

#include <array>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#include <wmmintrin.h>
#endif

namespace gust::codec {
namespace {

// Slicing-by-8 tables for a reflected polynomial.
template <typename Word>
constexpr std::array<std::array<Word, 256>, 8> make_tables(Word reflected) {
  std::array<std::array<Word, 256>, 8> tables{};
  for (unsigned i = 0; i < 256; ++i) {
    Word value = i;
    for (int bit = 0; bit < 8; ++bit) value = value & 1 ? value >> 1 ^ reflected : value >> 1;
    tables[0][i] = value;
  }
  for (unsigned i = 0; i < 256; ++i) {
    for (unsigned t = 1; t < 8; ++t) tables[t][i] = tables[t - 1][i] >> 8 ^ tables[0][tables[t - 1][i] & 0xff];
  }
  return tables;
}

constexpr std::uint32_t kZlibPolynomial = 0xedb88320U;
constexpr std::uint32_t kCastagnoliPolynomial = 0x82f63b78U;
constexpr std::uint64_t kNvmePolynomial = 0x9a6c9329ac4bc9b5ULL;
constexpr auto kCastagnoli = make_tables<std::uint32_t>(kCastagnoliPolynomial);
constexpr auto kNvme = make_tables<std::uint64_t>(kNvmePolynomial);

// a times b modulo the reflected polynomial; the highest bit is x^0.
template <typename Word>
Word multiply(Word a, Word b, Word polynomial) {
  Word product = 0;
  for (Word bit = Word{1} << (sizeof(Word) * 8 - 1); bit != 0; bit >>= 1) {
    if (a & bit) product ^= b;
    b = b & 1 ? b >> 1 ^ polynomial : b >> 1;
  }
  return product;
}

// x^(8 * bytes): what moves a value by so many zero bytes, when multiplied with it.
template <typename Word>
Word shift_by(std::uint64_t bytes, Word polynomial) {
  constexpr Word kOne = Word{1} << (sizeof(Word) * 8 - 1);
  Word power = kOne >> 8, shift = kOne;
  for (; bytes != 0; bytes >>= 1) {
    if (bytes & 1) shift = multiply(shift, power, polynomial);
    power = multiply(power, power, polynomial);
  }
  return shift;
}

// The first value, moved by as many zero bytes as the second text has, plus the second.
template <typename Word>
Word combine(Word first, Word second, std::uint64_t second_bytes, Word polynomial) {
  return multiply(shift_by(second_bytes, polynomial), first, polynomial) ^ second;
}

template <typename Word>
Word by_tables(const std::array<std::array<Word, 256>, 8>& tables, Word crc, std::span<const std::byte> bytes) {
  static_assert(std::endian::native == std::endian::little);
  while (bytes.size() >= 8) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, bytes.data(), 8);
    eight ^= crc;
    crc = 0;
    for (unsigned i = 0; i < 8; ++i) crc ^= tables[7 - i][eight >> (8 * i) & 0xff];
    bytes = bytes.subspan(8);
  }
  for (const auto b : bytes) crc = crc >> 8 ^ tables[0][(crc ^ static_cast<Word>(b)) & 0xff];
  return crc;
}

#if defined(__x86_64__)
// The instruction takes three cycles, and three of them at once take no longer: three lanes, put together at their end.
constexpr std::size_t kLane = 5440;

__attribute__((target("sse4.2"))) std::uint32_t three_lanes(std::uint32_t crc, const std::byte* bytes) {
  static const auto kShift = shift_by<std::uint32_t>(kLane, kCastagnoliPolynomial);
  std::uint64_t a = crc, b = 0, c = 0;
  for (std::size_t i = 0; i < kLane; i += 8) {
    std::uint64_t eight[3];
    std::memcpy(&eight[0], bytes + i, 8);
    std::memcpy(&eight[1], bytes + kLane + i, 8);
    std::memcpy(&eight[2], bytes + 2 * kLane + i, 8);
    a = _mm_crc32_u64(a, eight[0]);
    b = _mm_crc32_u64(b, eight[1]);
    c = _mm_crc32_u64(c, eight[2]);
  }
  const auto moved = [](std::uint64_t value) {
    return multiply(kShift, static_cast<std::uint32_t>(value), kCastagnoliPolynomial);
  };
  return moved(moved(a) ^ b) ^ static_cast<std::uint32_t>(c);
}

__attribute__((target("sse4.2"))) std::uint32_t by_hardware(std::uint32_t crc, std::span<const std::byte> bytes) {
  for (; bytes.size() >= 3 * kLane; bytes = bytes.subspan(3 * kLane)) crc = three_lanes(crc, bytes.data());
  std::uint64_t wide = crc;
  while (bytes.size() >= 8) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, bytes.data(), 8);
    wide = _mm_crc32_u64(wide, eight);
    bytes = bytes.subspan(8);
  }
  crc = static_cast<std::uint32_t>(wide);
  for (const auto b : bytes) crc = _mm_crc32_u8(crc, static_cast<unsigned char>(b));
  return crc;
}

// x^n modulo the reflected polynomial.
template <typename Word>
constexpr Word x_to(unsigned n, Word polynomial) {
  Word power = Word{1} << (sizeof(Word) * 8 - 1);
  for (; n > 0; --n) power = power & 1 ? power >> 1 ^ polynomial : power >> 1;
  return power;
}

// A CRC without its first and last inversion: what folding needs of it.
struct Zlib {
  using Word = std::uint32_t;
  static constexpr Word kPolynomial = kZlibPolynomial;
  static Word plain(Word crc, std::span<const std::byte> bytes) {
    return ~static_cast<Word>(::crc32_z(~crc, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
  }
};
struct Nvme {
  using Word = std::uint64_t;
  static constexpr Word kPolynomial = kNvmePolynomial;
  static Word plain(Word crc, std::span<const std::byte> bytes) { return by_tables<Word>(kNvme, crc, bytes); }
};

// x^n modulo the polynomial, in 64 bits of which the highest is x^0.
template <typename Crc>
constexpr long long factor(unsigned n) {
  return static_cast<long long>(std::uint64_t{x_to(n, Crc::kPolynomial)} << (64 - 8 * sizeof(typename Crc::Word)));
}

// 16 bytes, moved by `bits`, without the polynomial's multiples. A product of reflected words has an x too many: the
// factors have one less. Source: "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction", Intel.
template <typename Crc, unsigned bits>
__attribute__((target("pclmul,sse4.2"))) __m128i moved(__m128i value) {
  constexpr auto kFirst = factor<Crc>(bits + 63), kSecond = factor<Crc>(bits - 1);
  const auto factors = _mm_set_epi64x(kSecond, kFirst);
  return _mm_xor_si128(_mm_clmulepi64_si128(value, factors, 0x00), _mm_clmulepi64_si128(value, factors, 0x11));
}

__attribute__((target("pclmul,sse4.2"))) __m128i sixteen(const std::byte* bytes) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
}

// Four lanes of 16 bytes each, put together at their end; of at least 64 bytes.
template <typename Crc>
__attribute__((target("pclmul,sse4.2"))) Crc::Word by_folding(typename Crc::Word crc,
                                                              std::span<const std::byte> bytes) {
  constexpr std::size_t kOne = 16, kFour = 64;
  const auto* at = bytes.data();
  auto a = _mm_xor_si128(sixteen(at), _mm_set_epi64x(0, static_cast<long long>(crc)));
  auto b = sixteen(at + kOne), c = sixteen(at + 2 * kOne), d = sixteen(at + 3 * kOne);
  for (bytes = bytes.subspan(kFour); bytes.size() >= kFour; bytes = bytes.subspan(kFour)) {
    at = bytes.data();
    a = _mm_xor_si128(moved<Crc, 512>(a), sixteen(at));
    b = _mm_xor_si128(moved<Crc, 512>(b), sixteen(at + kOne));
    c = _mm_xor_si128(moved<Crc, 512>(c), sixteen(at + 2 * kOne));
    d = _mm_xor_si128(moved<Crc, 512>(d), sixteen(at + 3 * kOne));
  }
  b = _mm_xor_si128(moved<Crc, 128>(a), b);
  c = _mm_xor_si128(moved<Crc, 128>(b), c);
  d = _mm_xor_si128(moved<Crc, 128>(c), d);
  for (; bytes.size() >= kOne; bytes = bytes.subspan(kOne))
    d = _mm_xor_si128(moved<Crc, 128>(d), sixteen(bytes.data()));
  std::array<std::byte, kOne> last;
  _mm_storeu_si128(reinterpret_cast<__m128i*>(last.data()), d);
  return Crc::plain(Crc::plain(0, last), bytes);
}
#endif

}  // namespace

std::uint32_t crc32(std::uint32_t crc, std::span<const std::byte> bytes) {
#if defined(__x86_64__)
  if (bytes.size() >= 64 && __builtin_cpu_supports("pclmul")) return ~by_folding<Zlib>(~crc, bytes);
#endif
  return static_cast<std::uint32_t>(::crc32_z(crc, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}

std::uint32_t crc32c(std::uint32_t crc, std::span<const std::byte> bytes) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.2")) return ~by_hardware(~crc, bytes);
#endif
  return ~by_tables(kCastagnoli, ~crc, bytes);
}

std::uint64_t crc64nvme(std::uint64_t crc, std::span<const std::byte> bytes) {
#if defined(__x86_64__)
  if (bytes.size() >= 64 && __builtin_cpu_supports("pclmul")) return ~by_folding<Nvme>(~crc, bytes);
#endif
  return ~by_tables(kNvme, ~crc, bytes);
}

std::uint32_t crc32_combine(std::uint32_t first, std::uint32_t second, std::uint64_t second_bytes) {
  return combine(first, second, second_bytes, kZlibPolynomial);
}
std::uint32_t crc32c_combine(std::uint32_t first, std::uint32_t second, std::uint64_t second_bytes) {
  return combine(first, second, second_bytes, kCastagnoliPolynomial);
}
std::uint64_t crc64nvme_combine(std::uint64_t first, std::uint64_t second, std::uint64_t second_bytes) {
  return combine(first, second, second_bytes, kNvmePolynomial);
}

}  // namespace gust::codec
