#include "wire/validate.h"

#include "wire/scalar.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <re2/re2.h>

#include <algorithm>

namespace gust::wire {
namespace {

std::string lower_first(std::string text) {
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] + 32);
  return text;
}

// Where a value lies in the whole, spelt only for a violation.
struct Place {
  enum class Of { kMember, kItem, kEntry };
  const Place* in = nullptr;  // null: of the whole's own members
  Of of = Of::kMember;
  std::string_view name = {};
  std::size_t index = 0;

  std::string text() const {
    const auto above = in != nullptr ? in->text() : std::string();
    if (of == Of::kItem) return fmt::format("{}.{}.member", above, index + 1);
    if (of == Of::kEntry) return fmt::format("{}.{}.member", above, name);
    return above.empty() ? lower_first(std::string(name)) : above + "." + lower_first(std::string(name));
  }
};

class Validator {
 public:
  explicit Validator(std::vector<Violation>& out) : out_(out) {}

  void structure(const Shape& shape, const Value& value, const Place* place) {
    std::size_t present = 0;
    for (const auto& member : shape.members) {
      const Place at{.in = place, .name = member.name};
      const auto* item = value.find(member.name);
      if (item == nullptr || item->is_null()) {
        if (member.required && !member.streaming)
          add(Constraint::kRequired, at.text(), "null", "Member must not be null", member.name);
        continue;
      }
      ++present;
      any(*member.shape, *item, &at, member.name);
    }
    if (shape.is_union && present != 1)
      add(Constraint::kUnion, spelt(place), "", "Exactly one member must be set", shape.name);
  }

 private:
  void any(const Shape& shape, const Value& value, const Place* place, std::string_view member) {
    switch (shape.kind) {
      case Kind::kStructure:
        return structure(shape, value, place);
      case Kind::kList: {
        const auto& list = *value.as<Value::List>();
        length(shape, list.size(), value, place, member);
        for (std::size_t i = 0; i < list.size(); ++i) {
          const Place at{.in = place, .of = Place::Of::kItem, .index = i};
          any(*shape.member.shape, list[i], &at, member);
        }
        return;
      }
      case Kind::kMap: {
        const auto& map = *value.as<Value::Map>();
        length(shape, map.size(), value, place, member);
        for (const auto& [key, item] : map) {
          const Place at{.in = place, .of = Place::Of::kEntry, .name = key};
          any(*shape.key.shape, Value(key), place, member);
          if (!item.is_null()) any(*shape.value.shape, item, &at, member);
        }
        return;
      }
      case Kind::kString:
        return text(shape, value, place, member);
      case Kind::kBlob:
        return length(shape, value.as<Blob>()->bytes.size(), value, place, member);
      case Kind::kInteger:
      case Kind::kLong:
        return range(shape, static_cast<double>(*value.as<std::int64_t>()), value, place, member);
      case Kind::kFloat:
        return range(shape, *value.as<double>(), value, place, member);
      default:
        return;
    }
  }

  void text(const Shape& shape, const Value& whole, const Place* place, std::string_view member) {
    const auto& value = *whole.as<std::string>();
    length(shape, characters(value), whole, place, member);
    if (!shape.enum_values.empty() && std::ranges::find(shape.enum_values, value) == shape.enum_values.end()) {
      add(Constraint::kEnum, spelt(place), value,
          fmt::format("Member must satisfy enum value set: [{}]", fmt::join(shape.enum_values, ", ")), member);
    }
    if (shape.pattern && !RE2::FullMatch(value, *shape.pattern)) {
      add(Constraint::kPattern, spelt(place), value,
          "Member must satisfy regular expression pattern: " + shape.pattern_text, member);
    }
  }

  static std::string spelt(const Place* place) { return place != nullptr ? place->text() : std::string(); }

  void length(const Shape& shape, std::size_t size, const Value& value, const Place* place, std::string_view member) {
    const auto n = static_cast<double>(size);
    if (shape.min && n < *shape.min) {
      add(Constraint::kLength, spelt(place), describe(value),
          fmt::format("Member must have length greater than or equal to {}", *shape.min), member);
    }
    if (shape.max && n > *shape.max) {
      add(Constraint::kLength, spelt(place), describe(value),
          fmt::format("Member must have length less than or equal to {}", *shape.max), member);
    }
  }

  void range(const Shape& shape, double n, const Value& value, const Place* place, std::string_view member) {
    if (shape.min && n < *shape.min) {
      add(Constraint::kRange, spelt(place), describe(value),
          fmt::format("Member must have value greater than or equal to {}", *shape.min), member);
    }
    if (shape.max && n > *shape.max) {
      add(Constraint::kRange, spelt(place), describe(value),
          fmt::format("Member must have value less than or equal to {}", *shape.max), member);
    }
  }

  void add(Constraint constraint, std::string path, std::string given, std::string expected,
           std::string_view member) {
    if (given.size() > 200) given = given.substr(0, 200) + "...";
    out_.push_back({constraint, std::move(path), std::move(given), std::move(expected), std::string(member)});
  }

  std::vector<Violation>& out_;
};

}  // namespace

std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::ranges::count_if(utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::vector<Violation> validate(const Shape& shape, const Value& value) {
  std::vector<Violation> out;
  Validator(out).structure(shape, value, nullptr);
  return out;
}

std::string validation_message(const std::vector<Violation>& violations) {
  std::string text =
      fmt::format("{} validation error{} detected: ", violations.size(), violations.size() == 1 ? "" : "s");
  for (std::size_t i = 0; i < violations.size(); ++i) {
    const auto& v = violations[i];
    if (i > 0) text += "; ";
    text += fmt::format("Value {} at '{}' failed to satisfy constraint: {}",
                        v.constraint == Constraint::kRequired ? "null" : "'" + v.given + "'", v.path, v.expected);
  }
  return text;
}

}  // namespace gust::wire
