#include "base/assert.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

namespace gust {

void assert_failed(const char* condition, std::source_location where) {
  fmt::print(stderr, "{}:{}: {}: broken invariant: {}\n", where.file_name(), where.line(), where.function_name(),
             condition);
  std::fflush(stderr);
  std::abort();
}

}  // namespace gust
