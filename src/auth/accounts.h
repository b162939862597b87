// Accounts: who may sign, with their long-lived access keys, in kv (docs/formats/auth.md). Temporary keys are
// sessions.h's. Loop thread only.
#pragma once

#include "async/task.h"
#include "auth/keys.h"
#include "base/context.h"
#include "env/clock.h"
#include "env/random.h"
#include "kv/store.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace gust::auth {

struct Account {
  AccountId id;              // 12 digits
  std::string canonical_id;  // 64 lower-case hexadecimal digits
  std::string name;
  std::vector<std::string> access_key_ids;
  WallTime created;
};

// What is not given is made up.
struct NewAccount {
  std::optional<std::string> id;
  std::optional<std::string> canonical_id;
  std::string name;
  std::optional<Keys> keys;
};

struct CreatedAccount {
  Account account;
  Keys keys;
};

class Accounts {
 public:
  // `store`, `random` and `clock` outlive this.
  Accounts(kv::Store& store, env::Random& random, const env::Clock& clock);

  // kInvalid ("id", "canonical-id", "access-key", "secret", "name") or kAlreadyExists with the same sources.
  async::Task<CreatedAccount> create(NewAccount wanted);
  // Sorted by id, at most 1,000 from `after` on.
  async::Task<std::vector<Account>> list(std::string after = {});
  async::Task<std::optional<Account>> find(AccountId id);

  // Reads the canonical ids of all accounts, so that canonical_id() knows them.
  async::Task<void> load();
  // Of an account that was there at load() or was created since; empty for none.
  std::string canonical_id(const AccountId& id) const;

  // The root account 000000000000: made at the first start, with the keys in `credentials_path` or new ones; the file
  // is written when it is absent or has other keys than the account.
  async::Task<Account> ensure_root(std::string credentials_path);

  struct Key {
    Keys keys;
    AccountId account;
    std::string canonical_id;
  };
  // nullopt when there is no such access key.
  async::Task<std::optional<Key>> find_key(std::string access_key_id);

 private:
  kv::Store& store_;
  env::Random& random_;
  const env::Clock& clock_;
  std::map<std::string, std::string> canonical_ids_;  // by account
  // Rows as they were found: none ever changes or goes.
  std::map<std::string, Account> found_;
  std::map<std::string, Key> found_keys_;
};

}  // namespace gust::auth
