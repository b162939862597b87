#include "cli/bucket/upload.h"

#include "cli/bucket/client.h"
#include "cli/bucket/files.h"
#include "cli/deploy/content.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <poll.h>
#include <unistd.h>

namespace gust::cli {
namespace {

std::uint64_t usual_part(const TransferSettings& settings) {
  return settings.part_size == 0 ? kUsualPart : settings.part_size;
}

std::string type_for(const Place& to, const TransferSettings& settings) {
  return settings.content_type.empty() ? std::string(content_type(to.key)) : settings.content_type;
}

std::unexpected<Error> changed(const std::string& path) {
  return fail(Code::kConflict, fmt::format("{} changed while it was uploaded; run the same command again", path),
              "file");
}

// Sends a range of the file, again when it fails in passing.
template <typename Send>
Result<std::string> send_range(Progress& progress, FileRange range, Send send) {
  return persistently([&] {
    std::uint64_t sent = 0;
    range.sent = [&](std::size_t bytes) {
      sent += bytes;
      progress.add(bytes);
      return !Interrupt::wanted();
    };
    auto done = send(range);
    if (!done) progress.take_back(sent);
    return done;
  });
}

class LargeUpload {
 public:
  LargeUpload(Lanes& lanes, Progress& progress, const std::string& path, const Place& to,
              const TransferSettings& settings)
      : lanes_(lanes), progress_(progress), path_(path), to_(to), type_(type_for(to, settings)) {
    usual_ = usual_part(settings);
  }

  enum class Begin { kMayContinue, kAnew };
  Result<void> run(Begin begin) {
    GUST_TRY(const auto state, file_state(path_));
    if (state.size > kLargestObject) {
      return fail(Code::kTooLarge, fmt::format("{} has {} bytes; an object has 5 TiB at most", path_, state.size),
                  "file");
    }
    plan_ = plan_parts(state.size, part_size_for(state.size, usual_));
    etags_.assign(plan_.size(), "");
    if (begin == Begin::kMayContinue) GUST_CHECK(look_for_open_one());
    const bool continued = !id_.empty();
    if (!continued) {
      GUST_TRY(id_, BucketClient(lanes_.first()).begin(to_, {{"Content-Type", type_}}));
    }
    const auto sent = send_missing();
    // Somebody else has completed or aborted it.
    if (!sent && continued && sent.error().source == "NoSuchUpload") return start_over();
    if (!sent) return explained(sent.error());
    GUST_TRY(const auto now, file_state(path_));
    if (now != state) return changed(path_);
    BucketClient client(lanes_.first());
    const auto completed = persistently([&] { return client.complete(to_, id_, etags_); });
    if (!completed && continued && completed.error().source == "NoSuchUpload") return start_over();
    if (!completed) return explained(completed.error());
    return continued ? set_type(client) : Result<void>{};
  }

 private:
  Result<void> start_over() {
    for (std::size_t i = 0; i < plan_.size(); ++i) {
      if (!etags_[i].empty()) progress_.take_back(plan_[i].size);
    }
    id_.clear();
    return run(Begin::kAnew);
  }

  Result<void> look_for_open_one() {
    BucketClient client(lanes_.first());
    GUST_TRY(const auto found, client.uploads(to_));
    std::vector<OpenUpload> open;
    for (const auto& upload : found) {
      if (upload.key != to_.key) continue;
      GUST_TRY(auto parts, client.parts(to_, upload.id));
      if (parts) open.push_back(std::move(*parts));
    }
    for (const auto& upload : promising(plan_, std::move(open))) {
      GUST_CHECK(compare(upload));
      if (std::ranges::all_of(etags_, &std::string::empty)) continue;
      id_ = upload.id;
      break;
    }
    return {};
  }

  // Takes over those parts whose bytes are the file's. One that has none of them may be somebody else's work.
  Result<void> compare(const OpenUpload& upload) {
    const auto stored = stored_of(plan_, upload);
    return lanes_.run(stored.size(), [&](Remote&, std::size_t i) -> Result<void> {
      const auto& part = stored[i];
      const auto& etag = upload.parts.at(part.number).etag;
      if (part_md5(path_, part) != etag) return {};
      etags_[part.number - 1] = etag;
      progress_.add(part.size);
      return {};
    });
  }

  Result<void> send_missing() {
    std::vector<Part> missing;
    for (const auto& part : plan_) {
      if (etags_[part.number - 1].empty()) missing.push_back(part);
    }
    return lanes_.run(missing.size(), [&](Remote& remote, std::size_t i) -> Result<void> {
      const auto& part = missing[i];
      BucketClient client(remote);
      GUST_TRY(etags_[part.number - 1],
               send_range(progress_, {path_, part.offset, part.size, {}},
                          [&](const FileRange& range) { return client.put_part(to_, id_, part.number, range); }));
      return {};
    });
  }

