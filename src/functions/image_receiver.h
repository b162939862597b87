// What a process writes of its memory, received into a file (docs/formats/snapshots.md). Loop thread only.
#pragma once

#include "async/blocking_pool.h"
#include "http/message.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace gust::functions {

// Paths of the Runtime API beyond the public one.
inline constexpr std::string_view kSnapshotPath = "/2018-06-01/runtime/gust/snapshot";
inline constexpr std::string_view kRefusedPath = "/2018-06-01/runtime/gust/snapshot/refused";
// Inside a sandbox: what takes and restores an image, the program that does the latter, and where its image is.
inline constexpr std::string_view kToolsInside = "/var/snapshot", kRestore = "/var/snapshot/restore";
inline constexpr std::string_view kFolderInside = "/var/image";

// The body of a request for kSnapshotPath into `folder`, which is made; synced, and its length. kTooLarge past `limit`
// bytes; kInvalid when it breaks off. `disk` outlives it.
async::Task<std::uint64_t> receive_image(async::BlockingPool& disk, http::Request& request, std::string folder,
                                         std::uint64_t limit);
// Why there is none: the body of a request for kRefusedPath.
async::Task<std::string> receive_refusal(http::Request& request);

}  // namespace gust::functions
