// GroupFolder: the files of one group: blocks in NUMBER.blocks, and the journal of what is in none yet, NUMBER.journal
// (docs/formats/logs.md). Blocks; one thread at a time.
#pragma once

#include "base/result.h"
#include "logs/block.h"
#include "logs/journal.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gust::logs {

using SharedBlock = std::shared_ptr<const Block>;

class GroupFolder {
 public:
  struct Limits {
    std::size_t block_bytes = 512 << 10;          // of messages, from which on a journal becomes a block
    std::uint64_t file_bytes = 64 << 20;          // of a file of blocks, from which on there is another
    std::int64_t file_age_ms = 24 * 3'600 * 1000;  // or when its first event came so long ago
  };
  struct Content {
    std::vector<SharedBlock> blocks;  // in the order of their numbers
    std::vector<SharedBatch> tail;    // of the journal
    std::uint64_t next_sequence = 1;
  };

  GroupFolder(std::string path, Limits limits) : path_(std::move(path)), limits_(limits) {}

  // What is there; the folder is made when it is not. What a crash left unfinished is cut off. The next block has at
  // least the number `least`: files may be gone that the store's rows know of, as after a backup was restored.
  Result<Content> open(std::uint64_t least = 1);
  // Keeps a batch. Answers the block that its journal has become with it, if it has; that it could not be is no
  // failure of the batch.
  Result<SharedBlock> append(SharedBatch batch);
  // The journal as a block now; null where it is empty.
  Result<SharedBlock> seal();
  Result<void> remove_files(const std::vector<std::string>& files);
  Result<void> remove();

 private:
  std::string journal(std::uint64_t number) const;
  Result<void> read_blocks(const std::string& path, Content& into);
  Result<void> read_journals(Content& into);

  std::string path_;
  Limits limits_;
  std::uint64_t number_ = 1;  // of the next block, and of the journal
  std::vector<SharedBatch> tail_;
  std::size_t tail_bytes_ = 0;
  std::string file_;  // that blocks are appended to; empty: a new one
  std::uint64_t file_bytes_ = 0;
  std::int64_t file_first_ms_ = 0;
};

// A piece of a file. kNotFound, kCorrupt when it is shorter.
Result<std::string> read_piece(const std::string& path, std::uint64_t offset, std::size_t bytes);

}  // namespace gust::logs
