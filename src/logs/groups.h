// Groups: the log groups, their settings and the streams that were made by name, in rows of the store
// (docs/formats/logs.md). All groups are in memory too. Their events are EventStore's. Loop thread only.
#pragma once

#include "env/clock.h"
#include "env/random.h"
#include "kv/store.h"
#include "logs/event.h"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace gust::logs {

// Sends what matches to a function.
struct Subscription {
  std::string name, pattern, destination_arn, role_arn, distribution{"ByLogStream"};
  std::int64_t created_ms = 0;
  std::uint64_t delivered = 0;  // every event below this sequence was looked at
  bool operator==(const Subscription&) const = default;
};

struct Group {
  GroupKey key;
  std::string id;  // of its folder: another each time that a group of this name is made
  std::int64_t created_ms = 0;
  std::optional<int> retention_days;
  std::string log_class{"STANDARD"};
  std::string kms_key;
  enum class Protection { kNone, kFromDeletion } protection = Protection::kNone;
  std::map<std::string, std::string> tags;
  std::vector<Subscription> subscriptions;
};

// A stream that was made by name, or that was deleted.
struct StreamRow {
  std::string name;
  std::int64_t created_ms = 0;
  std::uint64_t below_block = 0;  // its events in blocks with lower numbers are gone
  enum class State { kMade, kDeleted } state = State::kMade;
};

class Groups {
 public:
  Groups(kv::Store& store, env::Clock& clock, env::Random& random) : store_(store), clock_(clock), random_(random) {}

  // Reads all rows; before any other call.
  async::Task<void> open();

  // Null: there is none.
  const Group* find(const GroupKey& key) const;
  // In the order of their names.
  std::vector<const Group*> of_account(const AccountId& account) const;
  const std::map<GroupKey, Group>& all() const { return groups_; }
  // kAlreadyExists "group". `wanted` gives the settings; id and time are made.
  async::Task<Group> create(Group wanted);
  // That of the name; made where there is none. It survives this process, and the machine soon.
  async::Task<Group> ensure(GroupKey key);
  // With its streams. kNotFound "group"; kPrecondition "protection".
  async::Task<Group> remove(GroupKey key);
  // Changes its settings as `change` says. kNotFound "group"; what `change` answers.
  async::Task<void> update(GroupKey key, std::function<Result<void>(Group&)> change);
  // How far a subscription is; one that is gone or another is left as it is.
  async::Task<void> note_delivered(GroupKey key, std::string subscription, std::uint64_t sequence);

  async::Task<std::vector<StreamRow>> streams(std::string group_id);
  async::Task<void> put_stream(std::string group_id, StreamRow row);

 private:
  async::Task<Group> make(Group group, kv::Durability durability);

  kv::Store& store_;
  env::Clock& clock_;
  env::Random& random_;
  std::map<GroupKey, Group> groups_;
};

// The rows' bytes, for tests of what reads them. kCorrupt.
std::string encode_group(const Group& group);
Result<Group> decode_group(std::string_view bytes);
std::string encode_stream(const StreamRow& row);
Result<StreamRow> decode_stream(std::string_view bytes);

}  // namespace gust::logs
