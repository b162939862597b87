#include "daemon/console_sessions.h"

#include "codec/digest.h"
#include "codec/hex.h"

#include <algorithm>
#include <array>

namespace gust::daemon {
namespace {

std::string hash_of(std::string_view token) { return codec::digest(codec::DigestKind::kSha256, token); }

}  // namespace

std::string ConsoleSessions::new_token() {
  std::array<std::byte, 32> bytes{};
  random_.fill(bytes);
  return codec::to_hex(std::span<const std::byte>(bytes));
}

void ConsoleSessions::drop_expired() {
  const auto now = clock_.now();
  std::erase_if(sessions_, [&](const auto& entry) {
    return now >= entry.second.created + kLife || now >= entry.second.seen + kIdle;
  });
  std::erase_if(links_, [&](const auto& entry) { return now >= entry.second.expires; });
}

ConsoleSessions::Opened ConsoleSessions::open(Principal principal) {
  drop_expired();
  if (sessions_.size() >= kMost) {
    const auto seen = [](const auto& entry) { return entry.second.seen; };
    sessions_.erase(std::ranges::min_element(sessions_, {}, seen));
  }
  const auto now = clock_.now();
  Opened out{new_token(), {std::move(principal), new_token(), now, now}};
  sessions_[hash_of(out.token)] = out.session;
  return out;
}

std::optional<ConsoleSession> ConsoleSessions::find(std::string_view token) {
  drop_expired();
  const auto it = sessions_.find(hash_of(token));
  if (it == sessions_.end()) return std::nullopt;
  it->second.seen = clock_.now();
  return it->second;
}

void ConsoleSessions::close(std::string_view token) { sessions_.erase(hash_of(token)); }

std::string ConsoleSessions::make_link(Principal principal) {
  drop_expired();
  if (links_.size() >= kMost) {
    const auto expires = [](const auto& entry) { return entry.second.expires; };
    links_.erase(std::ranges::min_element(links_, {}, expires));
  }
  auto token = new_token();
  links_[hash_of(token)] = {std::move(principal), clock_.now() + kLinkLife};
  return token;
}

std::optional<Principal> ConsoleSessions::take_link(std::string_view token) {
  drop_expired();
  auto found = links_.extract(hash_of(token));
  if (found.empty()) return std::nullopt;
  return std::move(found.mapped().principal);
}

Millis FailedSignIns::wait(const std::string& peer) const {
  const auto it = failures_.find(peer);
  if (it == failures_.end() || it->second.count < kFree) return Millis(0);
  const auto doubled = std::chrono::seconds(1) * (1 << std::min(it->second.count - kFree, 10));
  const auto until = it->second.last + std::min<Millis>(doubled, kMostWait);
  return std::max(Millis(0), std::chrono::duration_cast<Millis>(until - clock_.now()));
}

void FailedSignIns::failed(const std::string& peer) {
  const auto now = clock_.now();
  std::erase_if(failures_, [&](const auto& entry) { return now >= entry.second.last + kForgotten; });
  if (failures_.size() >= kMost && !failures_.contains(peer)) {
    const auto last = [](const auto& entry) { return entry.second.last; };
    failures_.erase(std::ranges::min_element(failures_, {}, last));
  }
  auto& mine = failures_[peer];
  ++mine.count;
  mine.last = now;
}

}  // namespace gust::daemon
