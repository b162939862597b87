#include "kv/store.h"

#include "kv/key.h"

namespace gust::kv {

Range Range::prefix(std::string prefix, std::size_t limit) {
  auto end = after_prefix(prefix);
  return Range{.begin = std::move(prefix), .end = std::move(end), .limit = limit};
}

}  // namespace gust::kv
