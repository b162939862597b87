// Records of a table's stream: what they say, and the numbers that they are in order by. Any thread.
// Source: Record and StreamRecord of the DynamoDB Streams API.
#pragma once

#include "base/time.h"
#include "tables/table.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace gust::tables {

enum class EventName { kInsert, kModify, kRemove };
// Whether a client wrote, or the item's time had come (TTL).
enum class Cause { kRequest, kExpiry };

struct StreamName {
  std::string table_id, label;
};

struct StreamRecord {
  EventName event = EventName::kInsert;
  Cause cause = Cause::kRequest;
  StreamView view = StreamView::kKeysOnly;
  WallTime at = {};
  std::uint64_t sequence = 0;
  Item keys;
  std::optional<Item> before, after;  // as the view says
};

inline constexpr Millis kStreamRetention = std::chrono::hours(24);

// What the service counts: keys and images.
std::size_t size_of(const StreamRecord& record);
std::string_view name_of(EventName event);  // "INSERT"

// 21 digits, which sort as the numbers do.
std::string sequence_text(std::uint64_t sequence);
Result<std::uint64_t> parse_sequence(std::string_view text);
// Records of this time and later come after it.
std::uint64_t sequence_at(WallTime time);

// Numbers for records. Transactions take them while they run and commit in any order: a reader that stops at settled()
// misses none that comes later. One whose commit failed may be found on the disk by the next start: it is in doubt
// until a transaction that began afterwards has committed, for the log that holds it is then of no use any more.
class Sequences : public std::enable_shared_from_this<Sequences> {
 public:
  // What one transaction took, until it has ended.
  enum class End { kCommitted, kRefused, kInDoubt };
  class Ticket {
   public:
    Ticket(std::shared_ptr<Sequences> owner, std::uint64_t opened) : owner_(std::move(owner)), opened_(opened) {}
    ~Ticket() { end(End::kRefused); }
    Ticket(const Ticket&) = delete;
    void end(End how);

   private:
    friend class Sequences;
    std::shared_ptr<Sequences> owner_;
    std::uint64_t opened_, first_ = 0, last_ = 0;
    std::set<std::string> streams_;
  };
  std::shared_ptr<Ticket> open();

  // Greater than every number before. The stream must be known.
  std::uint64_t next(Ticket& ticket, const StreamName& stream, WallTime now);
  // Every number up to it is committed, or never will be. While nothing is open it is as late as `now`.
  std::uint64_t settled(WallTime now);
  // A stream is known once its last number on disk was told: the clock may have been set back since.
  bool knows(const StreamName& stream) const;
  void learn(const StreamName& stream, std::uint64_t last);

  // Called when numbers that were taken for a stream have become settled, maybe for nothing. Any thread; set before
  // the first ticket.
  using Listener = std::function<void(std::string_view stream)>;  // as text() has it
  void on_settled(Listener listener) { listener_ = std::move(listener); }
  static std::string text(const StreamName& stream) { return stream.table_id + "/" + stream.label; }

 private:
  void end(Ticket& ticket, End how);
  void close(Ticket& ticket, End how);  // with the lock held

  Listener listener_;
  mutable std::mutex mutex_;
  std::uint64_t last_ = 0;
  std::multiset<std::uint64_t> open_;
  std::uint64_t steps_ = 0;                      // of tickets that were opened, or ended in doubt
  std::map<std::uint64_t, std::uint64_t> doubts_;  // numbers in open_, by the step that put them in doubt
  std::set<std::string> known_;
  std::map<std::string, std::uint64_t> unsettled_;  // of streams whose transactions have ended: the last number
};

}  // namespace gust::tables
