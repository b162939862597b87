// Job: long work on tables that a request began and that goes on until it is done, after a restart too: a row says what
// is left of it, and changes with each step. Any thread. docs/formats/tables.md
#pragma once

#include "base/result.h"
#include "tables/table_rows.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace gust::tables {

// Rows of items that are being copied from below one prefix to below another, as they were at some moment: as they are
// by and by, and then with all that changed since undone.
struct Copying {
  std::string from, to;
  std::string table_id = {};   // whose history is undone; empty: what is copied does not change
  std::uint64_t line = 0;      // changes behind it are undone
  enum class Phase { kRows, kUndo, kDone };
  Phase phase = Phase::kRows;
  std::string cursor = {};  // the last key that was done, of `from` or of the history
};

struct Job {
  enum class Kind { kBackup, kRestore, kErase, kExport, kImport };
  Kind kind = Kind::kBackup;
  std::string id;    // the job's: of the backup, the export, the import, or of the table that is restored
  Place place = {};  // of the table that is backed up, exported, restored or imported to
  Copying copying = {};    // kErase: all below `from` goes
  std::string backup = {};  // kRestore: the id of the one that is read, if it is one
};

namespace job_rows {

inline constexpr std::string_view kJobs = "t/j/";

std::string key(std::string_view id);
std::string encode(const Job& job);
Result<Job> decode(std::string_view row);  // kCorrupt

}  // namespace job_rows
}  // namespace gust::tables
