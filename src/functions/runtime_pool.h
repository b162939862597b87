// RuntimePool: Python and Node runtimes that are booted ahead, each in a finished sandbox, without code, keys or
// environment; and such sandboxes without any program, for functions that bring their own. One is taken for the cold
// start of a function and told what it is; it never serves a second. What is taken is booted again off the hot path, as
// many as the last minute asked for, within a budget of memory. Loop thread only.
#pragma once

#include "async/event.h"
#include "async/task_group.h"
#include "env/random.h"
#include "functions/body.h"
#include "functions/invoker.h"
#include "functions/runtime_image.h"
#include "sandbox/sandbox.h"

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gust::functions {

// Whether a program of `spec` may start before its environment is known: no variable that only the start of a process
// looks at, no egress.
bool can_be_told_late(const sandbox::Spec& spec);

class RuntimePool {
 public:
  RuntimePool(async::Executor executor, sandbox::Launcher& launcher, env::Random& random,
              const InvokerSettings& settings);

  // Functions of this runtime (python3.12, nodejs20.x) exist: keeps some ready from now on.
  void expect(const std::string& runtime);
  // A ready runtime turned into what `spec` says, save that it waits for begin(); or, where none is ready, one that
  // goes on from its family's image. None when nothing fits: start `spec` from nothing then.
  async::Task<std::optional<Body>> take(sandbox::Spec spec);
  // What take() gave for a function of this runtime did not come out of the image.
  void image_failed(const std::string& runtime);
  std::vector<RuntimeStatus> status() const;
  // Ends those that are ready.
  async::Task<void> stop();

 private:
  struct Generic;
  struct Family {
    std::string name;               // python, node, provided: what the names of its runtimes begin with
    std::vector<std::string> argv;  // empty: the function brings the program
    std::string runtime_folder;
    std::unique_ptr<RuntimeImage> image = {};  // none: its runtimes boot from nothing
    bool expected = false;
    std::deque<std::shared_ptr<Generic>> ready;
    std::vector<std::shared_ptr<Generic>> all;  // not taken and not ended
    std::size_t booting = 0;
    std::deque<SteadyTime> demand;  // cold starts of the last minute
    std::uint64_t bytes_each = 0;   // peak of one that is ready, measured
    std::uint64_t taken = 0, missed = 0;
    std::size_t failures = 0;  // in a row
    SteadyTime not_before{};   // after failures
  };

  Family* family_of(const sandbox::Spec& spec);
  sandbox::Spec generic_spec(const Family& family);
  async::Task<std::optional<Body>> take_ready(Family& family, sandbox::Spec spec, std::string told = {});
  async::Task<std::optional<Body>> go_on_from_image(Family& family, sandbox::Spec spec);
  std::size_t target(const Family& family) const;
  std::uint64_t bytes_of(const Family& family) const;
  bool may_boot(const Family& family, SteadyTime now) const;
  void forget_old_demand(SteadyTime now);
  async::Task<void> keep_filled();
  async::Task<void> boot(Family& family);
  async::Task<void> take_image(Family& family);
  async::Task<std::shared_ptr<Generic>> boot_one(Family& family);
  async::Task<void> watch(Family& family, std::shared_ptr<Generic> generic);

  async::Executor executor_;
  sandbox::Launcher& launcher_;
  env::Random& random_;
  const InvokerSettings& settings_;
  std::array<Family, 3> families_;
  SteadyTime busy_until_{};  // cold starts need the cores until about then
  bool stopping_ = false;
  const std::size_t boots_at_once_;  // beside the functions that run
  async::Event changed_;
  async::TaskGroup filler_;
  async::TaskGroup tasks_;
};

}  // namespace gust::functions
