// What an instance prints: read from its pipe, cut into lines, each kept as the invocation's that it is of.
#include "functions/instance.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace gust::functions {

namespace asio = boost::asio;

static constexpr std::size_t kMaxLine = 256 << 10, kPipeBytes = 64 << 10;

void Place::keep_line(const std::string& line) {
  tail_bytes += line.size() + 1;
  tail.push_back(line);
  while (tail.size() > 1 && tail_bytes - tail.front().size() - 1 > kTailBytes) {
    tail_bytes -= tail.front().size() + 1;
    tail.pop_front();
  }
}

async::Task<void> Instance::read_output() {
  const auto self = shared_from_this();
  while (life_ != Life::kDead && body_.output->is_open()) {
    constexpr auto kReadable = asio::posix::stream_descriptor::wait_read;
    const auto [error] = co_await body_.output->async_wait(kReadable, asio::as_tuple(asio::use_awaitable));
    if (error || !body_.output->is_open()) break;
    drain_output();
    // What it writes meanwhile waits in the pipe, and then so does the function.
    const auto wait = log_budget_.wait(std::chrono::steady_clock::now());
    if (wait > Millis(0) && !co_await async::sleep_for(wait)) break;
    if (!body_.output->is_open()) break;
  }
  co_return Result<void>{};
}

// What the function sends to its X-Ray daemon.
async::Task<void> Instance::read_segments() {
  const auto self = shared_from_this();
  while (life_ != Life::kDead && body_.segments->is_open()) {
    constexpr auto kReadable = asio::posix::stream_descriptor::wait_read;
    const auto [error] = co_await body_.segments->async_wait(kReadable, asio::as_tuple(asio::use_awaitable));
    if (error || !body_.segments->is_open()) break;
    take_segments();
  }
  co_return Result<void>{};
}

// Not all at once: what comes faster than this the kernel drops.
void Instance::take_segments() {
  constexpr int kAtOnce = 64;
  char datagram[64 << 10];
  for (int i = 0; i < kAtOnce; ++i) {
    const auto n = ::recv(body_.segments->native_handle(), datagram, sizeof datagram, MSG_DONTWAIT);
    if (n <= 0) break;
    parts_.settings.take_segment(*body_.caller, std::string_view(datagram, static_cast<std::size_t>(n)));
  }
}

// Takes what the pipe holds now, and no more: who writes faster than this reads would keep the loop.
void Instance::drain_output() {
  std::size_t total = 0;
  char piece[16384];
  while (body_.output && body_.output->is_open() && total < kPipeBytes) {
    const auto n = ::read(body_.output->native_handle(), piece, sizeof piece);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) break;
    if (n == 0) {
      boost::system::error_code ignored;
      body_.output->close(ignored);
      break;
    }
    total += static_cast<std::size_t>(n);
    log_budget_.take(static_cast<std::size_t>(n), take_output({piece, static_cast<std::size_t>(n)}));
  }
}

// Answers how many lines ended.
std::size_t Instance::take_output(std::string_view piece) {
  std::size_t lines = 0;
  for (;;) {
    const auto end = piece.find('\n');
    partial_line_ += piece.substr(0, end);
    if (end == std::string_view::npos && partial_line_.size() < kMaxLine) return lines;
    take_line(std::exchange(partial_line_, ""));
    ++lines;
    if (end == std::string_view::npos) return lines;
    piece.remove_prefix(end + 1);
  }
}

void Instance::take_line(std::string line) {
  telemetry_.line(Telemetry::Source::kFunction, line);
  if (!keeps_line(function_.logging, line)) return;
  auto* const of = owner_of(line);
  log(of, std::move(line));
}

// The first request id that `find` knows.
template <typename Find>
static Place* named_in(std::string_view line, Find find) {
  constexpr std::size_t kSize = 36;
  for (auto dash = line.find('-', 8); dash != std::string_view::npos; dash = line.find('-', dash + 1)) {
    const auto id = line.substr(dash - 8, kSize);
    if (id.size() < kSize) break;
    if (id[13] != '-' || id[18] != '-' || id[23] != '-') continue;
    if (auto* const place = find(id)) return place;
  }
  return nullptr;
}

Place* Instance::owner_of(std::string_view line) {
  if (concurrency_ == 1) return held_ > 0 || life_ == Life::kDead ? last_ : nullptr;
  const auto held = [](const Place& place) { return place.state != Place::State::kFree; };
  const auto named = [&](std::string_view id) {
    const auto found = std::ranges::find_if(places_, [&](const auto& each) { return held(each) && each.id() == id; });
    return found == places_.end() ? nullptr : &*found;
  };
  if (auto* const place = named_in(line, named)) return place;
  return held_ == 1 ? &*std::ranges::find_if(places_, held) : nullptr;
}

void Instance::log_of_extension(std::string line) {
  const auto* const of = owner_of(line);
  parts_.logs.append(log_source_, of != nullptr ? of->id() : "", std::move(line));
}

void Instance::log(Place* of, std::string line) {
  if (of != nullptr) of->keep_line(line);
  parts_.logs.append(log_source_, of != nullptr ? of->id() : "", std::move(line));
}

}  // namespace gust::functions
