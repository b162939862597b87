#include "traces/segments.h"

#include "base/log.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace gust::traces {
namespace {

constexpr std::string_view kEnding = ".spans", kUnfinished = ".new";
constexpr std::size_t kSmall = 4;  // blocks of less than a quarter of what they may have are small

std::optional<std::uint32_t> number_of(std::string_view name) {
  if (!name.ends_with(kEnding)) return std::nullopt;
  name.remove_suffix(kEnding.size());
  std::uint32_t out = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), out, 16);
  if (error != std::errc() || end != name.data() + name.size() || name.size() != 8) return std::nullopt;
  return out;
}

Result<void> append_to(env::File& file, std::string_view bytes) {
  const std::span<const std::byte> piece = std::as_bytes(std::span(bytes.data(), bytes.size()));
  return file.append(std::span(&piece, 1));
}

}  // namespace

Result<std::string> Segment::read_bytes(std::uint64_t offset, std::size_t length) const {
  std::string out(length, '\0');
  const std::span<std::byte> piece = std::as_writable_bytes(std::span(out.data(), out.size()));
  const std::lock_guard lock(mutex_);
  GUST_TRY(const auto got, file_->read(offset, std::span(&piece, 1)));
  out.resize(got);
  return out;
}

Result<std::string> Segment::read(const Block& block) const {
  GUST_TRY(const auto whole, read_bytes(block.offset, block.head.whole_bytes()));
  const std::string_view bytes = whole;
  const auto filter_end = BlockHead::kBytes + block.head.filter_bytes;
  if (bytes.size() < block.head.whole_bytes() ||
      !is_sound(bytes, bytes.substr(BlockHead::kBytes, block.head.filter_bytes), bytes.substr(filter_end)))
    return fail(Code::kCorrupt, fmt::format("'{}': the block at {} is not what was written", path_, block.offset),
                "traces");
  return std::string(bytes.substr(filter_end));
}

Result<std::unique_ptr<Segments>> Segments::open(env::Files& files, std::string folder, StoreSettings settings) {
  GUST_CHECK(files.make_folder(folder));
  std::unique_ptr<Segments> out(new Segments(files, std::move(folder), settings));
  GUST_TRY(const auto names, files.list(out->folder_));
  for (const auto& name : names) {
    const auto path = out->folder_ + "/" + name;
    if (name.ends_with(kUnfinished)) (void)files.remove(path);
    const auto number = number_of(name);
    if (!number) continue;
    auto kept = out->load(*number, path);
    if (!kept) {
      GUST_WARN("traces: {}", kept.error().message);
      continue;
    }
    out->next_ = std::max(out->next_, *number + 1);
    out->kept_.push_back(*std::move(kept));
  }
  return out;
}

std::string Segments::path_of(std::uint32_t number) const {
  return fmt::format("{}/{:08x}{}", folder_, number, kEnding);
}

// Reads the heads; the last block is checked whole, for it may be torn.
Result<Segments::Kept> Segments::load(std::uint32_t number, const std::string& path) {
  GUST_TRY(auto file, files_.open(path));
  GUST_TRY(const auto size, file->size());
  auto segment = std::make_shared<Segment>(number, path, std::move(file));
  Kept out;
  out.bytes = size;
  std::uint64_t offset = 0;
  while (offset < size) {
    GUST_TRY(const auto bytes, segment->read_bytes(offset, BlockHead::kBytes));
    const auto head = read_head(bytes);
    if (!head || offset + head->whole_bytes() > size) break;
    auto block = std::make_shared<Block>(*head, offset, static_cast<std::uint32_t>(out.spans));
    GUST_TRY(block->filter, segment->read_bytes(offset + BlockHead::kBytes, head->filter_bytes));
    const bool last = offset + head->whole_bytes() == size;
    if (last && !segment->read(*block)) break;
    out.spans += head->spans;
    out.last_end_us = std::max(out.last_end_us, head->last_end_us);
    out.view.blocks.push_back(std::move(block));
    offset += head->whole_bytes();
  }
  if (offset < size) GUST_WARN("traces: '{}' ends within a block; {} bytes are left out", path, size - offset);
  out.view.segment = std::move(segment);
  return out;
}

