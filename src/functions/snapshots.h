// Snapshots: the init of each version that is to have one runs once, in a sandbox like any other, and the process then
// writes its memory out over its Runtime API (docs/formats/snapshots.md). An instance is a sandbox like any other, too,
// whose program becomes that process. Images are files below one folder and outlive the daemon, not the machine's next
// start. Loop thread only.
#pragma once

#include "async/blocking_pool.h"
#include "async/event.h"
#include "async/task_group.h"
#include "env/random.h"
#include "functions/instance.h"
#include "functions/invoker.h"
#include "functions/registry.h"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace gust::functions {

class Snapshots {
 public:
  struct Parts {
    async::Executor executor;
    Registry& registry;
    sandbox::Launcher& launcher;
    LogStore& logs;
    env::Clock& clock;
    env::Random& random;
    const InvokerSettings& settings;
    // Memory for an init that runs; false: not now.
    std::function<bool(const Function&)> reserve;
    std::function<void(const Function&)> release;
  };
  explicit Snapshots(Parts parts);

  // kUnavailable with kSnapshotPending or kSnapshotFailed as source while no instance of the version may be started.
  static Result<void> check(const Function& function);
  // Turns an instance's parts into those of one that comes from its version's snapshot, if there is one. One that is
  // missing is made again.
  void use(Instance::Parts& parts, const Function& function);
  // An instance could not be made from it: it is made again, a few times.
  void failed(const Function& function);
  // Something of a function changed: takes those of new versions and forgets those of versions that are gone.
  async::Task<void> look_again(FunctionKey key);
  std::vector<SnapshotStatus> status() const;
  async::Task<void> stop();

 private:
  struct Taking;
  enum class State { kWaiting, kTaking, kReady, kNone };
  struct Image {
    Function function;
    State state = State::kNone;
    std::string folder;  // of kReady
    std::string token;
    std::string reason;  // of kNone
    std::uint64_t bytes = 0, restored = 0;
    std::size_t failures = 0;  // of restores
    bool again = false;        // it was ready once
    SteadyTime used_at{};
  };

  async::Task<void> work();
  async::Task<void> open();
  void want(const Function& function);
  async::Task<void> take(FunctionRef version);
  async::Task<void> run_init(Function function, std::shared_ptr<Taking> taking);
  async::Task<void> settle(FunctionRef version, std::shared_ptr<Taking> taking);
  async::Task<bool> template_api(std::shared_ptr<Taking> taking, http::Request& request, http::Response& response);
  async::Task<void> receive(std::shared_ptr<Taking> taking, http::Request& request);
  bool give_keys(const Function& function, const std::string& token, const http::Request& request,
                 http::Response& response) const;
  void set_environment(sandbox::Spec& spec, const std::string& token) const;
  std::string path_of(const std::string& folder) const;
  void remove(std::string folder);
  void make_room();

  Parts parts_;
  std::map<FunctionRef, Image> images_;
  std::deque<FunctionRef> queue_;
  bool open_ = false, stopping_ = false;
  std::shared_ptr<Instance> running_;
  async::Event changed_;
  async::BlockingPool disk_;
  async::TaskGroup tasks_;  // of the instance whose init runs
  async::TaskGroup worker_;
};

}  // namespace gust::functions
