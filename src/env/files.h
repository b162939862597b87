// Files: what durable stores ask of the file system, so that tests put a disk below them that loses what was not
// synced. SystemFiles is the real one, SimulatedFiles (simulated_files.h) the other; both pass env/files_test. Blocks.
// Any thread, but of one File one at a time.
#pragma once

#include "base/result.h"
#include "base/time.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace gust::env {

// An open file; closed at the end.
class File {
 public:
  virtual ~File() = default;
  // Writes the pieces one after another behind what is there. After an error some of it may be there.
  virtual Result<void> append(std::span<const std::span<const std::byte>> pieces) = 0;
  // Fills the pieces one after another from `offset` on. Answers how many bytes; fewer only where the file ends.
  virtual Result<std::size_t> read(std::uint64_t offset, std::span<const std::span<std::byte>> pieces) = 0;
  // The bytes are on the disk afterwards. After an error nothing is known of those that were not synced before.
  virtual Result<void> sync() = 0;
  virtual Result<std::uint64_t> size() = 0;
};

struct FileInfo {
  std::uint64_t size = 0;
  WallTime modified_at{};
};

// Errors as of the file system (fail_errno), naming the path.
class Files {
 public:
  virtual ~Files() = default;
  // A new file to append to; kAlreadyExists.
  virtual Result<std::unique_ptr<File>> create(const std::string& path) = 0;
  // To read; kNotFound.
  virtual Result<std::unique_ptr<File>> open(const std::string& path) = 0;
  // A name is on the disk once the folder that it is in was synced.
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  virtual Result<void> link(const std::string& from, const std::string& to) = 0;
  virtual Result<void> remove(const std::string& path) = 0;
  virtual Result<void> sync_folder(const std::string& path) = 0;
  // With those above it; succeeds also when it is there.
  virtual Result<void> make_folder(const std::string& path) = 0;
  // Names of files and folders, sorted.
  virtual Result<std::vector<std::string>> list(const std::string& path) = 0;
  virtual Result<FileInfo> info(const std::string& path) = 0;
};

class SystemFiles final : public Files {
 public:
  Result<std::unique_ptr<File>> create(const std::string& path) override;
  Result<std::unique_ptr<File>> open(const std::string& path) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> link(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;
  Result<void> sync_folder(const std::string& path) override;
  Result<void> make_folder(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& path) override;
  Result<FileInfo> info(const std::string& path) override;
};

// The one of this process.
Files& system_files();

}  // namespace gust::env
