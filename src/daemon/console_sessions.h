// ConsoleSessions: who is signed in to the console. In memory, and only the hashes of what browsers hold: a restart
// signs everybody out (docs/decisions/0340). Loop thread only.
#pragma once

#include "base/context.h"
#include "base/result.h"
#include "env/clock.h"
#include "env/random.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace gust::daemon {

struct ConsoleSession {
  Principal principal;
  std::string csrf;  // 64 hexadecimal digits, which requests that change something repeat in a header
  WallTime created, seen;
};

class ConsoleSessions {
 public:
  static constexpr Millis kIdle = std::chrono::hours(8);  // without a request
  static constexpr Millis kLife = std::chrono::days(7);
  static constexpr Millis kLinkLife = std::chrono::minutes(1);
  static constexpr std::size_t kMost = 1000;  // past it the one that was not used for the longest time ends

  // Both outlive this.
  ConsoleSessions(env::Random& random, const env::Clock& clock) : random_(random), clock_(clock) {}

  struct Opened {
    std::string token;  // 64 hexadecimal digits: 256 random bits
    ConsoleSession session;
  };
  Opened open(Principal principal);
  // Notes that it was used; nothing when there is none, or it has expired.
  std::optional<ConsoleSession> find(std::string_view token);
  void close(std::string_view token);

  // A token that signs in once, within a minute.
  std::string make_link(Principal principal);
  std::optional<Principal> take_link(std::string_view token);

 private:
  struct Link {
    Principal principal;
    WallTime expires;
  };
  std::string new_token();
  void drop_expired();

  env::Random& random_;
  const env::Clock& clock_;
  // By the SHA-256 of the token.
  std::map<std::string, ConsoleSession> sessions_;
  std::map<std::string, Link> links_;
};

// Sign-ins that failed, by the address that they came from: after a few the next is looked at later and later.
class FailedSignIns {
 public:
  static constexpr int kFree = 5;
  static constexpr Millis kMostWait = std::chrono::minutes(1);
  static constexpr Millis kForgotten = std::chrono::minutes(15);  // after the last failure
  static constexpr std::size_t kMost = 10'000;                    // addresses

  explicit FailedSignIns(const env::Clock& clock) : clock_(clock) {}

  // How long `peer` has to wait before its next try is looked at; 0: not at all.
  Millis wait(const std::string& peer) const;
  void failed(const std::string& peer);
  void succeeded(const std::string& peer) { failures_.erase(peer); }

 private:
  struct Failures {
    int count = 0;
    WallTime last;
  };
  const env::Clock& clock_;
  std::map<std::string, Failures> failures_;
};

}  // namespace gust::daemon
