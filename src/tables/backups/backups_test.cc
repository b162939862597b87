#include "tables/backups/protection_testing.h"

namespace gust::tables {
namespace {

using namespace testing;

class BackupsTest : public ProtectionTest {
 protected:
  void put_many(int n, int value) {
    for (int i = 0; i < n; ++i)
      ASSERT_TRUE(put(item("p" + std::to_string(i), "s", {{"n", number(value)}})));
  }
  Result<Catalog::Known> restore(BackupRef ref, std::string name) {
    return run(loop_, [&] { return restores_->from_backup(ref, as(name)); });
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, BackupsTest, twins(), twin_name);

TEST_P(BackupsTest, HasWhatWasThereWhenItBegan) {
  create("kept");
  put_many(30, 1);
  const auto before = items_of(table_);
  const auto begun = back_up();
  ASSERT_TRUE(begun) << begun.error().message;
  EXPECT_EQ(begun->status, Backup::Status::kCreating);
  // Before a row of it is copied: all of this comes too late for it.
  put_many(20, 2);
  ASSERT_TRUE(write(erase_of(key("p25", "s"))));
  ASSERT_TRUE(put(item("late", "s")));
  start();
  wait_for_jobs();
  const auto made = backup(begun->ref);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->status, Backup::Status::kAvailable);
  EXPECT_EQ(made->items, 30u);
  const auto target = restore(begun->ref, "again");
  ASSERT_TRUE(target) << target.error().message;
  EXPECT_EQ((*target)->status, Status::kCreating);
  EXPECT_TRUE((*target)->restored->in_progress);
  wait_for_jobs();
  const auto again = active("again");
  EXPECT_EQ(again.indexes[0].status, Status::kActive);
  EXPECT_FALSE(again.restored->in_progress);
  EXPECT_EQ(items_of(again), before);
  EXPECT_EQ(items_of(again, "by-n"), before);
  EXPECT_EQ(items_of(table_).size(), 30u);
}

TEST_P(BackupsTest, KeepsNoHistoryOnceItIsMade) {
  create("kept");
  put_many(3, 1);
  EXPECT_EQ(row_count("t/h/"), 0u);
  ASSERT_TRUE(back_up());
  put_many(3, 2);
  EXPECT_EQ(row_count("t/h/"), 3u);
  start();
  wait_for_jobs();
  put_many(3, 3);
  clock_.advance(Millis(10));
  ASSERT_TRUE(run(loop_, [&] { return sweeper_->sweep(); }));
  EXPECT_EQ(row_count("t/h/"), 0u);
}

TEST_P(BackupsTest, OutlivesItsTable) {
  create("kept");
  put_many(10, 1);
  const auto before = items_of(table_);
  const auto begun = back_up();
  ASSERT_TRUE(begun);
  ASSERT_TRUE(run(loop_, [&] { return catalog_->remove(at("kept")); }));
  start();
  wait_for_jobs();
  wait_for([&] { return row_count("t/i/") == 0; });
  ASSERT_TRUE(restore(begun->ref, "kept"));
  wait_for_jobs();
  EXPECT_EQ(items_of(active("kept")), before);
}

TEST_P(BackupsTest, GoesOnAfterARestart) {
  create("kept");
  put_many(50, 1);
  const auto before = items_of(table_);
  const auto begun = back_up();
  put_many(50, 2);
  restart();
  put_many(50, 3);
  start();
  wait_for_jobs();
  ASSERT_TRUE(restore(begun->ref, "again"));
  restart();
  EXPECT_EQ(find("again")->status, Status::kCreating);
  start();
  wait_for_jobs();
  EXPECT_EQ(items_of(active("again")), before);
  EXPECT_EQ(items_of(active("again"), "by-n"), before);
}

TEST_P(BackupsTest, IsNotRemovedWhileItIsInUse) {
  create("kept");
  put_many(3, 1);
  const auto begun = back_up();
  const auto remove = [&] { return run(loop_, [&] { return backups_->remove(begun->ref); }); };
  EXPECT_EQ(remove().error().source, "backup in use");
  EXPECT_EQ(restore(begun->ref, "again").error().source, "backup in use");
  start();
  wait_for_jobs();
  restart();
  ASSERT_TRUE(restore(begun->ref, "again"));
  EXPECT_EQ(remove().error().source, "backup in use");
  start();
  wait_for_jobs();
  ASSERT_TRUE(remove());
  EXPECT_EQ(remove().error().source, "backup");
  EXPECT_EQ(backup(begun->ref).error().source, "backup");
  wait_for_jobs();
  EXPECT_EQ(row_count("t/d/"), 0u);
  EXPECT_EQ(items_of(active("again")).size(), 3u);
}

TEST_P(BackupsTest, ATableThatIsBeingRestoredIsNotChanged) {
  create("kept");
  const auto begun = back_up();
  start();
  wait_for_jobs();
  restart();
  ASSERT_TRUE(restore(begun->ref, "again"));
  EXPECT_EQ(run(loop_, [&] { return catalog_->remove(at("again")); }).error().source, "creating");
  const Catalog::Change nothing = [](Table&) -> Result<void> { return {}; };
  EXPECT_EQ(run(loop_, [&] { return catalog_->update(at("again"), nothing); }).error().source, "creating");
  EXPECT_EQ(run(loop_, [&] { return backups_->create(at("again"), "name"); }).error().source, "creating");
  const Error exists{Code::kAlreadyExists, "Table already exists: again", "table"};
  EXPECT_EQ(restore(begun->ref, "again").error(), exists);
  EXPECT_EQ(run(loop_, [&] { return backups_->create(at("none"), "name"); }).error().source, "table");
  EXPECT_EQ(restore({kAccount, "us-east-1", "none"}, "more").error().source, "backup");
}

TEST_P(BackupsTest, AreListedByTime) {
  create("one");
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) {
    if (i == 3) create("two");
    ids.push_back(back_up("b" + std::to_string(i))->ref.id);
    clock_.advance(Millis(1000));
  }
  const auto list = [&](Backups::Wanted wanted) {
    wanted.account = kAccount;
    wanted.region = "us-east-1";
    return *run(loop_, [&] { return backups_->list(wanted); });
  };
  const auto ids_of = [](const Backups::Found& found) {
    std::vector<std::string> out;
    for (const auto& one : found.backups) out.push_back(one.ref.id);
    return out;
  };
  EXPECT_EQ(ids_of(list({})), ids);
  EXPECT_EQ(ids_of(list({.table = TableName("two")})), (std::vector{ids[3], ids[4]}));
  EXPECT_EQ(ids_of(list({.type = Backup::Type::kSystem})), std::vector<std::string>());
  const auto second = list({}).backups[1].created_at;
  EXPECT_EQ(ids_of(list({.from = second, .to = second + Millis(2000)})), (std::vector{ids[1], ids[2]}));
  const auto page = list({.after = ids[0], .limit = 2});
  EXPECT_EQ(ids_of(page), (std::vector{ids[1], ids[2]}));
  EXPECT_TRUE(page.more);
  EXPECT_FALSE(list({.after = ids[2], .limit = 2}).more);
}

TEST_P(BackupsTest, ATableThatCouldBeRestoredIsBackedUpWhenItIsDeleted) {
  create("kept");
  put_many(10, 1);
  set_recovery(1);
  put_many(5, 2);
  const auto before = items_of(table_);
  ASSERT_TRUE(run(loop_, [&] { return catalog_->remove(at("kept")); }));
  start();
  wait_for_jobs();
  const Backups::Wanted system{kAccount, "us-east-1", {}, Backup::Type::kSystem};
  auto found = run(loop_, [&] { return backups_->list(system); });
  ASSERT_EQ(found->backups.size(), 1u);
  const auto& kept = found->backups[0];
  EXPECT_EQ(kept.name, "kept$DeletedTableBackup");
  EXPECT_EQ(*kept.expires_at - kept.created_at, std::chrono::days(35));
  ASSERT_TRUE(restore(kept.ref, "kept"));
  wait_for_jobs();
  EXPECT_EQ(items_of(active("kept")), before);
  wait_for([&] { return row_count("t/h/") == 0; });
  clock_.advance(std::chrono::days(35));
  ASSERT_TRUE(run(loop_, [&] { return sweeper_->sweep(); }));
  EXPECT_TRUE(run(loop_, [&] { return backups_->list(system); })->backups.empty());
  wait_for_jobs();
  EXPECT_EQ(row_count("t/d/"), 0u);
}

}  // namespace
}  // namespace gust::tables
