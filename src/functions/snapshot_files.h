// The files of snapshots: one folder each with its image, below a common one. Any thread; blocks.
#pragma once

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>

namespace gust::functions {

// Whether what runs inside sandboxes to take and to restore snapshots is in this folder.
bool has_snapshot_tools(const std::string& folder);

// Makes `root` where it is missing. The images below it by their folders, with their sizes. Those of before the machine
// was started are gone: they hold addresses of its kernel and what its processor can do.
Result<std::map<std::string, std::uint64_t>> open_snapshots(const std::string& root);

// An image that is written. When it is let go of before keep() was, its folder is left for open_snapshots() to find.
class ImageFile {
 public:
  explicit ImageFile(int fd, std::string folder) : fd_(fd), folder_(std::move(folder)) {}
  ~ImageFile();
  ImageFile(const ImageFile&) = delete;
  Result<void> write(std::span<const std::byte> bytes) const;  // kNoSpace
  Result<void> keep() const;                                   // synced, with its folder

 private:
  int fd_;
  std::string folder_;
};

// Makes `folder` with an empty image in it, which sandboxes may read.
Result<std::shared_ptr<ImageFile>> new_image(const std::string& folder);

}  // namespace gust::functions
