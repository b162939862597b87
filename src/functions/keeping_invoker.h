// KeepingInvoker: the invoker, with every event and its outcome kept in the event store. Loop thread only.
#pragma once

#include "functions/kept_events.h"
#include "functions/invoker.h"

namespace gust::functions {

class KeepingInvoker final : public Invoker {
 public:
  KeepingInvoker(std::unique_ptr<Invoker> invoker, KeptEvents& events, env::Clock& clock)
      : invoker_(std::move(invoker)), events_(events), clock_(clock) {}

  async::Task<InvokeResult> invoke(RequestContext context, FunctionRef target, Invocation invocation) override;
  async::Task<std::shared_ptr<ResponseStream>> stream(RequestContext context, FunctionRef target,
                                                      Invocation invocation) override;
  std::uint32_t account_concurrency() const override { return invoker_->account_concurrency(); }
  std::vector<PoolStatus> status() const override { return invoker_->status(); }
  void expect(const std::string& runtime) override { invoker_->expect(runtime); }
  StartStatus starts() const override { return invoker_->starts(); }
  ProvisionStatus provisioned(const FunctionRef& version) const override { return invoker_->provisioned(version); }
  async::Task<void> stop(SteadyTime deadline) override { return invoker_->stop(deadline); }

 private:
  void accepted(const RequestContext& context, const FunctionRef& target, const Invocation& invocation);
  KeptOutcome outcome_of(std::string id, SteadyTime began, const InvokeResult* result, const Error* error) const;

  std::unique_ptr<Invoker> invoker_;
  KeptEvents& events_;
  env::Clock& clock_;
};

}  // namespace gust::functions
