#include "tables/item_store.h"

#include "kv/key.h"
#include "tables/item_writer.h"
#include "tables/keys.h"
#include "tables/page_reader.h"
#include "tables/rows.h"

#include <algorithm>
#include <set>

namespace gust::tables {
namespace {

constexpr Millis kTokenLife = std::chrono::minutes(10);
constexpr std::size_t kTokensErased = 4;  // by each that is added, so that old ones never gather

Error with_source(Error error) {
  if (error.code == Code::kConflict && error.source.empty()) error.source = "conflict";
  return error;
}

// What became of a transaction: what kv itself answers but for conflicts and full queues may have happened.
Sequences::End end_of(const Result<void>& done) {
  if (done) return Sequences::End::kCommitted;
  switch (done.error().code) {
    case Code::kInternal:
    case Code::kCorrupt:
    case Code::kNoSpace: return Sequences::End::kInDoubt;
    default: return Sequences::End::kRefused;
  }
}

// When a token was used, of its row; the digest is what follows.
Result<WallTime> take_use(std::string_view& row) {
  std::uint64_t at = 0;
  if (!kv::take_number(row, at)) return fail(Code::kCorrupt, "a row of a token is none");
  return from_epoch_ms(static_cast<std::int64_t>(at));
}

// Some of those that are too old. A token may have been used again since its old time: then only that one goes.
Result<void> erase_old_tokens(kv::Transaction& tx, const std::shared_ptr<kv::Frontier>& times, WallTime now) {
  const auto scan = std::make_shared<kv::Frontier::Scan>(*times);
  kv::Range old{.begin = scan->from(), .end = std::string(rows::kTokenTimes), .limit = kTokensErased};
  kv::append_number(old.end, static_cast<std::uint64_t>(std::max<std::int64_t>(0, to_epoch_ms(now - kTokenLife))));
  std::vector<kv::Entry> found;
  if (old.begin < old.end) {
    GUST_TRY(found, tx.scan(old));
  }
  if (!found.empty()) tx.after_commit([times, scan, to = found.back().key + '\0'] { scan->passed(to); });
  for (const auto& time : found) {
    tx.erase(time.key);
    const auto key = std::string_view(time.key).substr(rows::kTokenTimes.size() + 8);
    GUST_TRY(const auto row, tx.get(key));
    if (!row) continue;
    std::string_view rest = *row;
    GUST_TRY(const auto at, take_use(rest));
    if (at + kTokenLife <= now) tx.erase(key);
  }
  return {};
}

// Whether a token was used before. Notes it when not.
Result<bool> was_done(kv::Transaction& tx, const std::shared_ptr<kv::Frontier>& times, const ItemStore::Once& once,
                      WallTime now) {
  const auto key = rows::token_key(once.account, once.token);
  GUST_TRY(const auto row, tx.get(key));
  if (row) {
    std::string_view rest = *row;
    GUST_TRY(const auto at, take_use(rest));
    if (at + kTokenLife > now) {
      if (rest == once.digest) return true;
      return fail(Code::kInvalid,
                  "The specified idempotency token was used with different request parameters: use another token",
                  "token");
    }
  }
  GUST_CHECK(erase_old_tokens(tx, times, now));
  std::string value;
  kv::append_number(value, static_cast<std::uint64_t>(to_epoch_ms(now)));
  tx.put(key, value + once.digest);
  auto time = rows::token_time_key(now, key);
  tx.put(time, "");
  kv::Frontier::appears_with(tx, times, std::move(time));
  return false;
}

// What was done before costs what reading its items does.
Result<void> replay(kv::Transaction& tx, const std::vector<Write>& writes, std::vector<Written>& written) {
  for (std::size_t i = 0; i < writes.size(); ++i) {
    const auto& write = writes[i];
    const auto& item = write.kind == Write::Kind::kPut ? write.item : write.key;
    GUST_TRY(auto row, tx.get(rows::item_key(write.table, item)));
    std::size_t bytes = 0;
    if (row) {
      GUST_TRY(const auto stored, StoredItem::of(*std::move(row)));
      bytes = stored.size();
    }
    written[i].replayed = true;
    written[i].usage.table = kTransactional * read_units(bytes, Consistency::kStrong);
  }
  return {};
}

Result<void> add_apart(std::set<std::string>& seen, const Table& table, const Item& item) {
  if (seen.insert(rows::item_key(table, item)).second) return {};
  return fail(Code::kInvalid, "Transaction request cannot include multiple operations on one item", "key");
}

Result<void> check_writes_apart(const std::vector<Write>& writes) {
  std::set<std::string> seen;
  for (const auto& write : writes) {
    if (!check(write)) continue;  // has a reason of its own
    GUST_CHECK(add_apart(seen, write.table, write.kind == Write::Kind::kPut ? write.item : write.key));
  }
  return {};
}

// Nothing for what fails the whole with its own error.
std::optional<ItemStore::Reason> reason_of(const Error& error, std::optional<Item> found) {
  if (error.source == "condition") return ItemStore::Reason{"ConditionalCheckFailed", error.message, std::move(found)};
  if (error.code == Code::kThrottled) return ItemStore::Reason{"ProvisionedThroughputExceeded", error.message};
  if (error.code == Code::kInvalid && error.source != "empty key")
    return ItemStore::Reason{"ValidationError", error.message};
  return std::nullopt;
}

std::string canceled_words(const std::vector<ItemStore::Reason>& reasons) {
  std::string codes;
  for (const auto& reason : reasons) codes += (codes.empty() ? "" : ", ") + reason.code;
  return "Transaction cancelled, please refer cancellation reasons for specific reasons [" + codes + "]";
}

void count_twice(Usage& usage) {
  usage.table *= kTransactional;
  for (auto& [index, units] : usage.indexes) units *= kTransactional;
}

}  // namespace

ItemStore::ItemStore(kv::Store& store, env::Clock& clock, std::size_t threads)
    : store_(store),
      clock_(clock),
      token_times_(std::make_shared<kv::Frontier>(std::string(rows::kTokenTimes))),
      readers_("tables", threads) {}

async::Task<std::optional<Item>> ItemStore::get(Table table, Item key) {
  GUST_CO_TRY(const auto stored, co_await get_stored(std::move(table), std::move(key)));
  if (!stored) co_return std::nullopt;
  co_return stored->decode();
}

async::Task<std::optional<StoredItem>> ItemStore::get_stored(Table table, Item key) {
  GUST_CO_CHECK(check_key(table, key));
  GUST_CO_TRY(auto row, co_await store_.get(rows::item_key(table, key)));
  if (!row) co_return std::nullopt;
  co_return StoredItem::of(*std::move(row));
}

async::Task<Written> ItemStore::write(Write write, std::shared_ptr<std::optional<Item>> found) {
  GUST_CO_CHECK(check(write));
  struct State {
    Write write;
    Written written = {};
    std::optional<Item> found = {};
  };
  const auto state = std::make_shared<State>(State{std::move(write)});
  const auto ticket = sequences_->open();
  kv::Store::Body body = [this, state, ticket](kv::Transaction& tx) -> Result<void> {
    state->found.reset();
    ItemWriter writer(tx, *sequences_, *ticket, clock_.now());
    GUST_TRY(state->written, writer.apply(state->write, state->found));
    return {};
  };
  const auto done = co_await store_.transact(std::move(body));
  ticket->end(end_of(done));
  if (found) *found = std::move(state->found);
  if (!done) co_return std::unexpected(with_source(done.error()));
  co_return std::move(state->written);
}

async::Task<Page> ItemStore::page(PageQuery query) {
  GUST_CO_CHECK(check(query));
  auto job = [reader = std::shared_ptr(store_.snapshot()), query = std::move(query)]() -> Result<Page> {
    return PageReader(*reader, query).run();
  };
  co_return co_await readers_.run(std::move(job));
}

Result<void> ItemStore::run_all(kv::Transaction& tx, Sequences::Ticket& ticket, const std::vector<Write>& writes,
                                std::vector<Written>& written, std::vector<Reason>& reasons) {
  ItemWriter writer(tx, *sequences_, ticket, clock_.now());
  bool canceled = false;
  for (std::size_t i = 0; i < writes.size(); ++i) {
    std::optional<Item> found;
    auto one = [&]() -> Result<Written> {
      GUST_CHECK(check(writes[i]));
      return writer.apply(writes[i], found);
    }();
    if (one) {
      count_twice(one->usage);
      written[i] = *std::move(one);
      continue;
    }
    auto reason = reason_of(one.error(), std::move(found));
    if (!reason) return std::unexpected(std::move(one).error());
    reasons[i] = *std::move(reason);
    canceled = true;
  }
  if (canceled) return fail(Code::kPrecondition, canceled_words(reasons), "canceled");
  return {};
}

async::Task<std::vector<Written>> ItemStore::transact(std::vector<Write> writes,
                                                      std::shared_ptr<std::vector<Reason>> reasons,
                                                      std::optional<Once> once) {
  GUST_CO_CHECK(check_writes_apart(writes));
  struct State {
    std::vector<Write> writes;
    std::optional<Once> once;
    std::vector<Written> written = {};
    std::vector<Reason> reasons = {};
  };
  const auto state = std::make_shared<State>(State{std::move(writes), std::move(once)});
  const auto ticket = sequences_->open();
  kv::Store::Body body = [this, state, ticket](kv::Transaction& tx) -> Result<void> {
    state->written.assign(state->writes.size(), {});
    state->reasons.assign(state->writes.size(), {});
    if (state->once) {
      GUST_TRY(const bool done, was_done(tx, token_times_, *state->once, clock_.now()));
      if (done) return replay(tx, state->writes, state->written);
    }
    return run_all(tx, *ticket, state->writes, state->written, state->reasons);
  };
  const auto done = co_await store_.transact(std::move(body));
  ticket->end(end_of(done));
  if (done) co_return std::move(state->written);
  const auto error = with_source(done.error());
  if (error.source == "conflict") {
    const Reason conflict{"TransactionConflict", "Transaction is ongoing for the item"};
    state->reasons.assign(state->writes.size(), conflict);
  }
  if (reasons) *reasons = std::move(state->reasons);
  co_return std::unexpected(error);
}

Result<void> ItemStore::check_apart(const std::vector<Wanted>& wanted) {
  std::set<std::string> seen;
  for (const auto& one : wanted) {
    if (check_key(one.table, one.key)) GUST_CHECK(add_apart(seen, one.table, one.key));
  }
  return {};
}

async::Task<std::vector<std::optional<Item>>> ItemStore::get_all(std::vector<Wanted> wanted) {
  std::vector<std::string> keys;
  for (const auto& one : wanted) {
    GUST_CO_CHECK(check_key(one.table, one.key));
    keys.push_back(rows::item_key(one.table, one.key));
  }
  auto job = [reader = std::shared_ptr(store_.snapshot()),
              keys = std::move(keys)]() -> Result<std::vector<std::optional<Item>>> {
    std::vector<std::optional<Item>> out(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      GUST_TRY(const auto row, reader->get(keys[i]));
      if (!row) continue;
      GUST_TRY(out[i], rows::decode_item(*row));
    }
    return out;
  };
  co_return co_await readers_.run(std::move(job));
}

}  // namespace gust::tables
