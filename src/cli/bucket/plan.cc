#include "cli/bucket/plan.h"

#include "codec/digest.h"
#include "codec/hex.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

namespace gust::cli {

std::uint64_t part_size_for(std::uint64_t size, std::uint64_t usual) {
  const auto least = (size + kMostParts - 1) / kMostParts;
  return std::max(usual, (least + kMiB - 1) / kMiB * kMiB);
}

std::vector<Part> plan_parts(std::uint64_t size, std::uint64_t part_size) {
  std::vector<Part> out;
  std::uint64_t offset = 0;
  do {
    const auto length = std::min(part_size, size - offset);
    out.push_back({static_cast<std::uint32_t>(out.size() + 1), offset, length});
    offset += length;
  } while (offset < size);
  return out;
}

std::uint64_t stream_part_size(std::uint32_t number, std::uint64_t usual) {
  constexpr std::uint32_t kStep = 1000;  // parts of one size
  return std::min(usual << (number - 1) / kStep, kLargestPart);
}

std::vector<Part> stored_of(const std::vector<Part>& plan, const OpenUpload& upload) {
  std::vector<Part> out;
  for (const auto& part : plan) {
    const auto it = upload.parts.find(part.number);
    if (it != upload.parts.end() && it->second.size == part.size) out.push_back(part);
  }
  return out;
}

std::vector<OpenUpload> promising(const std::vector<Part>& plan, std::vector<OpenUpload> uploads) {
  const auto bytes = [&](const OpenUpload& upload) {
    std::uint64_t sum = 0;
    for (const auto& part : stored_of(plan, upload)) sum += part.size;
    return sum;
  };
  std::erase_if(uploads, [&](const auto& upload) { return bytes(upload) == 0; });
  std::ranges::stable_sort(uploads, std::greater(), bytes);
  return uploads;
}

std::string multipart_etag(const std::vector<std::string>& etags) {
  codec::Digest md5(codec::DigestKind::kMd5);
  for (const auto& etag : etags) md5.update(codec::from_hex(etag).value_or(""));
  return fmt::format("{}-{}", codec::to_hex(md5.finish()), etags.size());
}

bool differs(const Entry& source, const Entry& target, Direction direction, Compare compare) {
  if (source.size != target.size) return true;
  if (compare == Compare::kSize) return false;
  if (direction != Direction::kDownload) return source.modified_ms > target.modified_ms;
  const auto second = [](std::int64_t ms) { return (ms >= 0 ? ms : ms - 999) / 1000; };
  const auto object = second(source.modified_ms), file = second(target.modified_ms);
  return compare == Compare::kExactTimes ? object != file : file > object;
}

SyncPlan plan_sync(const Entries& source, const Entries& target, Direction direction, Compare compare) {
  SyncPlan out;
  for (const auto& [name, entry] : source) {
    const auto there = target.find(name);
    if (there == target.end() || differs(entry, there->second, direction, compare)) out.transfer.push_back(name);
  }
  for (const auto& [name, entry] : target) {
    if (!source.contains(name)) out.surplus.push_back(name);
  }
  return out;
}

}  // namespace gust::cli
