#include "wire/value.h"

#include <fmt/format.h>

namespace gust::wire {

const Value* Value::find(std::string_view name) const {
  const auto* map = as<Map>();
  if (map == nullptr) return nullptr;
  const auto it = map->find(name);
  return it == map->end() ? nullptr : &it->second;
}

std::string describe(const Value& value) {
  struct Visitor {
    std::string operator()(std::monostate) const { return "null"; }
    std::string operator()(bool b) const { return b ? "true" : "false"; }
    std::string operator()(std::int64_t n) const { return std::to_string(n); }
    std::string operator()(double d) const { return fmt::format("{}", d); }
    std::string operator()(const std::string& s) const { return s; }
    std::string operator()(const Blob& b) const { return fmt::format("{} bytes", b.bytes.size()); }
    std::string operator()(WallTime t) const { return std::to_string(to_epoch_ms(t) / 1000); }
    std::string operator()(const Value::List& l) const {
      std::string text = "[";
      for (const auto& item : l) text += (text.size() > 1 ? ", " : "") + describe(item);
      return text + "]";
    }
    std::string operator()(const Value::Map& m) const { return fmt::format("an object of {} members", m.size()); }
  };
  return std::visit(Visitor{}, value.data);
}

}  // namespace gust::wire
