// What clients of a simulation do with items that are only appended to: alone and in transactions, of which some are
// sent again with their token, and some only happen if what was read before has not changed; and all ways to read them.
#include "tables/history/simulation.h"

namespace gust::tables::history {
namespace {

constexpr Millis kTokenLife = std::chrono::minutes(10), kSentAgain = std::chrono::minutes(9);

Result<Item> appended(Item there, std::int64_t element) {
  auto& list = there.try_emplace("list", Value{List{}}).first->second;
  list.as<List>()->push_back(testing::number(std::to_string(element)));
  there["count"] = testing::number(static_cast<int>(list.as<List>()->size()));
  there["g"] = testing::text("list");
  return there;
}

}  // namespace

Write Simulation::append_of(const std::string& key, std::int64_t element) const {
  Write write;
  write.kind = Write::Kind::kUpdate;
  write.table = table_;
  write.key = key_of_name(key);
  write.change = [element](const Item& there) { return appended(there, element); };
  return write;
}

std::shared_ptr<Transaction> Simulation::begin(int client) {
  ++operations_;
  auto out = std::make_shared<Transaction>();
  out->outcome = Transaction::Outcome::kUnknown;
  out->called = tick();
  out->client = client;
  transactions_.push_back(out);
  return out;
}

// Its answer was an error.
void Simulation::failed(Transaction& transaction, const Error& error) {
  if (did_not_happen(error) || error.source == "canceled") {
    transaction.outcome = Transaction::Outcome::kFailed;
    return;
  }
  expect_trouble("a transaction", error);
  ++unknown_;
}

Task<void> Simulation::append(int client) {
  const auto key = kLists[dice(kLists.size())];
  const auto element = ++elements_;
  const auto transaction = begin(client);
  transaction->appends[key] = element;
  auto write = append_of(key, element);
  const auto written = co_await items_->write(std::move(write));
  if (!written) {
    failed(*transaction, written.error());
    co_return Result<void>{};
  }
  transaction->outcome = Transaction::Outcome::kDone;
  transaction->returned = tick();
  transaction->reads[key] = list_of(written->before);
  co_return Result<void>{};
}

Task<void> Simulation::append_many(int client) {
  const auto keys = some(kLists, 3);
  const auto transaction = begin(client);
  std::vector<Write> writes;
  for (const auto& key : keys) {
    transaction->appends[key] = ++elements_;
    writes.push_back(append_of(key, elements_));
  }
  const auto written = co_await items_->transact(std::move(writes), nullptr);
  if (!written) {
    failed(*transaction, written.error());
    co_return Result<void>{};
  }
  transaction->outcome = Transaction::Outcome::kDone;
  transaction->returned = tick();
  for (std::size_t i = 0; i < keys.size(); ++i) transaction->reads[keys[i]] = list_of((*written)[i].before);
  co_return Result<void>{};
}

// Reads some lists, and appends to one of them if all are as they were: what makes a write skew where they are not
// looked at together.
Task<void> Simulation::append_if_unchanged(int client) {
  const auto keys = some(kLists, 3);
  std::vector<ItemStore::Wanted> wanted;
  for (const auto& key : keys) wanted.push_back({table_, key_of_name(key)});
  const auto read = co_await items_->get_all(std::move(wanted));
  if (!read) {
    expect_trouble("reading", read.error());
    co_return Result<void>{};
  }
  const auto looked = begin(client), transaction = begin(client);
  transaction->appends[keys[0]] = ++elements_;
  std::vector<Write> writes;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    auto write = append_of(keys[i], elements_);
    if (i > 0) write.kind = Write::Kind::kCheck;
    write.condition = [seen = list_of((*read)[i])](const Item& there) -> Result<bool> {
      return list_of(there) == seen;
    };
    writes.push_back(std::move(write));
    transaction->reads[keys[i]] = list_of((*read)[i]);
  }
  const auto reasons = std::make_shared<std::vector<ItemStore::Reason>>();
  const auto written = co_await items_->transact(std::move(writes), reasons);
  looked->returned = transaction->returned = tick();
  if (written) {
    transaction->outcome = Transaction::Outcome::kDone;
  } else if (written.error().source == "canceled") {
    // It has read, too: what was there where the condition did not hold, and what it asked for where it did.
    transaction->outcome = Transaction::Outcome::kFailed;
    looked->outcome = Transaction::Outcome::kDone;
    looked->reads = transaction->reads;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if ((*reasons)[i].code != "None") looked->reads[keys[i]] = list_of((*reasons)[i].found);
    }
  } else {
    transaction->returned = kNever;
    failed(*transaction, written.error());
  }
  co_return Result<void>{};
}

