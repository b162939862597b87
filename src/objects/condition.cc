#include "objects/condition.h"

#include <algorithm>

namespace gust::objects {

bool etag_in(std::string_view list, std::string_view etag) {
  while (!list.empty()) {
    auto item = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), item.size() + 1));
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    if (item.starts_with("W/")) item.remove_prefix(2);
    if (item.size() >= 2 && item.front() == '"') item = item.substr(1, item.size() - 2);
    if (item == etag || item == "*") return true;
  }
  return false;
}

Result<void> check(const WriteCondition& condition, const Object* there) {
  if (!condition.if_none_match.empty() && there != nullptr && etag_in(condition.if_none_match, there->etag)) {
    return fail(Code::kPrecondition, "At least one of the pre-conditions you specified did not hold", "If-None-Match");
  }
  if (condition.if_match.empty()) return {};
  if (there == nullptr) return fail(Code::kNotFound, "The specified key does not exist.", "key");
  if (!etag_in(condition.if_match, there->etag)) {
    return fail(Code::kPrecondition, "At least one of the pre-conditions you specified did not hold", "If-Match");
  }
  return {};
}

}  // namespace gust::objects
