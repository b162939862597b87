#include "auth/accounts.h"

#include "async/testing.h"
#include "auth/credentials_file.h"
#include "kv/memory/memory_store.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace gust::auth {
namespace {

namespace fs = std::filesystem;
using async::testing::run;

class AccountsTest : public testing::Test {
 protected:
  AccountsTest() : folder_(fs::temp_directory_path() / ("gust-auth-" + env::SystemRandom().uuid())) {
    fs::create_directory(folder_);
  }
  ~AccountsTest() override { fs::remove_all(folder_); }

  std::string credentials() const { return (folder_ / "credentials").string(); }
  Result<CreatedAccount> create(NewAccount wanted) {
    return run([&] { return accounts_.create(wanted); });
  }

  fs::path folder_;
  env::FakeClock clock_;
  env::SeededRandom random_{1};
  kv::MemoryStore store_;
  Accounts accounts_{store_, random_, clock_};
};

TEST_F(AccountsTest, MakesUpWhatIsNotGiven) {
  const auto made = create({.id = {}, .canonical_id = {}, .name = "ann", .keys = {}}).value();
  EXPECT_EQ(made.account.id.str().size(), 12u);
  EXPECT_EQ(made.account.canonical_id.size(), 64u);
  EXPECT_EQ(made.keys.access_key_id.size(), 20u);
  EXPECT_EQ(made.keys.secret.size(), 40u);
  const auto id = made.keys.access_key_id;
  const auto key = run([&] { return accounts_.find_key(id); }).value().value();
  EXPECT_EQ(key.keys, made.keys);
  EXPECT_EQ(key.account, made.account.id);
  const auto all = run([&] { return accounts_.list(); }).value();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].name, "ann");
  EXPECT_EQ(all[0].access_key_ids, std::vector{id});
}

TEST_F(AccountsTest, CanonicalIdsAreKnownOfOldAndNewAccounts) {
  const auto old = create({.id = {}, .canonical_id = {}, .name = "old", .keys = {}}).value().account;
  Accounts later(store_, random_, clock_);
  EXPECT_EQ(later.canonical_id(old.id), "");
  ASSERT_TRUE(run([&] { return later.load(); }));
  EXPECT_EQ(later.canonical_id(old.id), old.canonical_id);
  const NewAccount wanted{.id = {}, .canonical_id = {}, .name = "new", .keys = {}};
  const auto made = run([&] { return later.create(wanted); }).value().account;
  EXPECT_EQ(later.canonical_id(made.id), made.canonical_id);
}

TEST_F(AccountsTest, RefusesWhatIsTaken) {
  const NewAccount wanted{.id = "123456789012",
                          .canonical_id = std::string(64, 'a'),
                          .name = "",
                          .keys = Keys{"AKIAIOSFODNN7EXAMPLE", "sixteen-characters", {}}};
  ASSERT_TRUE(create(wanted));
  EXPECT_EQ(create(wanted).error().source, "id");
  auto other = wanted;
  other.id = "123456789013";
  EXPECT_EQ(create(other).error().source, "canonical-id");
  other.canonical_id = std::nullopt;
  const auto refused = create(other);
  EXPECT_EQ(refused.error().source, "access-key");
  EXPECT_EQ(refused.error().code, Code::kAlreadyExists);
  EXPECT_EQ(run([&] { return accounts_.list(); }).value().size(), 1u);
}

TEST_F(AccountsTest, RefusesWhatIsMalformed) {
  const auto refusal = [&](NewAccount wanted) { return create(std::move(wanted)).error().source; };
  EXPECT_EQ(refusal({.id = "12345", .canonical_id = {}, .name = {}, .keys = {}}), "id");
  EXPECT_EQ(refusal({.id = "12345678901x", .canonical_id = {}, .name = {}, .keys = {}}), "id");
  EXPECT_EQ(refusal({.id = {}, .canonical_id = std::string(64, 'A'), .name = {}, .keys = {}}), "canonical-id");
  EXPECT_EQ(refusal({.id = {}, .canonical_id = {}, .name = "a\nb", .keys = {}}), "name");
  EXPECT_EQ(refusal({.id = {}, .canonical_id = {}, .name = {}, .keys = Keys{"test", "sixteen-characters", {}}}),
            "access-key");
  EXPECT_EQ(
      refusal(
          {.id = {}, .canonical_id = {}, .name = {}, .keys = Keys{"AKIAIOSFODNN7/XAMPLE", "sixteen-characters", {}}}),
      "access-key");
  EXPECT_EQ(refusal({.id = {}, .canonical_id = {}, .name = {}, .keys = Keys{"AKIAIOSFODNN7EXAMPLE", "short", {}}}),
            "secret");
  EXPECT_EQ(
      refusal(
          {.id = {}, .canonical_id = {}, .name = {}, .keys = Keys{"AKIAIOSFODNN7EXAMPLE", "with spaces in it", {}}}),
      "secret");
}

TEST_F(AccountsTest, RootIsMadeOnceAndItsFileKept) {
  const auto root = run([&] { return accounts_.ensure_root(credentials()); }).value();
  EXPECT_EQ(root.id.str(), "000000000000");
  EXPECT_EQ(fs::status(credentials()).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  const auto keys = read_credentials(credentials()).value().value();
  EXPECT_EQ(keys.access_key_id, root.access_key_ids.front());
  fs::remove(credentials());
  const auto again = run([&] { return accounts_.ensure_root(credentials()); }).value();
  EXPECT_EQ(again.canonical_id, root.canonical_id);
  EXPECT_EQ(read_credentials(credentials()).value().value(), keys);
}

TEST_F(AccountsTest, RootTakesTheKeysOfAFileThatIsThere) {
  const Keys keys{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG", {}};
  ASSERT_TRUE(write_credentials(credentials(), keys));
  const auto root = run([&] { return accounts_.ensure_root(credentials()); }).value();
  EXPECT_EQ(root.access_key_ids, std::vector{keys.access_key_id});
}

TEST_F(AccountsTest, CredentialsFileForms) {
  EXPECT_EQ(read_credentials(credentials()).value(), std::nullopt);
  std::ofstream(credentials())
      << "; a comment\n[other]\naws_access_key_id=x\n\n[default]\r\naws_access_key_id =  A=B \r\n"
         "aws_secret_access_key=s\r\naws_session_token=t\nregion = eu-west-1\n";
  EXPECT_EQ(read_credentials(credentials()).value().value(), (Keys{"A=B", "s", "t"}));
  EXPECT_EQ(read_credentials(credentials(), "other").error().source, "credentials");
  std::ofstream(credentials()) << "garbage";
  EXPECT_EQ(run([&] { return accounts_.ensure_root(credentials()); }).error().source, "credentials");
}

}  // namespace
}  // namespace gust::auth
