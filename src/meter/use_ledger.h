// UseLedger: counts in memory what requests use, and adds it to the day's file each second, in one write
// (docs/formats/meter.md). With a kill the last second's counts are lost. Loop thread only; the disk is a pool's.
#pragma once

#include "async/blocking_pool.h"
#include "async/task_group.h"
#include "env/clock.h"
#include "meter/use.h"

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace gust::meter {

// Of one thing in one day.
struct UseSum {
  std::string day;  // as day_of()
  Thing thing;
  Use use;
};

class UseLedger {
 public:
  // Whose a resource is. kNotFound: nobody's, and what was counted for it is dropped.
  using Owner = std::function<async::Task<AccountId>(std::string service, std::string resource)>;
  static constexpr std::size_t kMostThings = 20'000;  // counted apart within a second; others without their resource

  UseLedger(async::Executor executor, env::Clock& clock, std::string folder, Owner owner);

  void count(std::string_view service, std::string_view resource, const AccountId& account, const Use& use);

  void start();
  // Writes what is there, then ends.
  async::Task<void> stop();
  // Returns when all that was counted is in the file. kNoSpace, kUnavailable: it is lost, and the log says so.
  async::Task<void> flush();

  // Days as day_of(), both included.
  async::Task<std::vector<UseSum>> usage(AccountId account, std::string from, std::string to);

 private:
  async::Task<void> run();
  async::Task<std::string> lines();

  env::Clock& clock_;
  std::string folder_;
  Owner owner_;
  std::unordered_map<std::string, std::pair<Thing, Use>> counts_;
  std::string key_;  // made for each count; kept for its memory
  async::Event some_;
  std::string day_;  // of the last write
  // Of the day's file when it was last summed up; the writer's.
  std::shared_ptr<std::uint64_t> summed_ = std::make_shared<std::uint64_t>(0);
  async::BlockingPool writer_;
  async::TaskGroup tasks_;
};

}  // namespace gust::meter
