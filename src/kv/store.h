// Store: an ordered, transactional, durable key-value store. Keys and values are bytes; keys sort as unsigned bytes.
// Implementations: rocks/ (durable) and memory/ (tests, simulation); both pass kv/contract_test. Loop thread only.
#pragma once

#include "async/task.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gust::kv {

struct Entry {
  std::string key;
  std::string value;
  bool operator==(const Entry&) const = default;
};

enum class Order { kForward, kBackward };

// Whether what is read from the disk stays in memory. What goes once over many rows should leave it to the others.
enum class Caching { kKeep, kPass };

// Keys in [begin, end); an empty `end` means to the last key.
struct Range {
  std::string begin;
  std::string end;
  std::size_t limit = 1000;
  Order order = Order::kForward;
  Caching caching = Caching::kKeep;

  // Every key that starts with `prefix`.
  static Range prefix(std::string prefix, std::size_t limit = 1000);
};

// A consistent, read-only view. Blocking and cheap: also used inside transactions, on a pool thread.
class Reader {
 public:
  virtual ~Reader() = default;
  virtual Result<std::optional<std::string>> get(std::string_view key) = 0;
  virtual Result<std::vector<Entry>> scan(const Range& range) = 0;
};

// Sees its own writes. A key read with get() that another commit changes meanwhile makes the commit conflict; scans
// do not conflict, so guard a range with a row that every writer of it reads or writes. What a body got() before it
// failed was there at one moment, too.
class Transaction : public Reader {
 public:
  virtual void put(std::string_view key, std::string_view value) = 0;
  virtual void erase(std::string_view key) = 0;
  // Runs `then` once what is written here can be read by others, before transact() answers, on any thread. Never when
  // it is not committed: what a body said in a run that conflicted is forgotten.
  using Then = std::move_only_function<void()>;
  virtual void after_commit(Then then) = 0;
};

enum class Durability {
  kSynced,    // on disk before the answer; concurrent commits share one fsync
  kBuffered,  // survives kill -9 of the process but not of the machine; for what can be derived again
};

class Store {
 public:
  using Body = std::function<Result<void>(Transaction&)>;

  virtual ~Store() = default;
  // Runs `body` on a pool thread and commits. On a conflict the body runs again (up to 16 times, then kConflict), so
  // it must only read and write through the Transaction and assign results. An error from it rolls back.
  // kNoSpace on a full disk. Once it answers success the writes survive (see Durability).
  virtual async::Task<void> transact(Body body, Durability durability = Durability::kSynced) = 0;
  virtual async::Task<std::optional<std::string>> get(std::string key) = 0;
  virtual async::Task<std::vector<Entry>> scan(Range range) = 0;
  // A view of this moment; may be read from any one thread at a time, and must end before the store does.
  virtual std::unique_ptr<Reader> snapshot() = 0;
};

}  // namespace gust::kv