// With a token, which may have been used before, but not within ten minutes.
Task<void> Simulation::append_once(int client) {
  const auto name = fmt::format("token-{}", dice(8));
  const auto now = clock_.now();
  const auto used = token_names_.find(name);
  if (used != token_names_.end() && used->second + kTokenLife > now) co_return co_await send_again();
  const auto transaction = begin(client);
  Token token{transaction, {}, name, now};
  for (const auto& key : some(kLists, 2)) {
    transaction->appends[key] = ++elements_;
    token.writes.push_back(append_of(key, elements_));
  }
  tokens_.push_back(token);
  co_return co_await try_token(std::move(token));
}

// One of those whose token is still good, whether it was answered or not, or is being sent just now.
Task<void> Simulation::send_again() {
  if (tokens_.empty()) co_return Result<void>{};
  auto token = tokens_[tokens_.size() - 1 - dice(std::min<std::size_t>(tokens_.size(), 8))];
  if (token.first_used + kSentAgain <= clock_.now()) co_return Result<void>{};
  ++operations_;
  co_return co_await try_token(std::move(token));
}

Task<void> Simulation::try_token(Token token) {
  auto& transaction = *token.transaction;
  if (transaction.outcome != Transaction::Outcome::kDone) transaction.returned = kNever;
  token_names_[token.name] = clock_.now();  // it may be done now, and not before
  ItemStore::Once once{AccountId("000000000000"), token.name, std::to_string(transaction.called)};
  const auto written = co_await items_->transact(std::move(token.writes), nullptr, std::move(once));
  if (written) {
    if (transaction.outcome != Transaction::Outcome::kDone) transaction.returned = tick();
    transaction.outcome = Transaction::Outcome::kDone;
    co_return Result<void>{};
  }
  EXPECT_NE(written.error().source, "token") << token.name << ": " << written.error().message;
  if (transaction.outcome == Transaction::Outcome::kUnknown && !did_not_happen(written.error()))
    failed(transaction, written.error());
  co_return Result<void>{};
}

Task<void> Simulation::read_lists(int client) {
  const auto keys = some(kLists, 4);
  const auto transaction = begin(client);
  std::vector<ItemStore::Wanted> wanted;
  for (const auto& key : keys) wanted.push_back({table_, key_of_name(key)});
  const auto read = co_await items_->get_all(std::move(wanted));
  if (!read) {
    expect_trouble("reading", read.error());
    co_return Result<void>{};
  }
  transaction->returned = tick();
  transaction->outcome = Transaction::Outcome::kDone;
  for (std::size_t i = 0; i < keys.size(); ++i) transaction->reads[keys[i]] = list_of((*read)[i]);
  co_return Result<void>{};
}

// A page is one view: of the table, of one hash value, or of an index that has all of a list.
Task<void> Simulation::read_page(int client) {
  const std::string indexes[] = {"", "", "by-g", "local"};
  auto query = query_of(indexes[dice(4)]);
  const bool of_l = query.index == "local" || (query.index.empty() && dice(2) == 0);
  if (of_l) query.hash = testing::text("l");
  if (query.index == "by-g") query.hash = testing::text("list");
  const auto transaction = begin(client);
  const auto page = co_await items_->page(std::move(query));
  if (!page) {
    expect_trouble("reading a page", page.error());
    co_return Result<void>{};
  }
  transaction->returned = tick();
  transaction->outcome = Transaction::Outcome::kDone;
  for (const auto& key : kLists) {
    if (!of_l || key.starts_with("l/")) transaction->reads[key];
  }
  for (const auto& item : page->items) {
    if (is_list(name_of_key(item))) transaction->reads[name_of_key(item)] = list_of(item);
  }
  co_return Result<void>{};
}

}  // namespace gust::tables::history
