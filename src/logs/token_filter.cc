#include "logs/token_filter.h"

#include "codec/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace gust::logs {
namespace {

constexpr std::size_t kMaxPieces = 4096;  // 256 KiB
constexpr double kFull = 0.35;            // of the bits, at most, where it can be
constexpr int kBitsOfKey = 3;
constexpr std::size_t kMaxFields = 256, kMaxDepth = 12;  // of a message

std::uint64_t mixed(std::uint64_t n) {
  n ^= n >> 32;
  n *= 0xd6e8feb86659fd93ULL;
  n ^= n >> 32;
  n *= 0xd6e8feb86659fd93ULL;
  return n ^ n >> 32;
}

std::uint64_t hash_of(std::string_view text, std::uint64_t seed) {
  std::uint64_t out = seed;
  for (; text.size() >= 8; text.remove_prefix(8)) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), 8);
    out = mixed(out ^ word) + 0x9e3779b97f4a7c15ULL;
  }
  std::uint64_t word = text.size();
  for (const char c : text) word = word << 8 | static_cast<unsigned char>(c);
  return mixed(out ^ word);
}

// Of letters the lower case, of digits themselves, of all else 0.
constexpr auto kFolded = [] {
  std::array<unsigned char, 256> out{};
  for (int c = '0'; c <= '9'; ++c) out[static_cast<std::size_t>(c)] = static_cast<unsigned char>(c);
  for (int c = 'a'; c <= 'z'; ++c) out[static_cast<std::size_t>(c)] = static_cast<unsigned char>(c);
  for (int c = 'A'; c <= 'Z'; ++c) out[static_cast<std::size_t>(c)] = static_cast<unsigned char>(c + 32);
  return out;
}();

template <typename Take>
void each_gram(std::string_view text, Take take) {
  constexpr std::uint64_t kMask = (std::uint64_t{1} << (8 * kGram)) - 1;
  std::uint64_t window = 0;
  std::size_t run = 0;
  for (const char c : text) {
    const auto folded = kFolded[static_cast<unsigned char>(c)];
    run = folded == 0 ? 0 : run + 1;
    window = (window << 8 | folded) & kMask;
    if (run >= kGram) take(mixed(window + 1));
  }
}

std::array<std::uint64_t, 2> keys_of(std::string_view path, std::string_view value, std::uint64_t kind) {
  const auto one = hash_of(value, hash_of(path, kind));
  return {one, mixed(one + 0x9e3779b97f4a7c15ULL)};
}

}  // namespace

void for_each_gram(std::string_view text, const std::function<void(std::uint64_t)>& take) {
  each_gram(text, [&](std::uint64_t key) { take(key); });
}

std::vector<std::uint64_t> gram_keys(std::string_view text) {
  std::vector<std::uint64_t> out;
  each_gram(text, [&](std::uint64_t key) { out.push_back(key); });
  return out;
}

std::array<std::uint64_t, 2> field_keys(std::string_view path, std::string_view text) {
  return keys_of(path, text, 1);
}

std::array<std::uint64_t, 2> field_keys(std::string_view path, double number) {
  number += 0.0;  // one zero
  std::uint64_t bits = std::bit_cast<std::uint64_t>(number == 0 ? 0.0 : number);
  return keys_of(path, {reinterpret_cast<const char*>(&bits), sizeof bits}, 2);
}

// Adds the fields of one message, wherever they are in it.
class FieldWalk {
 public:
  explicit FieldWalk(FilterBuilder& to) : to_(to), path_("$") {}

  void visit(const codec::json::value& value, std::size_t depth) {
    if (depth > kMaxDepth || ++seen_ > kMaxFields) {
      to_.fields_cut_ = true;
      return;
    }
    const auto size = path_.size();
    if (const auto* object = value.if_object()) {
      for (const auto& [name, member] : *object) {
        path_ += '.';
        path_ += std::string_view(name);
        visit(member, depth + 1);
        path_.resize(size);
      }
    } else if (const auto* array = value.if_array()) {
      for (std::size_t i = 0; i < array->size(); ++i) {
        path_ += fmt::format("[{}]", i);
        visit((*array)[i], depth + 1);
        path_.resize(size);
      }
    } else if (const auto* text = value.if_string()) {
      for (const auto key : field_keys(path_, std::string_view(*text))) to_.set(key);
    } else if (value.is_number()) {
      for (const auto key : field_keys(path_, value.to_number<double>())) to_.set(key);
    }
  }

