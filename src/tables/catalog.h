// Catalog: the tables that were declared, durably, and the work that a change of one leaves behind (its rows to remove,
// an index to fill), which Maintenance does. Not the items. Errors name their thing in Error::source: "table", "limit",
// "protected", "index". Loop thread only.
#pragma once

#include "async/event.h"
#include "async/task.h"
#include "env/clock.h"
#include "env/random.h"
#include "kv/store.h"
#include "tables/table_rows.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace gust::tables {

class Catalog {
 public:
  static constexpr std::size_t kMaxTables = 2'500;  // of an account in a region

  // A table as it is declared now. ItemStore says to who comes with an older one that it must be read again.
  using Known = std::shared_ptr<const Table>;

  Catalog(async::Executor executor, kv::Store& store, env::Clock& clock, env::Random& random)
      : store_(store), clock_(clock), random_(random), worked_(std::move(executor)) {}

  // More to do in the same transaction; runs on a pool thread, maybe more than once.
  using Also = std::function<Result<void>(kv::Transaction&, const Table&)>;
  // With an id, a time and, with a stream, a label of its own. kAlreadyExists "table"; kTooLarge "limit".
  async::Task<Known> create(Table wanted, Also also = {});
  // A table that was kCreating is whole now, with its indexes. kNotFound "table" when it is another by now.
  async::Task<Known> activate(Table table, Also also);
  // What cannot be made after all is removed, and its rows.
  async::Task<void> abandon(Table table, Also also);
  async::Task<Known> find(Place place);  // kNotFound "table"
  // What is known of tables is read again; for who heard from ItemStore that one is another by now.
  void forget() {
    ++changes_;
    known_.clear();
  }
  // `change` runs on a pool thread, maybe more than once. Indexes that it adds must be kCreating, and are filled then;
  // the rows of those that it takes out are removed. kConflict "index" while those of one of its name still are,
  // "creating" while the table is being filled.
  using Change = std::function<Result<void>(Table&)>;
  async::Task<Known> update(Place place, Change change);
  async::Task<Known> remove(Place place);  // kPrecondition "protected"; kConflict "creating"
  // What each removal of a table that can be restored to a time does beside, and after the commit.
  void set_farewell(Also farewell, std::function<void()> after) {
    farewell_ = std::move(farewell);
    after_farewell_ = std::move(after);
  }

  struct Names {
    std::vector<TableName> names;
    bool more = false;
  };
  // In the order of names, those after `after`.
  async::Task<Names> list(AccountId account, std::string region, std::string after, std::size_t limit);

  async::Task<std::vector<Table>> all();  // of every account and region

  // For Maintenance: what is to be done, and that it was. An index that is filled is active from then on.
  async::Task<std::vector<Work>> works();
  async::Task<void> finish(Work work);
  async::Event& worked() { return worked_; }  // set when there is new work

 private:
  kv::Store& store_;
  env::Clock& clock_;
  env::Random& random_;
  async::Event worked_;
  Also farewell_;
  std::function<void()> after_farewell_;
  std::map<Place, Known> known_;
  std::uint64_t changes_ = 0;  // a row that was read before one is not kept
};

// "2026-01-31T12:00:00.000", as streams are labelled.
std::string stream_label(WallTime time);

}  // namespace gust::tables
