// Watch: which files below a folder change. What tools make (.git, .gust, node_modules, __pycache__, editors' copies)
// is passed over. Blocking; one thread. Linux's inotify.
#pragma once

#include "base/result.h"
#include "base/time.h"

#include <map>
#include <string>
#include <vector>

namespace gust::cli {

class Watch {
 public:
  // kUnavailable: the system has no watches left.
  static Result<Watch> open(std::string folder);
  Watch(Watch&& other) noexcept;
  Watch(const Watch&) = delete;
  ~Watch();

  // The files that changed since the last call, below the folder, once no more come for some milliseconds; nothing
  // after `patience`.
  Result<std::vector<std::string>> wait(Millis patience);

 private:
  explicit Watch(std::string folder) : folder_(std::move(folder)) {}
  Result<void> add(const std::string& below);
  bool read(std::vector<std::string>& into);

  std::string folder_;
  int fd_ = -1;
  std::map<int, std::string> folders_;  // by their watch, below folder_
};

}  // namespace gust::cli
