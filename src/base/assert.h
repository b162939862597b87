// GUST_ASSERT: always on. A broken invariant of ours ends the process; recovery is tested. Never for outside input.
#pragma once

#include <source_location>

namespace gust {

[[noreturn]] void assert_failed(const char* condition, std::source_location where);

}  // namespace gust

#define GUST_ASSERT(condition)                                                            \
  do {                                                                                    \
    if (!(condition)) ::gust::assert_failed(#condition, std::source_location::current()); \
  } while (false)