 private:
  FilterBuilder& to_;
  std::string path_;
  std::size_t seen_ = 0;
};

FilterBuilder::FilterBuilder() : bits_(kMaxPieces * kFilterPiece, '\0') {}

std::size_t filter_piece(std::uint64_t key, std::size_t pieces) {
  return static_cast<std::size_t>(key >> 32) & (pieces - 1);
}

bool filter_has(const char* piece, std::uint64_t key) {
  for (int i = 0; i < kBitsOfKey; ++i, key >>= 9) {
    const auto bit = key & 511;
    if ((static_cast<unsigned char>(piece[bit >> 3]) >> (bit & 7) & 1) == 0) return false;
  }
  return true;
}

void FilterBuilder::set(std::uint64_t key) {
  auto* const piece = bits_.data() + filter_piece(key, kMaxPieces) * kFilterPiece;
  for (int i = 0; i < kBitsOfKey; ++i, key >>= 9) {
    const auto bit = key & 511;
    piece[bit >> 3] = static_cast<char>(static_cast<unsigned char>(piece[bit >> 3]) | 1U << (bit & 7));
  }
}

void FilterBuilder::add(std::string_view message) {
  each_gram(message, [this](std::uint64_t key) { set(key); });
  const auto begin = message.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos || message[begin] != '{') return;
  codec::JsonArena arena;
  if (const auto document = codec::parse_json(message, 64, arena.storage())) FieldWalk(*this).visit(*document, 0);
}

std::string FilterBuilder::take() {
  const auto ones = [](std::string_view bytes) {
    std::size_t out = 0;
    for (const char c : bytes) out += static_cast<std::size_t>(std::popcount(static_cast<unsigned char>(c)));
    return out;
  };
  auto bits = std::exchange(bits_, std::string(kMaxPieces * kFilterPiece, '\0'));
  while (bits.size() > kFilterPiece) {
    auto half = bits.substr(0, bits.size() / 2);
    for (std::size_t i = 0; i < half.size(); ++i) half[i] = static_cast<char>(half[i] | bits[half.size() + i]);
    if (static_cast<double>(ones(half)) > kFull * 8 * static_cast<double>(half.size())) break;
    bits = std::move(half);
  }
  return bits;
}

Needs need_text(std::string_view text) {
  Needs out;
  out.keys = gram_keys(text);
  out.kind = out.keys.empty() ? Needs::Kind::kNothing : Needs::Kind::kKeys;
  return out;
}

Needs need_all(std::vector<Needs> parts) {
  std::erase_if(parts, [](const Needs& part) { return part.kind == Needs::Kind::kNothing; });
  Needs out;
  out.kind = parts.empty() ? Needs::Kind::kNothing : Needs::Kind::kAll;
  out.parts = std::move(parts);
  return out;
}

Needs need_any(std::vector<Needs> parts) {
  Needs out;
  const auto unknown = [](const Needs& part) { return part.kind == Needs::Kind::kNothing; };
  if (parts.empty() || std::ranges::any_of(parts, unknown)) return out;
  out.kind = Needs::Kind::kAny;
  out.parts = std::move(parts);
  return out;
}

bool may_meet(const Needs& needs, const std::function<bool(std::uint64_t, KeyOf)>& has) {
  const auto part = [&](const Needs& each) { return may_meet(each, has); };
  switch (needs.kind) {
    case Needs::Kind::kNothing: return true;
    case Needs::Kind::kAll: return std::ranges::all_of(needs.parts, part);
    case Needs::Kind::kAny: return std::ranges::any_of(needs.parts, part);
    case Needs::Kind::kKeys: break;
  }
  const auto of = needs.of_fields ? KeyOf::kField : KeyOf::kText;
  return std::ranges::all_of(needs.keys, [&](std::uint64_t key) { return has(key, of); });
}

}  // namespace gust::logs
