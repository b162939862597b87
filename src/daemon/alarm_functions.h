// AlarmFunctions: the functions that alarms tell of their states, invoked asynchronously and so with retries. Loop
// thread only, but for enqueue().
#pragma once

#include "env/random.h"
#include "functions/async_invoker.h"
#include "functions/registry.h"
#include "metrics/alarms.h"

namespace gust::daemon {

class AlarmFunctions final : public metrics::AlarmActions {
 public:
  AlarmFunctions(functions::Registry& registry, functions::AsyncInvoker& invoker, env::Random& random)
      : registry_(registry), invoker_(invoker), random_(random) {}

  Result<void> check(const AccountId& account, const std::string& arn) override;
  async::Task<void> allowed(AccountId account, std::string arn, std::string alarm_arn) override;
  Result<void> enqueue(kv::Transaction& tx, const AccountId& account, const std::string& arn,
                       const std::string& payload) override;
  void done() override { invoker_.notify(); }

 private:
  functions::Registry& registry_;
  functions::AsyncInvoker& invoker_;
  env::Random& random_;
};

}  // namespace gust::daemon
