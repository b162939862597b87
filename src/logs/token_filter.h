// TokenFilter: which blocks cannot have what is looked for, from a few bits for each thing that a block has: runs of
// five letters or digits of its messages, and the fields of those that are JSON. A Bloom filter in pieces of one cache
// line each, so that a look costs one. Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gust::logs {

inline constexpr std::size_t kGram = 5;           // letters or digits
inline constexpr std::size_t kFilterPiece = 64;  // bytes

// The keys of every run of kGram letters or digits in `text`, of whatever case.
void for_each_gram(std::string_view text, const std::function<void(std::uint64_t)>& take);
std::vector<std::uint64_t> gram_keys(std::string_view text);
// The keys of a JSON field that has this value: its path as $.a.b[0].
std::array<std::uint64_t, 2> field_keys(std::string_view path, std::string_view text);
std::array<std::uint64_t, 2> field_keys(std::string_view path, double number);

class FilterBuilder {
 public:
  FilterBuilder();
  // `fields` of a message that is a JSON object are added too.
  void add(std::string_view message);
  // Messages had more fields than are looked at: those of the filter are not all.
  bool fields_cut() const { return fields_cut_; }
  // As small as it can be and still tell things apart: a power of two of pieces.
  std::string take();

 private:
  friend class FieldWalk;
  void set(std::uint64_t key);
  std::string bits_;
  bool fields_cut_ = false;
};

// Of a key, the piece of a filter with so many pieces, and its bits there.
std::size_t filter_piece(std::uint64_t key, std::size_t pieces);
bool filter_has(const char* piece, std::uint64_t key);

// What a message must have: this key, all of these, one of these, or nothing that is known.
struct Needs {
  enum class Kind { kNothing, kKeys, kAll, kAny } kind = Kind::kNothing;
  std::vector<std::uint64_t> keys;  // all of them
  bool of_fields = false;           // and they are of JSON fields
  std::vector<Needs> parts;         // of kAll, kAny
};
Needs need_text(std::string_view text);
Needs need_all(std::vector<Needs> parts);
Needs need_any(std::vector<Needs> parts);
// `has` looks at a block's filter: for a key, and whether it is of a JSON field.
enum class KeyOf { kText, kField };
bool may_meet(const Needs& needs, const std::function<bool(std::uint64_t, KeyOf)>& has);

}  // namespace gust::logs
