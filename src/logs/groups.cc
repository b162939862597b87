#include "logs/groups.h"

#include "kv/key.h"

#include <fmt/format.h>

#include <algorithm>

namespace gust::logs {
namespace {

constexpr std::string_view kGroupRows = "lg/g/", kStreamRows = "lg/s/";
constexpr std::string_view kIdAlphabet = "0123456789abcdefghijklmnopqrstuvwxyz";
constexpr std::size_t kIdSize = 16;

std::string group_row(const GroupKey& key) {
  std::string out(kGroupRows);
  kv::append_text(out, key.account.str());
  kv::append_text(out, key.name);
  return out;
}

std::string stream_rows(std::string_view group_id) {
  std::string out(kStreamRows);
  kv::append_text(out, group_id);
  return out;
}

std::unexpected<Error> no_group() {
  return fail(Code::kNotFound, "The specified log group does not exist.", "group");
}

template <typename T, typename Decode>
async::Task<std::vector<T>> read_all(kv::Store& store, std::string prefix, Decode decode) {
  std::vector<T> out;
  auto range = kv::Range::prefix(prefix);
  for (;;) {
    GUST_CO_TRY(const auto rows, co_await store.scan(range));
    for (const auto& row : rows) {
      GUST_CO_TRY(auto one, decode(row.value));
      out.push_back(std::move(one));
    }
    if (rows.size() < range.limit) co_return out;
    range.begin = rows.back().key + '\0';
  }
}

}  // namespace

async::Task<void> Groups::open() {
  GUST_CO_TRY(auto all, co_await read_all<Group>(store_, std::string(kGroupRows), decode_group));
  for (auto& group : all) {
    auto key = group.key;
    groups_.insert_or_assign(std::move(key), std::move(group));
  }
  co_return Result<void>{};
}

const Group* Groups::find(const GroupKey& key) const {
  const auto found = groups_.find(key);
  return found == groups_.end() ? nullptr : &found->second;
}

std::vector<const Group*> Groups::of_account(const AccountId& account) const {
  std::vector<const Group*> out;
  for (auto it = groups_.lower_bound({account, ""}); it != groups_.end() && it->first.account == account; ++it)
    out.push_back(&it->second);
  return out;
}

async::Task<Group> Groups::make(Group group, kv::Durability durability) {
  group.id = random_.pick(kIdSize, kIdAlphabet);
  group.created_ms = to_epoch_ms(clock_.now());
  auto body = [&group](kv::Transaction& tx) -> Result<void> {
    const auto row = group_row(group.key);
    GUST_TRY(const auto there, tx.get(row));
    if (there) return fail(Code::kAlreadyExists, "The specified log group already exists", "group");
    tx.put(row, encode_group(group));
    return {};
  };
  GUST_CO_CHECK(co_await store_.transact(std::move(body), durability));
  groups_[group.key] = group;
  co_return group;
}

async::Task<Group> Groups::create(Group wanted) {
  co_return co_await make(std::move(wanted), kv::Durability::kSynced);
}

async::Task<Group> Groups::ensure(GroupKey key) {
  for (;;) {
    if (const auto* const found = find(key)) co_return *found;
    Group wanted;
    wanted.key = key;
    auto made = co_await make(std::move(wanted), kv::Durability::kBuffered);
    if (made || made.error().code != Code::kAlreadyExists) co_return made;
    // Another makes it at this moment, and says so when its row is there.
    GUST_CO_CHECK(co_await async::sleep_for(Millis(1)));
  }
}

async::Task<Group> Groups::remove(GroupKey key) {
  Group removed;
  auto body = [&](kv::Transaction& tx) -> Result<void> {
    GUST_TRY(const auto row, tx.get(group_row(key)));
    if (!row) return no_group();
    GUST_TRY(removed, decode_group(*row));
    if (removed.protection == Group::Protection::kFromDeletion)
      return fail(Code::kPrecondition, "The log group is protected from deletion", "protection");
    tx.erase(group_row(key));
    GUST_TRY(const auto streams, tx.scan(kv::Range::prefix(stream_rows(removed.id), 1'000'000)));
    for (const auto& stream : streams) tx.erase(stream.key);
    return {};
  };
  GUST_CO_CHECK(co_await store_.transact(std::move(body)));
  groups_.erase(key);
  co_return removed;
}

async::Task<void> Groups::update(GroupKey key, std::function<Result<void>(Group&)> change) {
  Group changed;
  auto body = [&](kv::Transaction& tx) -> Result<void> {
    GUST_TRY(const auto row, tx.get(group_row(key)));
    if (!row) return no_group();
    GUST_TRY(changed, decode_group(*row));
    GUST_CHECK(change(changed));
    tx.put(group_row(key), encode_group(changed));
    return {};
  };
  GUST_CO_CHECK(co_await store_.transact(std::move(body)));
  const auto found = groups_.find(key);
  if (found != groups_.end() && found->second.id == changed.id) found->second = std::move(changed);
  co_return Result<void>{};
}

async::Task<void> Groups::note_delivered(GroupKey key, std::string subscription, std::uint64_t sequence) {
  auto change = [=](Group& group) -> Result<void> {
    const auto found = std::ranges::find(group.subscriptions, subscription, &Subscription::name);
    if (found != group.subscriptions.end()) found->delivered = std::max(found->delivered, sequence);
    return {};
  };
  co_return co_await update(std::move(key), std::move(change));
}

async::Task<std::vector<StreamRow>> Groups::streams(std::string group_id) {
  co_return co_await read_all<StreamRow>(store_, stream_rows(group_id), decode_stream);
}

async::Task<void> Groups::put_stream(std::string group_id, StreamRow row) {
  auto body = [&](kv::Transaction& tx) -> Result<void> {
    auto key = stream_rows(group_id);
    kv::append_text(key, row.name);
    tx.put(key, encode_stream(row));
    return {};
  };
  co_return co_await store_.transact(std::move(body));
}

}  // namespace gust::logs
