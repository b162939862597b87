// Admission: how many invocations run at once, by the reservations of functions and the limit of their account. Loop
// thread only.
#pragma once

#include "async/task.h"
#include "functions/function.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>

namespace gust::functions {

class Registry;

class Admission {
 public:
  // Hears of each function that is let in, and how many of its invocations run then; with 0: that was not.
  using Heard = std::function<void(const FunctionKey&, std::size_t running)>;
  Admission(Registry& registry, std::uint32_t account_limit, Heard heard)
      : registry_(registry), account_limit_(account_limit), heard_(std::move(heard)) {}

  // A place among the invocations that may run at once, given back when the last copy goes; not later than this ends.
  using Slot = std::shared_ptr<void>;
  // kThrottled with the service's reason as source.
  async::Task<Slot> admit(std::shared_ptr<const Function> function);
  // What functions of the account reserve has changed.
  void changed(const AccountId& account) { loads_[account].reserved.reset(); }

 private:
  // Invocations that run or wait, and what limits them.
  struct Load {
    std::size_t unreserved = 0;               // of functions without a reservation
    std::optional<std::uint32_t> reserved;    // by the others together; none: not read yet
    std::map<FunctionName, std::size_t> all;  // of each function
  };

  Registry& registry_;
  const std::uint32_t account_limit_;
  Heard heard_;  // may be none
  std::map<AccountId, Load> loads_;
};

}  // namespace gust::functions
