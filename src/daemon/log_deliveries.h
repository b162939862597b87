// LogDeliveries: subscription filters' functions, invoked asynchronously and so with retries. Loop thread only.
#pragma once

#include "functions/async_invoker.h"
#include "functions/registry.h"
#include "logs/subscriptions.h"

namespace gust::daemon {

class LogDeliveries final : public logs::Deliveries {
 public:
  LogDeliveries(functions::Registry& registry, functions::AsyncInvoker& invoker)
      : registry_(registry), invoker_(invoker) {}

  async::Task<void> check(logs::GroupKey group, std::string destination_arn, std::string region) override;
  async::Task<void> deliver(logs::GroupKey group, std::string destination_arn, std::string payload,
                            std::string id) override;

 private:
  functions::Registry& registry_;
  functions::AsyncInvoker& invoker_;
};

}  // namespace gust::daemon
