// StrongString<Tag>: a string that cannot be mistaken for another kind of string at a module's edge.
#pragma once

#include <fmt/format.h>

#include <compare>
#include <functional>
#include <string>
#include <string_view>

namespace gust {

template <typename Tag>
class StrongString {
 public:
  StrongString() = default;
  explicit StrongString(std::string value) : value_(std::move(value)) {}

  const std::string& str() const { return value_; }
  bool empty() const { return value_.empty(); }
  auto operator<=>(const StrongString&) const = default;

 private:
  std::string value_;
};

}  // namespace gust

template <typename Tag>
struct std::hash<gust::StrongString<Tag>> {
  std::size_t operator()(const gust::StrongString<Tag>& s) const { return std::hash<std::string>{}(s.str()); }
};

template <typename Tag>
struct fmt::formatter<gust::StrongString<Tag>> : fmt::formatter<std::string_view> {
  auto format(const gust::StrongString<Tag>& s, fmt::format_context& ctx) const {
    return fmt::formatter<std::string_view>::format(s.str(), ctx);
  }
};