  // The type was chosen when the upload was begun, perhaps another one.
  Result<void> set_type(BucketClient& client) {
    GUST_TRY(const auto head, client.head(to_));
    if (head.headers.get_or("content-type", "") == type_) return {};
    return client.copy(to_, head.etag, to_, {{"Content-Type", type_}, {"x-amz-metadata-directive", "REPLACE"}});
  }

  Result<void> explained(const Error& error) const {
    const auto kept = std::ranges::count_if(etags_, [](const auto& etag) { return !etag.empty(); });
    if (kept == 0 || error.source == "NoSuchUpload") return std::unexpected(error);
    return fail(error.code,
                fmt::format("{}; {} of {} parts are uploaded, the same command sends the others", error.message, kept,
                            plan_.size()),
                error.source);
  }

  Lanes& lanes_;
  Progress& progress_;
  std::string path_;
  Place to_;
  std::string type_;
  std::uint64_t usual_ = kUsualPart;
  std::string id_;
  std::vector<Part> plan_;
  std::vector<std::string> etags_;  // of each part; empty while it is to be sent
};

// Waits for bytes until `bytes` has its size or there are no more; answers how many came.
Result<std::size_t> fill(int from, std::string& bytes) {
  std::size_t got = 0;
  while (got < bytes.size()) {
    pollfd ready{from, POLLIN, 0};
    constexpr int kLookMs = 200;
    const int count = ::poll(&ready, 1, kLookMs);
    if (Interrupt::wanted()) return interrupted();
    if (count == 0 || (count < 0 && errno == EINTR)) continue;
    const auto n = ::read(from, bytes.data() + got, bytes.size() - got);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno("stdin", errno);
    if (n == 0) break;
    got += static_cast<std::size_t>(n);
  }
  return got;
}

Result<std::uint64_t> stream_parts(BucketClient& client, Progress& progress, int from, const Place& to,
                                   const std::string& id, std::string first, std::uint64_t usual) {
  std::vector<std::string> etags;
  std::uint64_t total = 0;
  auto bytes = std::move(first);
  for (std::uint32_t number = 1; !bytes.empty(); ++number) {
    if (number > kMostParts) return fail(Code::kTooLarge, "stdin has more than an object can have", "file");
    GUST_TRY(auto etag, persistently([&] { return client.put_part(to, id, number, bytes); }));
    etags.push_back(std::move(etag));
    total += bytes.size();
    progress.add(bytes.size());
    bytes.resize(stream_part_size(number + 1, usual));
    GUST_TRY(const auto got, fill(from, bytes));
    bytes.resize(got);
  }
  GUST_CHECK(persistently([&] { return client.complete(to, id, etags); }));
  return total;
}

}  // namespace

bool is_large(std::uint64_t size, const TransferSettings& settings) { return size > usual_part(settings); }

Result<void> upload_small(Remote& remote, Progress& progress, const std::string& path, const Place& to,
                          const TransferSettings& settings) {
  GUST_TRY(const auto before, file_state(path));
  BucketClient client(remote);
  const HeaderList headers{{"Content-Type", type_for(to, settings)}};
  GUST_CHECK(send_range(progress, {path, 0, before.size, {}},
                        [&](const FileRange& range) { return client.put(to, range, headers); }));
  GUST_TRY(const auto after, file_state(path));
  if (after != before) return changed(path);
  return {};
}

Result<void> upload_large(Lanes& lanes, Progress& progress, const std::string& path, const Place& to,
                          const TransferSettings& settings) {
  return LargeUpload(lanes, progress, path, to, settings).run(LargeUpload::Begin::kMayContinue);
}

Result<std::uint64_t> upload_stream(Remote& remote, Progress& progress, int from, const Place& to,
                                    const TransferSettings& settings) {
  BucketClient client(remote);
  const HeaderList headers{{"Content-Type", type_for(to, settings)}};
  const auto usual = usual_part(settings);
  std::string bytes(usual, '\0');
  GUST_TRY(const auto got, fill(from, bytes));
  bytes.resize(got);
  if (got < usual) {
    GUST_CHECK(persistently([&] { return client.put(to, bytes, headers); }));
    progress.add(got);
    return got;
  }
  GUST_TRY(const auto id, client.begin(to, headers));
  auto total = stream_parts(client, progress, from, to, id, std::move(bytes), usual);
  if (!total && total.error().source != "NoSuchUpload") {
    if (const auto aborted = client.abort(to, id); !aborted)
      progress.error(fmt::format("the upload stays open: {}", aborted.error().message));
  }
  return total;
}

}  // namespace gust::cli
