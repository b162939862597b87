// Files of this machine as transfers see them: walked, looked at, digested. Blocking; any thread.
#pragma once

#include "cli/bucket/plan.h"

#include <string>
#include <vector>

namespace gust::cli {

struct FileState {
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;
  bool operator==(const FileState&) const = default;
};

// Of a regular file, also behind a link. kNotFound, kInvalid "folder" or "file" for what is no regular file, kDenied.
Result<FileState> file_state(const std::string& path);
bool is_folder(const std::string& path);

struct Walk {
  Entries files;                      // by the path below the folder, with slashes
  std::vector<std::string> problems;  // what was left out, and why
};
// Every regular file below a folder, also behind links; not what is kept of downloads. kNotFound, kDenied.
Result<Walk> walk_folder(const std::string& folder);

// The MD5 of a part of a file in hexadecimal; empty when the part cannot be read whole.
std::string part_md5(const std::string& path, const Part& part);

// "FOLDER/NAME" without a double slash.
std::string joined(const std::string& folder, std::string_view name);

}  // namespace gust::cli
