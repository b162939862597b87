// Journal: the events of a group that are in no block yet, as they came: frames with a checksum each, appended to one
// file (docs/formats/logs.md). Any thread.
#pragma once

#include "base/result.h"
#include "logs/event.h"

#include <string>
#include <string_view>
#include <vector>

namespace gust::logs {

// A frame with these events.
std::string encode_frame(const Batch& batch);

struct JournalContent {
  std::vector<SharedBatch> batches;
  std::size_t sound_bytes = 0;  // up to here frames are whole; what follows a crash has left
};
JournalContent decode_journal(std::string_view bytes);

// Appends all of `bytes` to the file, or nothing; it is made when it is not there. They survive this process; see
// sync_file for the machine. kNoSpace, kInternal.
Result<void> append_to_file(const std::string& path, std::string_view bytes);
Result<void> sync_file(const std::string& path);
Result<std::string> read_file(const std::string& path);

}  // namespace gust::logs
