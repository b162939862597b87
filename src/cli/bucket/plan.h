// Plans: the parts of a large transfer, what of an interrupted one can be continued, what a sync has to do. Pure; any
// thread.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace gust::cli {

inline constexpr std::uint64_t kMiB = 1 << 20, kGiB = 1 << 30;
inline constexpr std::uint64_t kUsualPart = 8 * kMiB;       // what is not larger goes in one request
inline constexpr std::uint64_t kSmallestPart = 5 * kMiB;    // but for the last one
inline constexpr std::uint64_t kLargestPart = 5 * kGiB;     // also the most that one request may copy
inline constexpr std::uint64_t kLargestObject = 5120 * kGiB;
inline constexpr std::uint32_t kMostParts = 10'000;

struct Part {
  std::uint32_t number = 1;
  std::uint64_t offset = 0, size = 0;
  bool operator==(const Part&) const = default;
};

// `usual`, or as much more, in whole MiB, as keeps the parts within 10,000. The same for the same file, so that an
// upload can be continued.
std::uint64_t part_size_for(std::uint64_t size, std::uint64_t usual);
// One part at least, also of nothing.
std::vector<Part> plan_parts(std::uint64_t size, std::uint64_t part_size);
// Of a stream whose end is not known: larger ones the more there were, so that 10,000 reach any object's limit.
std::uint64_t stream_part_size(std::uint32_t number, std::uint64_t usual);

// A part that an upload has.
struct StoredPart {
  std::string etag;  // without quotes
  std::uint64_t size = 0;
};
struct OpenUpload {
  std::string id;
  std::map<std::uint32_t, StoredPart> parts;
};
// Those parts of the plan that the upload has with their size; whether they have their bytes, only reading tells.
std::vector<Part> stored_of(const std::vector<Part>& plan, const OpenUpload& upload);
// Those uploads that have parts of the plan's sizes, the one with most bytes first.
std::vector<OpenUpload> promising(const std::vector<Part>& plan, std::vector<OpenUpload> uploads);

// What S3 answers as the ETag of an object of these parts: the MD5 of their MD5s, and their number. `etags` without
// quotes.
std::string multipart_etag(const std::vector<std::string>& etags);

// A file or an object of a folder that is synchronised; by its name below the folder.
struct Entry {
  std::uint64_t size = 0;
  std::int64_t modified_ms = 0;
};
using Entries = std::map<std::string, Entry>;

enum class Direction { kUpload, kDownload, kCopy };
// kTimes: as `aws s3 sync`. Uploads and copies what is newer than its target; downloads what is newer here than its
// object, for it was changed, while an older file of the same size passes for the same. kExactTimes: downloads whatever
// is not of the same second. kSize: only sizes count.
enum class Compare { kTimes, kExactTimes, kSize };

bool differs(const Entry& source, const Entry& target, Direction direction, Compare compare);

struct SyncPlan {
  std::vector<std::string> transfer;  // names
  std::vector<std::string> surplus;   // names that only the target has
};
SyncPlan plan_sync(const Entries& source, const Entries& target, Direction direction, Compare compare);

}  // namespace gust::cli
