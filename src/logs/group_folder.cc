#include "logs/group_folder.h"

#include "base/log.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <map>

namespace gust::logs {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kBlocks = ".blocks", kJournal = ".journal";

std::size_t size_of(const Batch& batch) {
  std::size_t out = 0;
  for (const auto& event : batch) out += event.message.size() + kEventOverhead;
  return out;
}

// The files of a kind, by the numbers in their names.
std::map<std::uint64_t, std::string> files_of(const std::string& folder, std::string_view kind) {
  std::map<std::uint64_t, std::string> out;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const auto name = entry.path().filename().string();
    std::uint64_t number = 0;
    const auto [end, problem] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (problem == std::errc() && std::string_view(end) == kind) out[number] = entry.path().string();
  }
  return out;
}

// The block at `offset`; kNotFound where none is whole.
Result<Block> block_at(const std::string& path, std::uint64_t offset, std::uint64_t size) {
  const auto none = [] { return fail(Code::kNotFound, "there is no whole block", "block"); };
  if (offset + kBlockHead > size) return none();
  GUST_TRY(const auto head, read_piece(path, offset, kBlockHead));
  const auto sizes = decode_head(head);
  if (!sizes) return none();
  Block out;
  out.file = path;
  out.offset = offset;
  out.filter_at = static_cast<std::uint32_t>(kBlockHead) + sizes->header_bytes;
  out.filter_bytes = sizes->filter_bytes;
  out.payload_at = out.filter_at + sizes->filter_bytes;
  out.payload_bytes = sizes->payload_bytes;
  if (out.end() > size) return none();
  GUST_TRY(const auto header, read_piece(path, offset + kBlockHead, sizes->header_bytes));
  GUST_TRY(out.header, decode_header(head, header));
  return out;
}

}  // namespace

Result<std::string> read_piece(const std::string& path, std::uint64_t offset, std::size_t bytes) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return fail_errno(fmt::format("opening '{}'", path), errno);
  std::string out(bytes, '\0');
  std::size_t at = 0;
  ssize_t n = 1;
  while (at < bytes && n > 0) {
    n = ::pread(fd, out.data() + at, bytes - at, static_cast<off_t>(offset + at));
    if (n < 0 && errno == EINTR) n = 1;
    else if (n > 0) at += static_cast<std::size_t>(n);
  }
  ::close(fd);
  if (at < bytes) return fail(Code::kCorrupt, fmt::format("'{}' is shorter than it was", path), "block");
  return out;
}

std::string GroupFolder::journal(std::uint64_t number) const { return fmt::format("{}/{}{}", path_, number, kJournal); }

Result<void> GroupFolder::read_blocks(const std::string& path, Content& into) {
  std::error_code error;
  const auto size = static_cast<std::uint64_t>(fs::file_size(path, error));
  std::uint64_t at = 0;
  while (!error && at < size) {
    auto block = block_at(path, at, size);
    if (!block) {
      // A block's journal stays until it is whole on the disk.
      const bool torn = fs::exists(journal(number_), error);
      GUST_WARN("logs: '{}' has no whole block at {}{}", path, at,
                torn ? "; it is made again" : ": what follows is lost");
      if (torn) fs::resize_file(path, at, error);
      if (!torn) file_.clear();
      break;
    }
    number_ = block->header.number + 1;
    into.next_sequence = std::max(into.next_sequence, block->header.last_sequence + 1);
    at = block->end();
    if (file_ != path) {
      file_ = path;
      file_first_ms_ = block->header.streams.empty() ? 0 : block->header.streams.front().first_ingested_ms;
    }
    file_bytes_ = at;
    into.blocks.push_back(std::make_shared<const Block>(*std::move(block)));
  }
  return {};
}

// There are two when a block was not yet made of the first.
Result<void> GroupFolder::read_journals(Content& into) {
  const auto journals = files_of(path_, kJournal);
  for (const auto& [number, path] : journals) {
    std::error_code error;
    if (number < number_) {
      fs::remove(path, error);
      continue;
    }
    GUST_TRY(const auto bytes, read_file(path));
    auto content = decode_journal(bytes);
    if (content.sound_bytes < bytes.size()) {
      GUST_WARN("logs: '{}' ended within a frame; its last {} bytes are cut off", path,
                bytes.size() - content.sound_bytes);
      fs::resize_file(path, content.sound_bytes, error);
    }
    number_ = number;
    for (auto& batch : content.batches) {
      if (batch->empty()) continue;
      into.next_sequence = std::max(into.next_sequence, batch->back().sequence + 1);
      tail_bytes_ += size_of(*batch);
      tail_.push_back(std::move(batch));
    }
  }
  return {};
}

Result<GroupFolder::Content> GroupFolder::open(std::uint64_t least) {
  std::error_code error;
  fs::create_directories(path_, error);
  if (error) return fail_errno(fmt::format("making '{}'", path_), error.value());
  *this = GroupFolder(path_, limits_);  // after one that failed, too
  Content out;
  for (const auto& [number, path] : files_of(path_, kBlocks)) GUST_CHECK(read_blocks(path, out));
  GUST_CHECK(read_journals(out));
  if (tail_.empty()) number_ = std::max(number_, least);
  out.tail = tail_;
  return out;
}

Result<SharedBlock> GroupFolder::append(SharedBatch batch) {
  GUST_CHECK(append_to_file(journal(number_), encode_frame(*batch)));
  tail_bytes_ += size_of(*batch);
  tail_.push_back(std::move(batch));
  if (tail_bytes_ < limits_.block_bytes) return nullptr;
  auto sealed = seal();
  if (sealed) return sealed;
  GUST_WARN("logs: {}; its journal grows on", sealed.error().message);
  return nullptr;
}

Result<SharedBlock> GroupFolder::seal() {
  if (tail_.empty()) return nullptr;
  const auto ingested = tail_.front()->front().ingested_ms;
  if (file_bytes_ >= limits_.file_bytes || ingested - file_first_ms_ >= limits_.file_age_ms) file_.clear();
  if (file_.empty()) {
    file_ = fmt::format("{}/{}{}", path_, number_, kBlocks);
    file_bytes_ = 0;
    file_first_ms_ = ingested;
  }
  const auto bytes = encode_block(number_, tail_);
  GUST_CHECK(append_to_file(file_, bytes));
  GUST_CHECK(sync_file(file_));
  GUST_TRY(auto block, block_at(file_, file_bytes_, file_bytes_ + bytes.size()));
  file_bytes_ += bytes.size();
  std::error_code error;
  fs::remove(journal(number_), error);
  ++number_;
  tail_.clear();
  tail_bytes_ = 0;
  return std::make_shared<const Block>(std::move(block));
}

Result<void> GroupFolder::remove_files(const std::vector<std::string>& files) {
  for (const auto& file : files) {
    std::error_code error;
    fs::remove(file, error);
    if (error) return fail_errno(fmt::format("removing '{}'", file), error.value());
    if (file == file_) file_.clear();
  }
  return {};
}

Result<void> GroupFolder::remove() {
  std::error_code error;
  fs::remove_all(path_, error);
  if (error) return fail_errno(fmt::format("removing '{}'", path_), error.value());
  return {};
}

}  // namespace gust::logs
