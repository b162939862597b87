#include "wire/cbor_body.h"

#include "codec/utf8.h"
#include "wire/members.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>

namespace gust::wire {
namespace {

constexpr int kMaxDepth = 64;

enum Major : unsigned { kUnsigned, kNegative, kBytes, kText, kArray, kMap, kTag, kSimple };
constexpr unsigned kIndefinite = 31;
constexpr std::uint64_t kEpochTag = 1;

// RFC 8949, appendix D.
double from_half(std::uint64_t half) {
  const auto exponent = static_cast<int>((half >> 10) & 0x1f);
  const auto mantissa = static_cast<double>(half & 0x3ff);
  const double size = exponent == 0    ? std::ldexp(mantissa, -24)
                      : exponent != 31 ? std::ldexp(mantissa + 1024, exponent - 25)
                      : mantissa == 0  ? std::numeric_limits<double>::infinity()
                                       : std::numeric_limits<double>::quiet_NaN();
  return (half & 0x8000) != 0 ? -size : size;
}

class CborReader {
 public:
  explicit CborReader(std::string_view bytes) : bytes_(bytes) {}

  Result<Value> whole() {
    GUST_TRY(auto value, item(0));
    if (at_ != bytes_.size()) return wrong("there are bytes behind the item");
    return value;
  }

 private:
  struct Head {
    unsigned major = 0, info = 0;
    std::uint64_t argument = 0;
  };

  std::unexpected<Error> wrong(std::string_view what) const {
    return fail(Code::kInvalid, fmt::format("byte {} of the CBOR body: {}", at_, what), "body");
  }

  Result<Head> head() {
    if (at_ >= bytes_.size()) return wrong("the body ends within an item");
    const unsigned first = static_cast<unsigned char>(bytes_[at_++]);
    Head out{first >> 5U, first & 31U, first & 31U};
    if (out.info < 24) return out;
    if (out.info == kIndefinite) return out;
    if (out.info > 27) return wrong("a length of a reserved kind");
    const auto size = std::size_t{1} << (out.info - 24);
    if (bytes_.size() - at_ < size) return wrong("the body ends within an item");
    out.argument = 0;
    for (std::size_t i = 0; i < size; ++i)
      out.argument = (out.argument << 8) | static_cast<unsigned char>(bytes_[at_++]);
    return out;
  }

  bool take_break() {
    if (at_ >= bytes_.size() || static_cast<unsigned char>(bytes_[at_]) != 0xff) return false;
    ++at_;
    return true;
  }

