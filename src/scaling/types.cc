#include "scaling/types.h"

#include <fmt/format.h>

namespace gust::scaling {

std::string Policy::alarm(Direction direction) const {
  return fmt::format("TargetTracking-{}-Alarm{}-{}", resource.id, direction == Direction::kOut ? "High" : "Low", id);
}

}  // namespace gust::scaling
