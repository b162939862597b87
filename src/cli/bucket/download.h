// Downloads: an object to a file, by way of a file beside it that is continued after an interruption and renamed when
// it is whole; or to stdout. Blocking; each thread with a Remote of its own.
#pragma once

#include "cli/bucket/client.h"
#include "cli/bucket/lanes.h"
#include "cli/bucket/progress.h"

#include <string>

namespace gust::cli {

// Objects from this size on are continued; of smaller ones nothing stays behind but after kill -9.
inline constexpr std::uint64_t kWorthKeeping = kUsualPart;

// To the file `path`, with the object's time; folders above it are made. Bytes of two versions are never mixed: what
// was kept of another one is thrown away, and an object that is replaced meanwhile is fetched anew. The whole is
// compared with the object's checksum.
Result<void> download_file(Remote& remote, Progress& progress, const Place& from, const std::string& path);

// To a file descriptor. kPrecondition when the object is replaced meanwhile.
Result<void> download_stream(Remote& remote, Progress& progress, const Place& from, const ObjectHead& head, int to);

}  // namespace gust::cli
