// WholeFolder: a folder that appears under its name with all that belongs into it, or not at all. Until finish() it is
// beside it, with ".unfinished" behind its name and a file in it that says so. Blocking; one thread at a time.
#pragma once

#include "base/result.h"

#include <string>
#include <utility>

namespace gust::daemon {

class WholeFolder {
 public:
  // kAlreadyExists "folder" when something is there. What an earlier one left unfinished goes.
  static Result<WholeFolder> begin(std::string folder);
  WholeFolder(WholeFolder&& other) noexcept : folder_(std::exchange(other.folder_, {})) {}
  // Not finished: removes it.
  ~WholeFolder();

  // Where to put things.
  std::string path() const { return folder_ + ".unfinished"; }
  // All in it is synced.
  Result<void> finish();

 private:
  explicit WholeFolder(std::string folder) : folder_(std::move(folder)) {}
  std::string folder_;
};

// A file with these bytes, synced.
Result<void> write_synced(const std::string& path, const std::string& text);
// A copy of a file, synced.
Result<void> copy_synced(const std::string& from, const std::string& to);

}  // namespace gust::daemon
