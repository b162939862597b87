// Copies from bucket to bucket, made by the service itself: in one request, or in parts what is too large for one.
// Blocking.
#pragma once

#include "cli/bucket/lanes.h"
#include "cli/bucket/place.h"
#include "cli/bucket/progress.h"
#include "cli/bucket/upload.h"

namespace gust::cli {

// Whether a copy goes in parts.
bool is_large_copy(std::uint64_t size, const TransferSettings& settings);

Result<void> copy_small(Remote& remote, Progress& progress, const Place& from, const Place& to,
                        const TransferSettings& settings);

// Of one version of the source; begins anew when it is run again.
Result<void> copy_large(Lanes& lanes, Progress& progress, const Place& from, const Place& to,
                        const TransferSettings& settings);

}  // namespace gust::cli
