#include "functions/log_store.h"

#include "base/log.h"
#include "codec/json.h"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <utility>

namespace gust::functions {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::size_t kFileBytes = 8 << 20;   // two files of this size are kept for each function
constexpr std::size_t kMaxQueued = 16 << 20;  // bytes of all functions waiting for the disk; past it lines are lost
constexpr Millis kPause{5};

std::string encode(const LogLine& line) {
  codec::JsonArena arena;
  return codec::to_json(json::array({to_epoch_ms(line.at), line.request_id, line.text}, arena.storage())) + "\n";
}

std::optional<LogLine> decode(std::string_view text) {
  const auto document = codec::parse_json(text);
  if (!document || !document->is_array() || document->get_array().size() != 3) return std::nullopt;
  const auto& a = document->get_array();
  if (!a[0].is_int64() || !a[1].is_string() || !a[2].is_string()) return std::nullopt;
  return LogLine{from_epoch_ms(a[0].get_int64()), std::string(a[1].get_string()), std::string(a[2].get_string())};
}

// UTF-8 with anything else replaced, so that a line is always JSON.
std::string printable(std::string text) {
  if (std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; })) return text;
  const auto quoted = json::value(text);
  const auto back = codec::parse_json(codec::to_json(quoted));
  if (back) return text;
  for (auto& c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  }
  return text;
}

void append_to_file(const std::string& folder, const std::string& bytes) {
  std::error_code error;
  fs::create_directories(folder, error);
  const auto now = folder + "/1.ndjson", before = folder + "/0.ndjson";
  if (fs::exists(now, error) && fs::file_size(now, error) > kFileBytes) fs::rename(now, before, error);
  const int fd = ::open(now.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0 || ::write(fd, bytes.data(), bytes.size()) < 0)
    GUST_WARN("logs: writing '{}' failed: {}", now, std::strerror(errno));
  if (fd >= 0) ::close(fd);
}

}  // namespace

struct LogStore::Stream {
  Stream(async::Executor executor, std::string folder) : folder(std::move(folder)), came(executor) {}
  std::string folder;
  std::uint64_t lost = 0;  // lines that came while too much waited for the disk; told when there is room again
  std::string queued;
  async::Event came;
};

LogStore::LogStore(async::Executor executor, env::Clock& clock, std::string folder)
    : executor_(executor),
      clock_(clock),
      folder_(std::move(folder)),
      pause_(executor),
      writer_(std::make_shared<async::BlockingPool>("logs", 1, 100'000)) {}

LogStore::~LogStore() { write_out(); }

LogStore::Stream& LogStore::stream(const FunctionKey& key) {
  auto& slot = streams_[key];
  if (!slot) slot = std::make_unique<Stream>(executor_, fmt::format("{}/{}/{}", folder_, key.account, key.name));
  return *slot;
}

void LogStore::append(const FunctionKey& key, std::string request_id, std::string text) {
  auto& s = stream(key);
  s.came.pulse();
  if (waiting_->load() >= kMaxQueued) {
    ++s.lost;
    return;
  }
  std::string lines;
  if (s.lost > 0) {
    auto told = fmt::format("{} lines were lost: they came faster than the disk takes them", s.lost);
    lines = encode({clock_.now(), "", std::move(told)});
    s.lost = 0;
  }
  lines += encode({clock_.now(), std::move(request_id), printable(std::move(text))});
  *waiting_ += lines.size();
  if (s.queued.empty()) dirty_.push_back(&s);
  s.queued += lines;
  write_soon();
}

// At once after a while of silence. Under load what comes within a pause goes together: a wake-up of the writer costs
// more than the lines of an invocation.
void LogStore::write_soon() {
  if (std::exchange(scheduled_, true)) return;
  pause_.expires_at(written_at_ + kPause);
  pause_.async_wait([this, alive = std::weak_ptr(waiting_)](boost::system::error_code error) {
    if (!error && alive.lock()) write_out();
  });
}

void LogStore::write_out() {
  scheduled_ = false;
  if (dirty_.empty()) return;
  written_at_ = std::chrono::steady_clock::now();
  std::vector<std::pair<std::string, std::string>> pieces;
  std::size_t size = 0;
  for (auto* const s : std::exchange(dirty_, {})) {
    size += s->queued.size();
    pieces.emplace_back(s->folder, std::exchange(s->queued, {}));
  }
  const auto write = [pieces = std::move(pieces), waiting = waiting_] {
    for (const auto& [folder, bytes] : pieces) {
      append_to_file(folder, bytes);
      *waiting -= bytes.size();
    }
  };
  if (!writer_->submit(write)) *waiting_ -= size;
}

async::Task<std::vector<LogLine>> LogStore::read(FunctionKey key, WallTime since, std::size_t limit) {
  GUST_CO_CHECK(co_await flush());
  auto job = [folder = fmt::format("{}/{}/{}", folder_, key.account, key.name), since,
              limit]() -> Result<std::vector<LogLine>> {
    std::deque<LogLine> lines;
    for (const auto* name : {"/0.ndjson", "/1.ndjson"}) {
      std::ifstream in(folder + name);
      for (std::string text; std::getline(in, text);) {
        auto line = decode(text);
        if (!line || line->at < since) continue;
        lines.push_back(*std::move(line));
        if (lines.size() > limit) lines.pop_front();
      }
    }
    return std::vector<LogLine>(std::make_move_iterator(lines.begin()), std::make_move_iterator(lines.end()));
  };
  co_return co_await writer_->run(std::move(job));
}

async::Task<void> LogStore::wait(FunctionKey key, SteadyTime deadline) { return stream(key).came.wait(deadline); }

async::Task<void> LogStore::flush() {
  write_out();
  auto job = []() -> Result<void> { return {}; };
  co_return co_await writer_->run(std::move(job));
}

}  // namespace gust::functions
