// KeepAlive: how long an idle instance of a function's version stays and when one is started ahead, learned from the
// idle times between its invocations: the hybrid histogram policy of Shahrad et al., "Serverless in the Wild", USENIX
// ATC 2020, section 4. Pure: time is a parameter, nothing is started or ended here. Loop thread only.
#pragma once

#include "base/time.h"
#include "functions/function.h"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace gust::functions {

// When an instance should be there, counted from the end of the function's last invocation.
struct KeepAlivePlan {
  Millis pre_warm_after{0};  // 0: it stays; more: it ends at once, and one is started after this
  Millis keep_until{0};      // it ends after this; at least pre_warm_after
  auto operator<=>(const KeepAlivePlan&) const = default;
};

// The idle times of one function: a histogram of minutes over four hours that forgets slowly.
class IdleTimes {
 public:
  static constexpr std::size_t kBins = 240;  // of one minute
  static constexpr unsigned kWindow = 255;   // idle times held at most; then all counts are halved

  void record(Millis idle);
  // nullopt: too few, without a pattern, out of bounds and not regular, or none that pays. What pays: `start_is_worth`
  // minutes of an idle instance for each cold start that it saves; 0: the whole window of the paper.
  std::optional<KeepAlivePlan> plan(int start_is_worth = 0) const;

 private:
  static constexpr std::size_t kLongOnes = 4;

  void halve();
  struct Bins {
    std::size_t first, last;
  };
  Bins between_percentiles() const;
  std::optional<Bins> that_pay(Bins window, int start_is_worth) const;
  std::optional<KeepAlivePlan> from_long_ones() const;

  std::array<std::uint8_t, kBins> bins_{};
  std::uint8_t within_ = 0;   // sum of bins_
  std::uint8_t outside_ = 0;  // idle times of four hours and more
  std::uint8_t long_count_ = 0;
  std::array<std::uint16_t, kLongOnes> long_ones_{};  // the last of those, in minutes
};

struct KeepAliveSettings {
  std::optional<Millis> fixed;  // for every function, nothing learned
  Millis unknown{300'000};      // for a function whose pattern is not known
  int start_is_worth = 60;      // see IdleTimes::plan
};

class KeepAlive {
 public:
  static constexpr std::size_t kMaxFunctions = 200'000;  // any more have no pattern
  static constexpr auto kForgetAfter = std::chrono::hours(24 * 31);

  explicit KeepAlive(KeepAliveSettings settings) : settings_(settings) {}

  // An invocation arrived, and ended. Each began() is followed by one ended().
  void began(const FunctionRef& key, SteadyTime now);
  void ended(const FunctionRef& key, SteadyTime now);
  // Since when none has run: nullopt while one runs or none ever did.
  std::optional<SteadyTime> idle_since(const FunctionRef& key) const;
  KeepAlivePlan plan(const FunctionRef& key) const;
  // Whether an idle instance should end now. `instance_since` is since when it is idle itself.
  bool should_end(const FunctionRef& key, SteadyTime instance_since, SteadyTime now);
  // Functions for which an instance should be started ahead of the next invocation; each is told once. Also forgets
  // those that nobody called for a month. To be called every second or so.
  std::vector<FunctionRef> due(SteadyTime now);
  // The function is gone.
  void forget(const FunctionRef& key);
  std::size_t size() const { return functions_.size(); }

 private:
  struct Entry {
    IdleTimes idle_times;
    SteadyTime last_end{};
    SteadyTime pre_warm_at = SteadyTime::max();  // when it is in pre_warms_
    std::uint32_t running = 0;
    bool ran = false;
  };

  void cancel_pre_warm(const FunctionRef& key, Entry& entry);
  void forget_some(SteadyTime now);

  KeepAliveSettings settings_;
  std::map<FunctionRef, Entry> functions_;
  std::set<std::pair<SteadyTime, FunctionRef>> pre_warms_;
  FunctionRef cursor_;  // of forget_some
};

}  // namespace gust::functions
