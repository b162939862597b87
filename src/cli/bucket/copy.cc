#include "cli/bucket/copy.h"

#include "cli/bucket/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace gust::cli {
namespace {

constexpr std::uint64_t kUsualCopyPart = kGiB;

// What an object has beside its bytes, as headers that give it to another one.
HeaderList traits_of(const ObjectHead& head, const TransferSettings& settings) {
  constexpr std::array<std::string_view, 6> kKept = {"content-type",     "cache-control",    "content-disposition",
                                                     "content-encoding", "content-language", "expires"};
  HeaderList out;
  for (const auto& [name, value] : head.headers.all()) {
    std::string lower = name;
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (lower == "content-type" && !settings.content_type.empty()) continue;
    if (lower.starts_with("x-amz-meta-") || std::ranges::find(kKept, lower) != kKept.end())
      out.emplace_back(name, value);
  }
  if (!settings.content_type.empty()) out.emplace_back("Content-Type", settings.content_type);
  return out;
}

}  // namespace

bool is_large_copy(std::uint64_t size, const TransferSettings& settings) {
  return size > (settings.part_size == 0 ? kLargestPart : settings.part_size);
}

Result<void> copy_small(Remote& remote, Progress& progress, const Place& from, const Place& to,
                        const TransferSettings& settings) {
  BucketClient client(remote);
  GUST_TRY(const auto head, persistently([&] { return client.head(from); }));
  HeaderList headers;
  if (!settings.content_type.empty()) {
    headers = traits_of(head, settings);
    headers.emplace_back("x-amz-metadata-directive", "REPLACE");
  }
  GUST_CHECK(persistently([&] { return client.copy(from, head.etag, to, headers); }));
  progress.add(head.size);
  return {};
}

Result<void> copy_large(Lanes& lanes, Progress& progress, const Place& from, const Place& to,
                        const TransferSettings& settings) {
  BucketClient client(lanes.first());
  GUST_TRY(const auto head, client.head(from));
  const auto usual = settings.part_size == 0 ? kUsualCopyPart : settings.part_size;
  const auto plan = plan_parts(head.size, part_size_for(head.size, usual));
  GUST_TRY(const auto id, client.begin(to, traits_of(head, settings)));
  std::vector<std::string> etags(plan.size());
  const auto copy_part = [&](Remote& remote, std::size_t i) -> Result<void> {
    BucketClient own(remote);
    GUST_TRY(etags[i], persistently([&] { return own.copy_part(from, head.etag, to, id, plan[i]); }));
    progress.add(plan[i].size);
    return {};
  };
  auto done = lanes.run(plan.size(), copy_part);
  if (done) done = persistently([&] { return client.complete(to, id, etags); });
  if (!done && done.error().source != "NoSuchUpload") {
    if (const auto aborted = client.abort(to, id); !aborted)
      progress.error(fmt::format("the upload stays open: {}", aborted.error().message));
  }
  return done;
}

}  // namespace gust::cli
