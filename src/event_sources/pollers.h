// Pollers: keeps a Poller at work for each shard of each mapping that is enabled, as Mappings change. Loop thread only.
#pragma once

#include "async/task_group.h"
#include "event_sources/mappings.h"
#include "event_sources/poller.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gust::event_sources {

class Pollers {
 public:
  // All outlive this.
  struct Parts {
    Mappings& mappings;
    Source& source;
    Target& target;
    Failures& failures;
    Timing& timing;
    env::Random& random;
    telemetry::Metrics& metrics;
    telemetry::Tracer& tracer = telemetry::no_tracer();
  };
  Pollers(async::Executor executor, Parts parts);

  // Goes on with every mapping that is enabled.
  async::Task<void> start();
  // Lets running invocations finish until `deadline`.
  async::Task<void> stop(SteadyTime deadline);

  // What a mapping is in the middle of. kSettled: nothing.
  enum class Doing { kSettled, kUpdating, kDisabling };
  Doing doing(const Mapping& mapping) const;
  // LastProcessingResult, from memory or as it was kept.
  async::Task<std::string> last_result(Mapping mapping);

  struct Status {
    std::size_t enabled = 0;
    Millis oldest{0};  // age of the oldest record that waits or is at work, of all mappings
  };
  Status status() const;

 private:
  struct Kept {
    std::optional<Mapping> wanted;  // none: gone, or disabled
    std::uint64_t changes = 0;
    std::vector<std::shared_ptr<Poller>> pollers;
    bool at_work = false;  // a task looks after it
  };
  void change(Mapping mapping, Mappings::Became became);
  async::Task<void> keep(std::string id);
  async::Task<void> poll(Mapping mapping, std::uint64_t changes);
  static async::Task<void> poll_shard(std::shared_ptr<Poller> poller, std::shared_ptr<async::TaskGroup> tasks);
  bool is_stale(const std::string& id, std::uint64_t changes) const;

  async::Executor executor_;
  Parts parts_;
  Counts counts_;
  std::map<std::string, Kept> kept_;
  std::shared_ptr<async::TaskGroup> tasks_;
  async::Event changed_;
  bool stopping_ = false;
};

}  // namespace gust::event_sources
