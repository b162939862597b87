// Segments: the files that blocks of spans are in: one that grows, and those that are full, bounded by age and size.
// Blocks are never appended to a file of before the daemon's start, so that what a crash tore stays where it is. One
// thread writes; any may read.
#pragma once

#include "env/files.h"
#include "traces/block.h"

#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace gust::traces {

struct StoreSettings {
  std::uint64_t most_bytes = 512ULL << 20;
  Millis most_age = std::chrono::hours(7 * 24);
  std::size_t segment_bytes = 16 << 20, block_bytes = 64 << 10;
  Millis flush_every{1000};     // what was recorded since is lost by a kill -9
  std::size_t most_waiting = 128;  // blocks that wait for the disk; what comes beyond is dropped
};

// Where a span is: the segment's number, and which of its spans. Grows with time.
using Position = std::uint64_t;

struct Block {
  BlockHead head;
  std::uint64_t offset = 0;
  std::uint32_t first = 0;  // which span of the segment its first is
  std::string filter;
};

class Segment {
 public:
  Segment(std::uint32_t number, std::string path, std::unique_ptr<env::File> file)
      : number_(number), path_(std::move(path)), file_(std::move(file)) {}

  std::uint32_t number() const { return number_; }
  const std::string& path() const { return path_; }
  // kCorrupt when the bytes are not what was written.
  Result<std::string> read(const Block& block) const;
  Result<std::string> read_bytes(std::uint64_t offset, std::size_t length) const;
  Position position(const Block& block, std::size_t index) const {
    return static_cast<Position>(number_) << 32 | (block.first + index);
  }

 private:
  std::uint32_t number_;
  std::string path_;
  mutable std::mutex mutex_;
  std::unique_ptr<env::File> file_;
};

// A segment as it was at one moment.
struct View {
  std::shared_ptr<const Segment> segment;
  std::vector<std::shared_ptr<const Block>> blocks;
};

class Segments {
 public:
  // Makes the folder. Blocks that a crash tore are left out, with a line in the log. `files` outlives this.
  static Result<std::unique_ptr<Segments>> open(env::Files& files, std::string folder, StoreSettings settings);

  // Of the thread that writes. A segment that is full is rewritten when its blocks are small.
  Result<void> append(std::string block);
  // Removes whole segments: those that are too old, and the oldest while there are too many bytes.
  Result<void> expire(std::int64_t now_us);
  // Rewrites full segments with many small blocks; then finding is quick and filters are small.
  Result<void> tidy();

  // The oldest first.
  std::vector<View> views() const;
  std::uint64_t bytes() const;

 private:
  struct Kept {
    View view;
    std::uint64_t bytes = 0, spans = 0;
    std::int64_t last_end_us = 0;
  };
  Segments(env::Files& files, std::string folder, StoreSettings settings)
      : files_(files), folder_(std::move(folder)), settings_(settings) {}
  std::string path_of(std::uint32_t number) const;
  Result<Kept> load(std::uint32_t number, const std::string& path);
  Result<void> begin_next();
  bool has_small_blocks(const Kept& kept) const;
  Result<void> rewrite(std::size_t index);

  env::Files& files_;
  std::string folder_;
  StoreSettings settings_;
  mutable std::mutex mutex_;
  std::vector<Kept> kept_;            // the one that grows is the last, while writing_ is set
  std::unique_ptr<env::File> writing_;
  std::uint32_t next_ = 1;
};

}  // namespace gust::traces
