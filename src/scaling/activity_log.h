// ActivityLog: writes down what is to become of a number, in the transaction that decides it; the Scaler does it
// afterwards. begin() and refuse() run in transactions, on pool threads.
#pragma once

#include "env/clock.h"
#include "env/random.h"
#include "kv/store.h"
#include "scaling/types.h"

#include <atomic>
#include <string>

namespace gust::scaling {

class ActivityLog {
 public:
  static constexpr Millis kKept = std::chrono::hours(24 * 7 * 6);

  ActivityLog(env::Clock& clock, env::Random& random) : clock_(clock), random_(random) {}

  // The resource, cause and number of `activity` are given, and a policy's part of it.
  Result<void> begin(kv::Transaction& tx, Activity activity);
  // One that cannot even be begun, and why.
  Result<void> refuse(kv::Transaction& tx, Activity activity, std::string reason);

  static std::string failure(std::uint32_t wanted, std::string_view reason);

 private:
  // Answers the key.
  Result<std::string> write(kv::Transaction& tx, Activity& activity, std::uint64_t sequence);

  env::Clock& clock_;
  env::Random& random_;
  std::atomic<std::uint64_t> sequence_ = 0;  // breaks ties between those of one millisecond
};

}  // namespace gust::scaling
