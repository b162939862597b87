#include "logs/journal.h"

#include "base/log.h"
#include "codec/crc.h"
#include "logs/bytes.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <span>

namespace gust::logs {
namespace {

constexpr std::size_t kFrameHead = 8;  // the payload's length and checksum

std::uint32_t crc_of(std::string_view bytes) {
  return codec::crc32c(0, std::as_bytes(std::span(bytes.data(), bytes.size())));
}

SharedBatch decode_payload(std::string_view payload) {
  ByteReader in(payload);
  auto out = std::make_shared<Batch>();
  const auto count = in.varint();
  auto sequence = in.varint();
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    Event event;
    event.at_ms = unzigzag(in.varint());
    event.ingested_ms = unzigzag(in.varint());
    event.sequence = sequence++;
    event.stream = in.text();
    event.request_id = in.text();
    event.message = in.text();
    if (in.ok()) out->push_back(std::move(event));
  }
  return in.ok() && in.left().empty() ? out : nullptr;
}

class OpenFile {
 public:
  OpenFile(const std::string& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~OpenFile() {
    if (fd_ >= 0) ::close(fd_);
  }
  OpenFile(const OpenFile&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

}  // namespace

std::string encode_frame(const Batch& batch) {
  std::string payload;
  append_varint(payload, batch.size());
  append_varint(payload, batch.empty() ? 0 : batch.front().sequence);
  for (const auto& event : batch) {
    append_varint(payload, zigzag(event.at_ms));
    append_varint(payload, zigzag(event.ingested_ms));
    append_text(payload, event.stream);
    append_text(payload, event.request_id);
    append_text(payload, event.message);
  }
  std::string out;
  out.reserve(kFrameHead + payload.size());
  append_fixed32(out, static_cast<std::uint32_t>(payload.size()));
  append_fixed32(out, crc_of(payload));
  return out + payload;
}

JournalContent decode_journal(std::string_view bytes) {
  JournalContent out;
  while (bytes.size() - out.sound_bytes >= kFrameHead) {
    const auto* const head = bytes.data() + out.sound_bytes;
    const auto rest = bytes.substr(out.sound_bytes + kFrameHead);
    const auto size = fixed32(head);
    if (size > rest.size() || crc_of(rest.substr(0, size)) != fixed32(head + 4)) break;
    auto batch = decode_payload(rest.substr(0, size));
    if (!batch) break;
    out.batches.push_back(std::move(batch));
    out.sound_bytes += kFrameHead + size;
  }
  return out;
}

Result<void> append_to_file(const std::string& path, std::string_view bytes) {
  const OpenFile file(path, O_WRONLY | O_CREAT | O_APPEND);
  if (file.get() < 0) return fail_errno(fmt::format("opening '{}'", path), errno);
  const auto before = ::lseek(file.get(), 0, SEEK_END);
  while (!bytes.empty()) {
    const auto n = ::write(file.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      const auto error = errno;
      if (::ftruncate(file.get(), before) != 0) GUST_WARN("logs: '{}' may end within a frame", path);
      return fail_errno(fmt::format("writing '{}'", path), error);
    }
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

Result<void> sync_file(const std::string& path) {
  const OpenFile file(path, O_RDONLY);
  if (file.get() < 0 || ::fdatasync(file.get()) != 0) return fail_errno(fmt::format("syncing '{}'", path), errno);
  return {};
}

Result<std::string> read_file(const std::string& path) {
  const OpenFile file(path, O_RDONLY);
  struct stat info{};
  if (file.get() < 0 || ::fstat(file.get(), &info) != 0) return fail_errno(fmt::format("opening '{}'", path), errno);
  std::string out(static_cast<std::size_t>(info.st_size), '\0');
  std::size_t at = 0;
  while (at < out.size()) {
    const auto n = ::pread(file.get(), out.data() + at, out.size() - at, static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(fmt::format("reading '{}'", path), errno);
    if (n == 0) break;
    at += static_cast<std::size_t>(n);
  }
  out.resize(at);
  return out;
}

}  // namespace gust::logs
