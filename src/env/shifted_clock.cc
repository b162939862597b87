#include "env/shifted_clock.h"

#include <fstream>

namespace gust::env {

WallTime ShiftedClock::now() const {
  std::int64_t ms = 0;
  std::ifstream(file_) >> ms;
  return clock_.now() + Millis(ms);
}

}  // namespace gust::env
