// undo_log: what writes replaced, kept while a table can be restored to a time (or is being copied): one row a change,
// in the write's own transaction, with the row as it was before. The table as it was after change N is the table as it
// is, with the changes after N undone, the newest first. Any thread. docs/decisions/0290-an-undo-log.md
#pragma once

#include "kv/store.h"
#include "tables/streams/stream.h"

#include <optional>
#include <string>

namespace gust::tables::undo_log {

struct Change {
  std::uint64_t sequence = 0;  // one for all changes of a transaction
  std::string item;            // the key of the item's row, behind what all of the table begin with
  std::optional<std::string> before = {};  // the row; nothing: there was none
  bool operator==(const Change&) const = default;
};

// As sequences know it: among the names of streams, whose labels are times.
StreamName stream_of(const std::string& table_id);

std::string prefix(const std::string& table_id);
// `n` counts within a transaction.
std::string key(const std::string& table_id, std::uint64_t sequence, std::uint64_t n);
std::string encode(const Change& change);
Result<Change> decode(const kv::Entry& row);  // kCorrupt

// The rows of the changes behind `sequence`, and of those up to it.
kv::Range behind(const std::string& table_id, std::uint64_t sequence);
kv::Range up_to(const std::string& table_id, std::uint64_t sequence);

// Greater than the numbers of all changes up to the end of this millisecond, and lower than those of later ones.
std::uint64_t end_of(WallTime time);

// Makes the sequences go on behind the log's last; answers that, or 0 when it was known before.
Result<std::uint64_t> learn(kv::Reader& reader, Sequences& sequences, const std::string& table_id);

}  // namespace gust::tables::undo_log