  Result<Value> item(int depth) {
    if (depth > kMaxDepth) return wrong("it is nested too deep");
    GUST_TRY(const auto begin, head());
    if (begin.info == kIndefinite && (begin.major < kBytes || begin.major == kTag))
      return wrong("an indefinite length of what has none");
    switch (begin.major) {
      case kUnsigned:
        if (begin.argument > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
          return Value(static_cast<double>(begin.argument));
        return Value(static_cast<std::int64_t>(begin.argument));
      case kNegative:
        if (begin.argument > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
          return Value(-1.0 - static_cast<double>(begin.argument));
        return Value(-1 - static_cast<std::int64_t>(begin.argument));
      case kBytes:
      case kText: return text(begin);
      case kArray: return array(begin, depth);
      case kMap: return map(begin, depth);
      case kTag: return tagged(begin, depth);
      default: return simple(begin);
    }
  }

  Result<std::string> chunk(const Head& begin) {
    if (begin.argument > bytes_.size() - at_) return wrong("a text is longer than the body");
    std::string out(bytes_.substr(at_, begin.argument));
    at_ += begin.argument;
    return out;
  }

  Result<Value> text(const Head& begin) {
    std::string out;
    if (begin.info != kIndefinite) {
      GUST_TRY(out, chunk(begin));
    } else {
      while (!take_break()) {
        GUST_TRY(const auto part, head());
        if (part.major != begin.major || part.info == kIndefinite) return wrong("a piece of a text of another kind");
        GUST_TRY(const auto more, chunk(part));
        out += more;
      }
    }
    if (begin.major == kBytes) return Value(Blob{std::move(out)});
    if (!codec::is_utf8(out)) return wrong("a text that is not UTF-8");
    return Value(std::move(out));
  }

  Result<Value> array(const Head& begin, int depth) {
    if (begin.info != kIndefinite && begin.argument > bytes_.size() - at_)
      return wrong("a list is longer than the body");
    Value::List out;
    for (std::uint64_t i = 0; begin.info == kIndefinite ? !take_break() : i < begin.argument; ++i) {
      GUST_TRY(auto value, item(depth + 1));
      out.push_back(std::move(value));
    }
    return Value(std::move(out));
  }

  Result<Value> map(const Head& begin, int depth) {
    if (begin.info != kIndefinite && begin.argument > bytes_.size() - at_)
      return wrong("a map is longer than the body");
    Value::Map out;
    for (std::uint64_t i = 0; begin.info == kIndefinite ? !take_break() : i < begin.argument; ++i) {
      GUST_TRY(const auto key, item(depth + 1));
      const auto* name = key.as<std::string>();
      if (name == nullptr) return wrong("a map's key that is no text");
      GUST_TRY(auto value, item(depth + 1));
      out.insert_or_assign(*name, std::move(value));
    }
    return Value(std::move(out));
  }

  Result<Value> tagged(const Head& begin, int depth) {
    GUST_TRY(auto value, item(depth + 1));
    if (begin.argument != kEpochTag) return value;
    const auto* whole = value.as<std::int64_t>();
    const auto* fraction = value.as<double>();
    if (whole == nullptr && fraction == nullptr) return wrong("a time that is no number");
    const double seconds = whole != nullptr ? static_cast<double>(*whole) : *fraction;
    if (!(std::abs(seconds) < 1e12)) return wrong("the time is out of range");
    return Value(from_epoch_ms(std::llround(seconds * 1000)));
  }

  Result<Value> simple(const Head& begin) {
    switch (begin.info) {
      case 20: return Value(false);
      case 21: return Value(true);
      case 22:
      case 23: return Value();
      case 25: return Value(from_half(begin.argument));
      case 26: return Value(static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(begin.argument))));
      case 27: return Value(std::bit_cast<double>(begin.argument));
      default: return wrong("a simple value that means nothing here");
    }
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
};

std::unexpected<Error> misfit(const Ref& ref, std::string_view expected) {
  return fail(Code::kInvalid, fmt::format("'{}': expected {}", ref.wire_name(), expected), ref.wire_name());
}

Result<Value> fit(const Ref& ref, Value value);

Result<Value> fit_structure(const Ref& ref, Value& value) {
  auto* from = value.as<Value::Map>();
  if (from == nullptr) return misfit(ref, "a structure");
  Value::Map out;
  for (const auto& member : ref.shape->members) {
    const auto found = from->find(member.name);
    if (found == from->end() || found->second.is_null()) continue;
    GUST_TRY(auto fitted, fit(member, std::move(found->second)));
    out.emplace(member.name, std::move(fitted));
  }
  return Value(std::move(out));
}

Result<Value> fit_list(const Ref& ref, Value& value) {
  auto* from = value.as<Value::List>();
  if (from == nullptr) return misfit(ref, "a list");
  Value::List out;
  for (auto& item : *from) {
    if (item.is_null()) continue;
    GUST_TRY(auto fitted, fit(ref.shape->member, std::move(item)));
    out.push_back(std::move(fitted));
  }
  return Value(std::move(out));
}

Result<Value> fit_map(const Ref& ref, Value& value) {
  auto* from = value.as<Value::Map>();
  if (from == nullptr) return misfit(ref, "a map");
  Value::Map out;
  for (auto& [key, item] : *from) {
    if (item.is_null()) continue;
    GUST_TRY(auto fitted, fit(ref.shape->value, std::move(item)));
    out.emplace(key, std::move(fitted));
  }
  return Value(std::move(out));
}

Result<Value> fit_integer(const Ref& ref, const Value& value) {
  auto number = value.as<std::int64_t>() != nullptr ? std::optional(*value.as<std::int64_t>()) : std::nullopt;
  if (const auto* d = value.as<double>(); d != nullptr && *d == std::floor(*d) && std::abs(*d) < 9e15)
    number = static_cast<std::int64_t>(*d);
  const bool small = ref.shape->kind == Kind::kInteger;
  if (!number || (small && *number != static_cast<std::int32_t>(*number))) return misfit(ref, "a whole number");
  return Value(*number);
}

Result<Value> fit(const Ref& ref, Value value) {
  switch (ref.shape->kind) {
    case Kind::kStructure: return fit_structure(ref, value);
    case Kind::kList: return fit_list(ref, value);
    case Kind::kMap: return fit_map(ref, value);
    case Kind::kDocument: return value;
    case Kind::kBoolean: return value.as<bool>() != nullptr ? Result<Value>(value) : misfit(ref, "true or false");
    case Kind::kInteger:
    case Kind::kLong: return fit_integer(ref, value);
    case Kind::kFloat:
      if (const auto* n = value.as<std::int64_t>()) return Value(static_cast<double>(*n));
      return value.as<double>() != nullptr ? Result<Value>(value) : misfit(ref, "a number");
    case Kind::kTimestamp:
      return value.as<WallTime>() != nullptr ? Result<Value>(value) : misfit(ref, "a time (tag 1)");
    case Kind::kBlob: return value.as<Blob>() != nullptr ? Result<Value>(value) : misfit(ref, "bytes");
    case Kind::kString: return value.as<std::string>() != nullptr ? Result<Value>(value) : misfit(ref, "a text");
  }
  return misfit(ref, "something else");
}

void append_head(std::string& out, Major major, std::uint64_t argument) {
  const auto top = static_cast<unsigned>(major) << 5U;
  if (argument < 24) {
    out += static_cast<char>(top | argument);
    return;
  }
  const unsigned size = argument <= 0xff ? 0 : argument <= 0xffff ? 1 : argument <= 0xffffffff ? 2 : 3;
  out += static_cast<char>(top | (24 + size));
  for (int i = (1 << size) - 1; i >= 0; --i) out += static_cast<char>(argument >> (8 * static_cast<unsigned>(i)));
}

void append_text(std::string& out, Major major, std::string_view text) {
  append_head(out, major, text.size());
  out += text;
}

void append_double(std::string& out, double number) {
  out += static_cast<char>(0xfb);
  const auto bits = std::bit_cast<std::uint64_t>(number);
  for (int i = 7; i >= 0; --i) out += static_cast<char>(bits >> (8 * static_cast<unsigned>(i)));
}

struct Writer {
  std::string& out;

