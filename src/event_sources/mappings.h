// Mappings: the event source mappings of every account, durably, with how far each is. Not the polling, which Pollers
// do. Errors name their thing in Error::source: "mapping", "stream". Loop thread only.
#pragma once

#include "async/task.h"
#include "env/clock.h"
#include "env/random.h"
#include "event_sources/source.h"
#include "kv/store.h"

#include <functional>
#include <string>
#include <vector>

namespace gust::event_sources {

class Mappings final : public Checkpoints {
 public:
  // All outlive this.
  Mappings(kv::Store& store, Source& source, env::Clock& clock, env::Random& random)
      : store_(store), source_(source), clock_(clock), random_(random) {}

  // id and time are set here; where it begins to read is settled when it returns. kAlreadyExists "mapping" with the id
  // of the one that the function and the source have, as the message; kNotFound and kDenied "stream".
  async::Task<Mapping> create(Mapping wanted);
  async::Task<Mapping> find(AccountId account, std::string id);  // kNotFound "mapping"
  // `change` runs on a pool thread, maybe more than once. kAlreadyExists as create().
  using Change = std::function<Result<void>(Mapping&)>;
  async::Task<Mapping> update(AccountId account, std::string id, Change change);
  // Of what does not touch how it works, tags: the time stays.
  async::Task<void> annotate(AccountId account, std::string id, Change change);
  async::Task<Mapping> remove(AccountId account, std::string id);

  struct Wanted {
    AccountId account;
    std::string source_arn = {}, function_arn = {};  // empty: any
    std::string after = {};                          // an id
    std::size_t limit = 100;
  };
  struct Found {
    std::vector<Mapping> mappings;  // by id
    bool more = false;
  };
  async::Task<Found> list(Wanted wanted);
  async::Task<std::vector<Mapping>> all();  // of every account

  async::Task<std::vector<Checkpoint>> places(Mapping mapping);  // of every shard

  // Called on the loop after a mapping was made, changed (not by annotate()) or removed.
  enum class Became { kWanted, kGone };
  void on_change(std::function<void(Mapping, Became)> listener) { listener_ = std::move(listener); }

  async::Task<std::optional<Checkpoint>> load(Mapping mapping, std::string shard) override;
  async::Task<void> save(Mapping mapping, std::string shard, Checkpoint checkpoint) override;

 private:
  enum class Stamp { kNew, kKept };
  async::Task<Mapping> edit(AccountId account, std::string id, Change change, Stamp stamp);

  kv::Store& store_;
  Source& source_;
  env::Clock& clock_;
  env::Random& random_;
  std::function<void(Mapping, Became)> listener_ = [](Mapping, Became) {};
};

}  // namespace gust::event_sources
