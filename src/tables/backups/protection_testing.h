// For tests only: tables that are declared, backed up and restored, with what does the long work, on either twin of kv.
#pragma once

#include "tables/maintenance.h"
#include "tables/backups/recovery_sweeper.h"
#include "tables/testing.h"

#include <algorithm>
#include <functional>

namespace gust::tables::testing {

inline const AccountId kAccount("000000000000");

class ProtectionTest : public TableTest {
 protected:
  void SetUp() override {
    TableTest::SetUp();
    restart();
  }
  void TearDown() override { stop(); }

  // As after a kill: what was being done is dropped wherever it was.
  void restart() {
    stop();
    reopen();
    auto executor = loop_.get_executor();
    catalog_ = std::make_unique<Catalog>(executor, *store_, clock_, random_);
    maintenance_ = std::make_unique<Maintenance>(executor, *catalog_, *items_);
    jobs_ = std::make_unique<Jobs>(executor, *store_);
    backups_ = std::make_unique<Backups>(*store_, *catalog_, *items_, *jobs_, clock_, random_);
    restores_ = std::make_unique<Restores>(*store_, *catalog_, *items_, *jobs_, clock_);
    sweeper_ = std::make_unique<RecoverySweeper>(executor, *backups_, *restores_, Millis(3'600'000));
  }
  void start() {
    jobs_->start();
    maintenance_->start();
  }
  void stop() {
    if (!jobs_) return;
    EXPECT_TRUE(run(loop_, [&] { return jobs_->stop(); }));
    EXPECT_TRUE(run(loop_, [&] { return maintenance_->stop(); }));
    sweeper_.reset();
    restores_.reset();
    backups_.reset();
    jobs_.reset();
    maintenance_.reset();
    catalog_.reset();
  }

  Place at(std::string name) const { return {kAccount, "us-east-1", TableName(std::move(name))}; }
  Table declared(std::string name) const {
    auto out = two_keys();
    out.account = kAccount;
    out.region = "us-east-1";
    out.name = TableName(std::move(name));
    out.indexes = {index("by-n", {"n", Type::kNumber})};
    return out;
  }
  // Writes go to it from now on.
  void create(std::string name) {
    const auto made = run(loop_, [&] { return catalog_->create(declared(name)); });
    ASSERT_TRUE(made) << made.error().message;
    table_ = **made;
  }
  void reread() {
    const auto found = run(loop_, [&] { return catalog_->find(at(table_.name.str())); });
    ASSERT_TRUE(found) << found.error().message;
    table_ = **found;
  }
  Result<Table> find(std::string name) {
    const auto found = run(loop_, [&] { return catalog_->find(at(name)); });
    if (!found) return std::unexpected(found.error());
    return **found;
  }
  // Once it is whole.
  Table active(std::string name) {
    wait_for([&] {
      const auto found = find(name);
      return found && found->status == Status::kActive;
    });
    return *find(name);
  }
  void set_recovery(std::optional<std::uint32_t> days) {
    const auto done = run(loop_, [&] { return restores_->set_recovery(at(table_.name.str()), days); });
    ASSERT_TRUE(done) << done.error().message;
    table_ = **done;
  }
  Restores::Shaping as(std::string name) const {
    return [name](const Table& source) -> Result<Table> {
      auto out = source;
      out.name = TableName(name);
      out.recovery.reset();
      return out;
    };
  }
  // Until `done` holds; what is spawned goes on meanwhile.
  void wait_for(std::function<bool()> done) {
    while (!done()) ASSERT_TRUE(run(loop_, [] { return async::sleep_for(Millis(1)); }));
  }
  void wait_for_jobs() {
    const auto waiting = [&]() -> Task<void> {
      for (;;) {
        GUST_CO_TRY(const auto left, co_await jobs_->all());
        if (left.empty()) co_return Result<void>();
        GUST_CO_CHECK(co_await async::sleep_for(Millis(1)));
      }
    };
    ASSERT_TRUE(run(loop_, waiting));
  }
  Result<Backup> back_up(std::string name = "backup") {
    return run(loop_, [&] { return backups_->create(at(table_.name.str()), name); });
  }
  Result<Backup> backup(BackupRef ref) {
    return run(loop_, [&] { return backups_->find(ref); });
  }
  // Everything in the table, and what its index has.
  std::vector<Item> items_of(const Table& table, std::string index = "") {
    PageQuery query;
    query.table = table;
    query.index = std::move(index);
    auto out = all(std::move(query));
    std::ranges::sort(out, {}, [](const Item& item) {
      return std::pair(*item.at("pk").as<std::string>(), *item.at("sk").as<std::string>());
    });
    return out;
  }

  env::SeededRandom random_{1};
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<Maintenance> maintenance_;
  std::unique_ptr<Jobs> jobs_;
  std::unique_ptr<Backups> backups_;
  std::unique_ptr<Restores> restores_;
  std::unique_ptr<RecoverySweeper> sweeper_;
};

}  // namespace gust::tables::testing