  void operator()(std::monostate) const { out += static_cast<char>(0xf6); }
  void operator()(bool b) const { out += static_cast<char>(b ? 0xf5 : 0xf4); }
  void operator()(std::int64_t n) const {
    if (n >= 0) return append_head(out, kUnsigned, static_cast<std::uint64_t>(n));
    append_head(out, kNegative, static_cast<std::uint64_t>(-(n + 1)));
  }
  void operator()(double d) const { append_double(out, d); }
  void operator()(const std::string& s) const { append_text(out, kText, s); }
  void operator()(const Blob& b) const { append_text(out, kBytes, b.bytes); }
  void operator()(WallTime t) const {
    append_head(out, kTag, kEpochTag);
    append_double(out, static_cast<double>(to_epoch_ms(t)) / 1000);
  }
  void operator()(const Value::List& list) const {
    append_head(out, kArray, list.size());
    for (const auto& item : list) std::visit(*this, item.data);
  }
  void operator()(const Value::Map& map) const {
    std::size_t present = 0;
    for (const auto& [name, item] : map) present += item.is_null() ? 0 : 1;
    append_head(out, kMap, present);
    for (const auto& [name, item] : map) {
      if (item.is_null()) continue;
      append_text(out, kText, name);
      std::visit(*this, item.data);
    }
  }
};

void append_by(std::string& out, const Ref& ref, const Value& value) {
  const auto* list = value.as<Value::List>();
  const auto* map = value.as<Value::Map>();
  if (ref.shape->kind == Kind::kStructure) {
    const auto present = present_members(*ref.shape, value);
    append_head(out, kMap, present.size());
    for (const auto& [member, item] : present) {
      append_text(out, kText, member->name);
      append_by(out, *member, *item);
    }
  } else if (ref.shape->kind == Kind::kList && list != nullptr) {
    append_head(out, kArray, list->size());
    for (const auto& item : *list) append_by(out, ref.shape->member, item);
  } else if (ref.shape->kind == Kind::kMap && map != nullptr) {
    append_head(out, kMap, map->size());
    for (const auto& [name, item] : *map) {
      append_text(out, kText, name);
      append_by(out, ref.shape->value, item);
    }
  } else {
    std::visit(Writer{out}, value.data);
  }
}

}  // namespace

Result<Value> parse_cbor(std::string_view bytes) { return CborReader(bytes).whole(); }

Result<Value> from_cbor(const Ref& ref, std::string_view bytes) {
  GUST_TRY(auto value, parse_cbor(bytes));
  return fit(ref, std::move(value));
}

std::string to_cbor(const Ref& ref, const Value& value) {
  std::string out;
  append_by(out, ref, value);
  return out;
}

std::string to_cbor(const Value& value) {
  std::string out;
  std::visit(Writer{out}, value.data);
  return out;
}

}  // namespace gust::wire