Result<void> Segments::begin_next() {
  const auto number = next_;
  const auto path = path_of(number);
  GUST_TRY(auto file, files_.create(path));
  GUST_TRY(auto reading, files_.open(path));
  Kept kept;
  kept.view.segment = std::make_shared<Segment>(number, path, std::move(reading));
  writing_ = std::move(file);
  ++next_;
  const std::lock_guard lock(mutex_);
  kept_.push_back(std::move(kept));
  return {};
}

Result<void> Segments::append(std::string block) {
  GUST_TRY(const auto head, read_head(block));
  if (!writing_) GUST_CHECK(begin_next());
  auto& growing = kept_.back();  // only this thread changes kept_
  if (const auto written = append_to(*writing_, block); !written) {
    writing_.reset();  // some of it may be there: the next block begins another file
    return written;
  }
  auto entry = std::make_shared<Block>(head, growing.bytes, static_cast<std::uint32_t>(growing.spans));
  entry->filter = block.substr(BlockHead::kBytes, head.filter_bytes);
  {
    const std::lock_guard lock(mutex_);
    growing.view.blocks.push_back(std::move(entry));
    growing.bytes += block.size();
    growing.spans += head.spans;
    growing.last_end_us = std::max(growing.last_end_us, head.last_end_us);
  }
  if (growing.bytes < settings_.segment_bytes) return {};
  writing_.reset();
  return has_small_blocks(growing) ? rewrite(kept_.size() - 1) : Result<void>();
}

bool Segments::has_small_blocks(const Kept& kept) const {
  const auto blocks = kept.view.blocks.size();
  return blocks > kSmall && kept.bytes / blocks < settings_.block_bytes / kSmall;
}

Result<void> Segments::tidy() {
  const auto full = kept_.size() - (writing_ ? 1 : 0);
  for (std::size_t i = 0; i < full; ++i) {
    if (has_small_blocks(kept_[i])) GUST_CHECK(rewrite(i));
  }
  return {};
}

// The same spans in the same order: places stay what they were.
Result<void> Segments::rewrite(std::size_t index) {
  const auto& old = kept_[index].view;
  const auto path = old.segment->path(), unfinished = path + std::string(kUnfinished);
  (void)files_.remove(unfinished);  // of a try that failed
  {
    GUST_TRY(const auto file, files_.create(unfinished));
    BlockWriter writer;
    const auto write_out = [&]() -> Result<void> { return append_to(*file, writer.finish()); };
    for (const auto& block : old.blocks) {
      GUST_TRY(const auto payload, old.segment->read(*block));
      const auto add = [&](Span span) {
        writer.add(span);
        return true;
      };
      GUST_CHECK(read_spans(payload, add));
      if (writer.bytes() >= settings_.block_bytes) GUST_CHECK(write_out());
    }
    if (!writer.empty()) GUST_CHECK(write_out());
    GUST_CHECK(file->sync());
  }
  GUST_CHECK(files_.rename(unfinished, path));
  GUST_TRY(auto kept, load(old.segment->number(), path));
  const std::lock_guard lock(mutex_);
  kept_[index] = std::move(kept);
  return {};
}

Result<void> Segments::expire(std::int64_t now_us) {
  const auto oldest =
      now_us - std::chrono::duration_cast<std::chrono::microseconds>(settings_.most_age).count();
  for (;;) {
    const auto full = kept_.size() - (writing_ ? 1 : 0);
    if (full == 0) return {};
    const auto& first = kept_.front();
    if (bytes() <= settings_.most_bytes && first.last_end_us >= oldest) return {};
    GUST_CHECK(files_.remove(first.view.segment->path()));
    const std::lock_guard lock(mutex_);
    kept_.erase(kept_.begin());
  }
}

std::vector<View> Segments::views() const {
  const std::lock_guard lock(mutex_);
  std::vector<View> out;
  for (const auto& kept : kept_) out.push_back(kept.view);
  return out;
}

std::uint64_t Segments::bytes() const {
  const std::lock_guard lock(mutex_);
  std::uint64_t out = 0;
  for (const auto& kept : kept_) out += kept.bytes;
  return out;
}

}  // namespace gust::traces
