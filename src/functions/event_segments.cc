#include "functions/event_segments.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <utility>

namespace gust::functions {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kExtension = ".events";
constexpr std::uint64_t kFiles = 16;  // in how many the whole is held, so that letting go of one loses little
constexpr std::uint64_t kLeastFile = 1 << 20, kMostFile = 32 << 20;

WallTime modified_at(const struct stat& info) {
  return from_epoch_ms(info.st_mtim.tv_sec * 1000 + info.st_mtim.tv_nsec / 1'000'000);
}

// The numbers of the files in a folder, in order.
std::vector<std::uint64_t> numbers_in(const std::string& folder) {
  std::vector<std::uint64_t> out;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const auto name = entry.path().stem().string();
    std::uint64_t number = 0;
    const auto [end, wrong] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (entry.path().extension() == kExtension && wrong == std::errc() && end == name.data() + name.size())
      out.push_back(number);
  }
  std::ranges::sort(out);
  return out;
}

std::string file_name(const std::string& folder, std::uint64_t number) {
  return fmt::format("{}/{:010}{}", folder, number, kExtension);
}

}  // namespace

EventSegments::EventSegments(std::string folder, EventBounds bounds)
    : folder_(std::move(folder)),
      bounds_(bounds),
      file_bytes_(std::clamp(bounds.bytes / kFiles, kLeastFile, kMostFile)) {
  for (const auto number : numbers_in(folder_)) {
    struct stat info{};
    if (::stat(path_of(number).c_str(), &info) != 0) continue;
    files_.push_back({number, static_cast<std::uint64_t>(info.st_size), modified_at(info)});
    total_ += files_.back().bytes;
  }
}

EventSegments::~EventSegments() {
  if (fd_ >= 0) ::close(fd_);
}

std::string EventSegments::path_of(std::uint64_t number) const { return file_name(folder_, number); }

// A file of an earlier run is never gone on with: a crash may have left half a record at its end.
Result<void> EventSegments::roll() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  std::error_code error;
  fs::create_directories(folder_, error);
  const auto number = files_.empty() ? 1 : files_.back().number + 1;
  fd_ = ::open(path_of(number).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
  if (fd_ < 0) return fail_errno(fmt::format("making '{}'", path_of(number)), errno);
  files_.push_back({number, 0, {}});
  return {};
}

Result<void> EventSegments::append(const std::vector<std::string>& chunks, WallTime now) {
  for (const auto& chunk : chunks) {
    if (fd_ < 0 || files_.back().bytes >= file_bytes_) GUST_CHECK(roll());
    auto& file = files_.back();
    file.written_at = now;
    for (std::size_t at = 0; at < chunk.size();) {
      const auto n = ::write(fd_, chunk.data() + at, chunk.size() - at);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) {
        const auto why = fail_errno(fmt::format("writing '{}'", path_of(file.number)), errno);
        ::close(std::exchange(fd_, -1));  // it may end within a record
        return why;
      }
      at += static_cast<std::size_t>(n);
      file.bytes += static_cast<std::uint64_t>(n);
      total_ += static_cast<std::uint64_t>(n);
    }
  }
  let_go(now);
  return {};
}

void EventSegments::let_go(WallTime now) {
  while (files_.size() > 1 && (total_ > bounds_.bytes || files_.front().written_at < now - bounds_.age)) {
    ::unlink(path_of(files_.front().number).c_str());
    total_ -= files_.front().bytes;
    files_.pop_front();
  }
}

void read_segments(const std::string& folder, WallTime since, const std::function<bool(std::string_view)>& take) {
  auto numbers = numbers_in(folder);
  std::ranges::reverse(numbers);
  for (const auto number : numbers) {
    const int fd = ::open(file_name(folder, number).c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) continue;  // let go of just now
    struct stat info{};
    const bool known = ::fstat(fd, &info) == 0;
    const auto size = known ? static_cast<std::size_t>(info.st_size) : 0;
    const bool wanted = size > 0 && modified_at(info) >= since;
    void* const bytes = wanted ? ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
    ::close(fd);
    if (bytes == MAP_FAILED) {
      if (known && size > 0 && modified_at(info) < since) return;  // older ones are older still
      continue;
    }
    const bool more = take({static_cast<const char*>(bytes), size});
    ::munmap(bytes, size);
    if (!more) return;
  }
}

}  // namespace gust::functions
