// SimulatedFiles: a disk in memory whose power can go at any call. What was synced is there afterwards; of the rest
// what the seed chooses: of a file nothing, all, a piece, or pages of 4 KiB missing or torn at a sector of 512 bytes;
// of a folder's names the first few changes, in their order as a journal keeps it, but each folder by itself. A call
// may also fail as a full or a broken disk does. Files only grow. For tests. Any thread.
#pragma once

#include "env/files.h"
#include "env/random.h"

#include <functional>
#include <map>
#include <mutex>

namespace gust::env {

class SimulatedFiles final : public Files {
 public:
  explicit SimulatedFiles(std::uint64_t seed) : random_(seed) {}

  static constexpr std::uint64_t kNever = ~std::uint64_t{0};
  // Counted in calls that change something, from plan() on: 0 is the next one.
  struct Plan {
    std::uint64_t power_off_at = kNever;  // in the middle of this call; it and all that follow fail
    std::uint64_t fail_at = kNever;       // this one and those after it fail, `failures` in all
    std::uint64_t failures = 1;
    int error_number = 5;  // EIO
    std::uint64_t read_fails_at = kNever;  // counted in reads
  };
  void plan(Plan plan);
  void power_off();
  bool is_off() const;
  // How many calls failed as planned.
  std::uint64_t failed() const;
  // The machine starts again: what survived is all that is there. Files that were open stay dead.
  void power_on();
  // Turns over one bit of a file, also on the disk.
  void flip(const std::string& path, std::uint64_t bit);

  Result<std::unique_ptr<File>> create(const std::string& path) override;
  Result<std::unique_ptr<File>> open(const std::string& path) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> link(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;
  Result<void> sync_folder(const std::string& path) override;
  Result<void> make_folder(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& path) override;
  Result<FileInfo> info(const std::string& path) override;

 private:
  class OpenFile;
  enum class Kind { kFile, kFolder };
  struct Node {
    Kind kind = Kind::kFile;
    std::string bytes;                                    // as a reader sees them now
    std::size_t synced = 0;                               // how many of them are on the disk
    std::vector<std::pair<std::size_t, std::size_t>> lost;  // [begin, end) that a failed sync gave up
  };
  using NodePointer = std::shared_ptr<Node>;
  struct Name {
    NodePointer now, disk;  // null: not there
  };
  using Change = std::vector<std::pair<std::string, NodePointer>>;  // of names in one folder, at once
  enum class Fate { kDone, kFails, kPowerGoes, kOff };

  Fate next();
  // Does `change`, or not, as the plan and the dice say.
  Result<void> change(const std::string& what, const std::function<Result<void>()>& change);
  std::unexpected<Error> broken(const std::string& what, Fate fate) const;
  NodePointer find(const std::string& path) const;
  void set(Change change);
  void settle(Node& node);
  void tear(Node& node);
  std::uint64_t dice(std::uint64_t sides) { return random_.u64() % sides; }

  mutable std::mutex mutex_;
  SeededRandom random_;
  std::map<std::string, Name> names_;
  std::map<std::string, std::vector<Change>> changes_;  // by folder: those that are not on the disk
  Plan plan_;
  std::uint64_t calls_ = 0, reads_ = 0, failed_ = 0, life_ = 0;
  bool off_ = false;
};

}  // namespace gust::env
