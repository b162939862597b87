// EventSegments: the files of the event store, oldest first: <folder>/<number>.events, only ever appended to. Bounded
// by size and age. One thread writes; any thread may read what was written.
#pragma once

#include "base/result.h"
#include "base/time.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace gust::functions {

struct EventBounds {
  std::uint64_t bytes = 512ULL << 20;  // 0: nothing is kept
  std::chrono::hours age{24 * 7};
};

class EventSegments {
 public:
  // `folder` is made with the first append; what is there of before stays, until it is too old or too much.
  EventSegments(std::string folder, EventBounds bounds);
  ~EventSegments();
  EventSegments(const EventSegments&) = delete;

  // Writes sealed records, then lets go of the oldest files. kNoSpace, kUnavailable: they are not kept.
  Result<void> append(const std::vector<std::string>& chunks, WallTime now);

 private:
  struct File {
    std::uint64_t number = 0, bytes = 0;
    WallTime written_at{};
  };
  Result<void> roll();
  void let_go(WallTime now);
  std::string path_of(std::uint64_t number) const;

  std::string folder_;
  EventBounds bounds_;
  std::uint64_t file_bytes_;
  std::deque<File> files_;
  std::uint64_t total_ = 0;
  int fd_ = -1;  // of the last file
};

// Hands over the bytes of each file that was written to at or after `since`, the newest first, until `take` answers
// false. The view lives for the call.
void read_segments(const std::string& folder, WallTime since, const std::function<bool(std::string_view)>& take);

}  // namespace gust::functions
