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

std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::ranges::count_if(utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

class Validator {
 public:
  explicit Validator(std::vector<Violation>& out) : out_(out) {}

  void structure(const Shape& shape, const Value& value, const std::string& path) {
    std::size_t present = 0;
    for (const auto& member : shape.members) {
      const auto at = path.empty() ? lower_first(member.name) : path + "." + lower_first(member.name);
      const auto* item = value.find(member.name);
      if (item == nullptr || item->is_null()) {
        if (member.required && !member.streaming)
          add(Constraint::kRequired, at, "null", "Member must not be null", member.name);
        continue;
      }
      ++present;
      any(*member.shape, *item, at, member.name);
    }
    if (shape.is_union && present != 1) add(Constraint::kUnion, path, "", "Exactly one member must be set", shape.name);
  }

 private:
  void any(const Shape& shape, const Value& value, const std::string& path, const std::string& member) {
    switch (shape.kind) {
      case Kind::kStructure:
        return structure(shape, value, path);
      case Kind::kList: {
        const auto& list = *value.as<Value::List>();
        length(shape, list.size(), value, path, member);
        for (std::size_t i = 0; i < list.size(); ++i)
          any(*shape.member.shape, list[i], fmt::format("{}.{}.member", path, i + 1), member);
        return;
      }
      case Kind::kMap: {
        const auto& map = *value.as<Value::Map>();
        length(shape, map.size(), value, path, member);
        for (const auto& [key, item] : map) {
          any(*shape.key.shape, Value(key), path, member);
          if (!item.is_null()) any(*shape.value.shape, item, path + "." + key + ".member", member);
        }
        return;
      }
      case Kind::kString:
        return text(shape, *value.as<std::string>(), path, member);
      case Kind::kBlob:
        return length(shape, value.as<Blob>()->bytes.size(), value, path, member);
      case Kind::kInteger:
      case Kind::kLong:
        return range(shape, static_cast<double>(*value.as<std::int64_t>()), value, path, member);
      case Kind::kFloat:
        return range(shape, *value.as<double>(), value, path, member);
      default:
        return;
    }
  }

  void text(const Shape& shape, const std::string& value, const std::string& path, const std::string& member) {
    length(shape, characters(value), Value(value), path, member);
    if (!shape.enum_values.empty() && std::ranges::find(shape.enum_values, value) == shape.enum_values.end()) {
      add(Constraint::kEnum, path, value,
          fmt::format("Member must satisfy enum value set: [{}]", fmt::join(shape.enum_values, ", ")), member);
    }
    if (shape.pattern && !RE2::FullMatch(value, *shape.pattern)) {
      add(Constraint::kPattern, path, value, "Member must satisfy regular expression pattern: " + shape.pattern_text,
          member);
    }
  }

  void length(const Shape& shape, std::size_t size, const Value& value, const std::string& path,
              const std::string& member) {
    const auto n = static_cast<double>(size);
    if (shape.min && n < *shape.min) {
      add(Constraint::kLength, path, describe(value),
          fmt::format("Member must have length greater than or equal to {}", *shape.min), member);
    }
    if (shape.max && n > *shape.max) {
      add(Constraint::kLength, path, describe(value),
          fmt::format("Member must have length less than or equal to {}", *shape.max), member);
    }
  }

  void range(const Shape& shape, double n, const Value& value, const std::string& path, const std::string& member) {
    if (shape.min && n < *shape.min) {
      add(Constraint::kRange, path, describe(value),
          fmt::format("Member must have value greater than or equal to {}", *shape.min), member);
    }
    if (shape.max && n > *shape.max) {
      add(Constraint::kRange, path, describe(value),
          fmt::format("Member must have value less than or equal to {}", *shape.max), member);
    }
  }

  void add(Constraint constraint, std::string path, std::string given, std::string expected, std::string member) {
    if (given.size() > 200) given = given.substr(0, 200) + "...";
    out_.push_back({constraint, std::move(path), std::move(given), std::move(expected), std::move(member)});
  }

  std::vector<Violation>& out_;
};

}  // namespace

std::vector<Violation> validate(const Shape& shape, const Value& value) {
  std::vector<Violation> out;
  Validator(out).structure(shape, value, "");
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
