// Uploads: a small file in one request, a large one in parts by several connections, a stream part by part. An upload
// of a large file that was interrupted is continued. Blocking.
#pragma once

#include "cli/bucket/lanes.h"
#include "cli/bucket/place.h"
#include "cli/bucket/progress.h"

#include <string>

namespace gust::cli {

struct TransferSettings {
  std::uint64_t part_size = 0;  // 0: as is usual
  std::string content_type;     // empty: by the name
};

// Whether the file goes up in parts.
bool is_large(std::uint64_t size, const TransferSettings& settings);

Result<void> upload_small(Remote& remote, Progress& progress, const std::string& path, const Place& to,
                          const TransferSettings& settings);

// Looks for an open upload of the same key, reads which of its parts the file has, and sends the others. When it fails
// or is interrupted the upload stays open.
Result<void> upload_large(Lanes& lanes, Progress& progress, const std::string& path, const Place& to,
                          const TransferSettings& settings);

// From a file descriptor to its end; answers how many bytes there were. Cannot be continued: it is aborted instead.
Result<std::uint64_t> upload_stream(Remote& remote, Progress& progress, int from, const Place& to,
                                    const TransferSettings& settings);

}  // namespace gust::cli
