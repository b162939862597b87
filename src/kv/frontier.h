// Frontier: where a scan of rows that come in about the order of their keys, and are erased soon, has to begin. From
// the first key that there may be, it would go over what every erased row leaves behind until the store's files are
// merged: the scans of a queue would take the longer the more went through it. Any thread.
#pragma once

#include "kv/store.h"

#include <memory>
#include <mutex>
#include <set>
#include <string>

namespace gust::kv {

class Frontier {
 public:
  // No key is before `first`.
  explicit Frontier(std::string first) : first_(std::move(first)), at_(first_) {}
  Frontier(const Frontier&) = delete;
  Frontier& operator=(const Frontier&) = delete;

  // A row with this key is to be found from now on.
  void appeared(std::string_view key);
  // The same, as soon as the transaction that writes the row has committed.
  static void appears_with(Transaction& tx, std::shared_ptr<Frontier> frontier, std::string key);
  void begin_again();

  // One scan, from its beginning until what it found was dealt with. Several may run at once.
  class Scan {
   public:
    explicit Scan(Frontier& frontier);
    ~Scan();
    Scan(const Scan&) = delete;
    Scan& operator=(const Scan&) = delete;

    const std::string& from() const { return from_; }
    // Nothing before `key` is wanted any more, but what appeared since this scan began.
    void passed(std::string key);

   private:
    friend class Frontier;
    Frontier& frontier_;
    std::string from_;
    std::string appeared_;  // the first that did, or empty
  };

 private:
  const std::string first_;
  std::mutex mutex_;
  std::string at_;
  std::set<Scan*> scans_;
};

}  // namespace gust::kv
