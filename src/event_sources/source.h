// What polling asks of others: where records come from, who takes them, where what is given up is kept, how time
// passes. Loop thread only. The daemon implements them; testing.h pretends them.
#pragma once

#include "async/event.h"
#include "async/task.h"
#include "base/context.h"
#include "event_sources/mapping.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gust::event_sources {

struct Record {
  std::string position;  // in its shard, as functions name it when they report failures
  std::string key;       // records of one key stay in order
  std::string json;      // as the function gets it
  WallTime at = {};
};

// Streams: shards with records in order, which stay for a while whoever has read them.
class Source {
 public:
  virtual ~Source() = default;
  // By id. kNotFound "stream"; kDenied of another account.
  virtual async::Task<std::vector<std::string>> shards(AccountId account, std::string stream) = 0;
  // The place that all records from now on come after.
  virtual async::Task<std::string> newest(std::string stream, std::string shard) = 0;
  struct Piece {
    std::vector<Record> records;
    std::string next;    // the place to go on after, also when there are none
    bool more = false;   // there may be more already
    bool ended = false;  // there will never be more
  };
  // Records after a place (empty: the oldest), up to `limit` of them. kNotFound "stream".
  virtual async::Task<Piece> read(std::string stream, std::string shard, std::string after, std::size_t limit) = 0;
  // Set whenever there may be more than was read before; the reader resets it.
  virtual std::shared_ptr<async::Event> changes(std::string stream) = 0;
  virtual Millis retention() const = 0;
};

class Target {
 public:
  virtual ~Target() = default;
  struct Answer {
    std::string function_error;  // empty, or "Unhandled"
    std::string payload;
    std::string executed_version;
  };
  // The context's request id and trace are the invocation's. Errors as functions::Invoker has them.
  virtual async::Task<Answer> invoke(RequestContext context, std::string function_arn, std::string payload) = 0;
};

// Where records of what was given up go.
class Failures {
 public:
  virtual ~Failures() = default;
  // Durable when it returns. kNotFound or kDenied when nothing can be kept there.
  virtual async::Task<void> put(RequestContext context, std::string arn, std::string name, std::string record) = 0;
};

class Checkpoints {
 public:
  virtual ~Checkpoints() = default;
  virtual async::Task<std::optional<Checkpoint>> load(Mapping mapping, std::string shard) = 0;
  // Nothing when the mapping is gone by now. A crash of the machine may undo it, and then records come again.
  virtual async::Task<void> save(Mapping mapping, std::string shard, Checkpoint checkpoint) = 0;
};

class Timing {
 public:
  static constexpr WallTime kNever = WallTime::max();
  virtual ~Timing() = default;
  virtual WallTime now() const = 0;
  // Returns when the event is set or pulsed, or at `until`; kCancelled.
  virtual async::Task<void> wait(async::Event& event, WallTime until) = 0;
};

}  // namespace gust::event_sources
