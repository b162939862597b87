#include "functions/admission.h"

#include "functions/registry.h"

namespace gust::functions {

async::Task<Admission::Slot> Admission::admit(std::shared_ptr<const Function> function) {
  const auto& account = function->key.account;
  auto& load = loads_[account];
  if (!load.reserved) {
    GUST_CO_TRY(const auto reserved, co_await registry_.reserved_of(account));
    load.reserved = reserved;
  }
  const auto running = load.all.contains(function->key.name) ? load.all.at(function->key.name) : 0;
  const auto& own = function->reserved_concurrency;
  const bool over_own = own && running >= *own, over_all = !own && load.unreserved + *load.reserved >= account_limit_;
  if (heard_) heard_(function->key, over_own || over_all ? 0 : running + 1);
  if (over_own)
    co_return fail(Code::kThrottled, "Rate Exceeded.", "ReservedFunctionConcurrentInvocationLimitExceeded");
  if (over_all)
    co_return fail(Code::kThrottled, "Rate Exceeded.", "ConcurrentInvocationLimitExceeded");
  ++load.all[function->key.name];
  if (!own) ++load.unreserved;
  co_return Slot(nullptr, [this, function](std::nullptr_t) {
    auto& of_account = loads_[function->key.account];
    if (!function->reserved_concurrency) --of_account.unreserved;
    if (--of_account.all[function->key.name] == 0) of_account.all.erase(function->key.name);
  });
}

}  // namespace gust::functions
