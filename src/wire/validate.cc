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

constexpr std::size_t kMostViolations = 10;  // that an answer tells of
constexpr std::size_t kMostGiven = 8192;

const std::string& class_of(const Shape& shape) {
  return shape.location_name.empty() ? shape.name : shape.location_name;
}

// A value as the services print it: structures by their class and a hash, which tell nothing.
std::string java_text(const Shape& shape, const Value& value) {
  switch (shape.kind) {
    case Kind::kList: {
      std::string out = "[";
      for (const auto& one : *value.as<Value::List>()) {
        out += (out.size() > 1 ? ", " : "") + java_text(*shape.member.shape, one);
        if (out.size() > kMostGiven) break;
      }
      return out + "]";
    }
    case Kind::kMap: {
      std::string out = "{";
      for (const auto& [key, one] : *value.as<Value::Map>()) {
        out += (out.size() > 1 ? ", " : "") + key + "=" + java_text(*shape.value.shape, one);
        if (out.size() > kMostGiven) break;
      }
      return out + "}";
    }
    case Kind::kStructure: {
      std::string members;
      for (const auto& member : shape.members) {
        if (const auto* one = value.find(member.name); one != nullptr && !one->is_null())
          members += member.name + '=' + java_text(*member.shape, *one) + ' ';
      }
      return fmt::format("{}@{:x}", class_of(shape), static_cast<std::uint32_t>(std::hash<std::string>()(members)));
    }
    default:
      return describe(value);
  }
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
      case Kind::kList:
        return list(shape, value, place, member);
      case Kind::kMap:
        return map(shape, value, place, member);
      default:
        for (auto& broken : broken_of(shape, value))
          add(broken.constraint, spelt(place), describe(value), std::move(broken.expected), member);
    }
  }

  void list(const Shape& shape, const Value& value, const Place* place, std::string_view member) {
    const auto& items = *value.as<Value::List>();
    length(shape, items.size(), value, place, member);
    const auto& of = *shape.member.shape;
    if (is_plain(of)) {
      const bool fits = std::ranges::all_of(items, [&](const Value& one) { return broken_of(of, one).empty(); });
      if (!fits) add_all(shape, value, place, "Member must satisfy constraint", of, member);
      return;
    }
    for (std::size_t i = 0; i < items.size(); ++i) {
      const Place at{.in = place, .of = Place::Of::kItem, .index = i};
      any(of, items[i], &at, member);
    }
  }

  void map(const Shape& shape, const Value& value, const Place* place, std::string_view member) {
    const auto& entries = *value.as<Value::Map>();
    length(shape, entries.size(), value, place, member);
    const auto& key = *shape.key.shape;
    const auto& of = *shape.value.shape;
    const bool keys_fit =
        std::ranges::all_of(entries, [&](const auto& one) { return broken_text(key, one.first).empty(); });
    if (!keys_fit) add_all(shape, value, place, "Map keys must satisfy constraint", key, member);
    const bool values_fit = std::ranges::all_of(
        entries, [&](const auto& one) { return one.second.is_null() || own_broken(of, one.second).empty(); });
    if (!values_fit) add_all(shape, value, place, "Map value must satisfy constraint", of, member);
    if (is_plain(of)) return;
    for (const auto& [name, item] : entries) {
      const Place at{.in = place, .of = Place::Of::kEntry, .name = name};
      if (item.is_null()) continue;
      if (of.kind != Kind::kList) {
        any(of, item, &at, member);
        continue;
      }
      const auto& items = *item.as<Value::List>();
      for (std::size_t i = 0; i < items.size(); ++i) {
        const Place inner{.in = &at, .of = Place::Of::kItem, .index = i};
        any(*of.member.shape, items[i], &inner, member);
      }
    }
  }

  // Neither a structure nor a collection.
  static bool is_plain(const Shape& shape) {
    return shape.kind != Kind::kStructure && shape.kind != Kind::kList && shape.kind != Kind::kMap;
  }

  struct Broken {
    Constraint constraint;
    std::string expected;
  };

  static std::vector<Broken> broken_text(const Shape& shape, std::string_view text) {
    std::vector<Broken> out;
    if (text.starts_with("arn:") && shape.name == "TableArn") return out;  // a name or an ARN
    if (shape.pattern && !RE2::FullMatch(text, *shape.pattern))
      out.push_back({Constraint::kPattern, pattern_words(shape)});
    if (shape.min || shape.max)
      measure(shape, static_cast<double>(characters(text)), "length", Constraint::kLength, out);
    if (!shape.enum_values.empty() && std::ranges::find(shape.enum_values, text) == shape.enum_values.end())
      out.push_back({Constraint::kEnum, enum_words(shape)});
    return out;
  }

  // Of a plain value, in the order that the services have.
  static std::vector<Broken> broken_of(const Shape& shape, const Value& value) {
    if (const auto* text = value.as<std::string>()) return broken_text(shape, *text);
    std::vector<Broken> out;
    if (const auto* blob = value.as<Blob>()) {
      measure(shape, static_cast<double>(blob->bytes.size()), "length", Constraint::kLength, out);
    } else if (const auto* whole = value.as<std::int64_t>()) {
      measure(shape, static_cast<double>(*whole), "value", Constraint::kRange, out);
    } else if (const auto* number = value.as<double>()) {
      measure(shape, *number, "value", Constraint::kRange, out);
    }
    return out;
  }

  // The same, and of a collection whether its size fits.
  static std::vector<Broken> own_broken(const Shape& shape, const Value& value) {
    if (is_plain(shape)) return broken_of(shape, value);
    std::vector<Broken> out;
    if (shape.kind == Kind::kList)
      measure(shape, static_cast<double>(value.as<Value::List>()->size()), "length", Constraint::kLength, out);
    return out;
  }

  static void measure(const Shape& shape, double n, std::string_view what, Constraint constraint,
                      std::vector<Broken>& out) {
    if (shape.min && n < *shape.min)
      out.push_back({constraint, fmt::format("Member must have {} greater than or equal to {}", what, *shape.min)});
    if (shape.max && n > *shape.max)
      out.push_back({constraint, fmt::format("Member must have {} less than or equal to {}", what, *shape.max)});
  }

  static std::string pattern_words(const Shape& shape) {
    return "Member must satisfy regular expression pattern: " + shape.pattern_text;
  }
  static std::string enum_words(const Shape& shape) {
    return fmt::format("Member must satisfy enum value set: [{}]", fmt::join(shape.enum_values, ", "));
  }

  // All that a member of a collection must satisfy, as the services say it when one does not.
  static std::string all_words(const Shape& shape) {
    const bool is_length = shape.kind == Kind::kString || shape.kind == Kind::kBlob || !is_plain(shape);
    const std::string_view what = is_length ? "length" : "value";
    std::vector<std::string> words;
    if (shape.max) words.push_back(fmt::format("Member must have {} less than or equal to {}", what, *shape.max));
    if (shape.min) words.push_back(fmt::format("Member must have {} greater than or equal to {}", what, *shape.min));
    if (!shape.pattern_text.empty()) words.push_back(pattern_words(shape));
    if (!shape.enum_values.empty()) words.push_back(enum_words(shape));
    return fmt::format("[{}]", fmt::join(words, ", "));
  }

  void add_all(const Shape& shape, const Value& value, const Place* place, std::string_view whose, const Shape& of,
               std::string_view member) {
    add(Constraint::kPattern, spelt(place), java_text(shape, value), fmt::format("{}: {}", whose, all_words(of)),
        member);
  }

  static std::string spelt(const Place* place) { return place != nullptr ? place->text() : std::string(); }

  void length(const Shape& shape, std::size_t size, const Value& value, const Place* place, std::string_view member) {
    std::vector<Broken> broken;
    measure(shape, static_cast<double>(size), "length", Constraint::kLength, broken);
    for (auto& one : broken)
      add(one.constraint, spelt(place), java_text(shape, value), std::move(one.expected), member);
  }

  void add(Constraint constraint, std::string path, std::string given, std::string expected,
           std::string_view member) {
    if (out_.size() >= kMostViolations) return;
    if (given.size() > kMostGiven) given = given.substr(0, kMostGiven) + "...";
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
