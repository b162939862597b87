#include "auth/accounts.h"

#include "auth/credentials_file.h"
#include "codec/hex.h"
#include "codec/json.h"

#include <fmt/format.h>

#include <algorithm>

namespace gust::auth {
namespace {

namespace json = boost::json;

constexpr std::string_view kUpperAndDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::string_view kSecretAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::size_t kMaxName = 256;
constexpr std::size_t kMostFound = 4096;

std::string account_row(std::string_view id) { return fmt::format("auth/account/{}", id); }
std::string key_row(std::string_view id) { return fmt::format("auth/key/{}", id); }
std::string canonical_row(std::string_view id) { return fmt::format("auth/canonical/{}", id); }

bool only(std::string_view text, std::string_view alphabet) {
  return text.find_first_not_of(alphabet) == std::string_view::npos;
}

Result<void> check(const NewAccount& wanted) {
  if (wanted.id && (wanted.id->size() != 12 || !only(*wanted.id, kDigits))) {
    return fail(Code::kInvalid, fmt::format("'{}' is not an account id: 12 digits are expected", *wanted.id), "id");
  }
  if (wanted.canonical_id && (wanted.canonical_id->size() != 64 || !only(*wanted.canonical_id, kHex))) {
    return fail(Code::kInvalid,
                fmt::format("'{}' is not a canonical user id: 64 digits of 0-9a-f are expected", *wanted.canonical_id),
                "canonical-id");
  }
  if (wanted.name.size() > kMaxName ||
      std::ranges::any_of(wanted.name, [](unsigned char c) { return c < 32 || c == 127; })) {
    return fail(Code::kInvalid,
                fmt::format("an account's name is at most {} bytes without control characters", kMaxName), "name");
  }
  if (!wanted.keys) return {};
  const auto word = [](unsigned char c) { return std::isalnum(c) || c == '_'; };
  const auto& id = wanted.keys->access_key_id;
  if (id.size() < 16 || id.size() > 128 || !std::ranges::all_of(id, word)) {
    return fail(Code::kInvalid,
                fmt::format("'{}' is not an access key id: 16 to 128 letters, digits and '_' are expected", id),
                "access-key");
  }
  const auto& secret = wanted.keys->secret;
  if (secret.size() < 16 || secret.size() > 128 ||
      !std::ranges::all_of(secret, [](char c) { return c > 32 && c < 127; })) {
    return fail(Code::kInvalid, "a secret access key is 16 to 128 printable characters without spaces", "secret");
  }
  return {};
}

std::string encode(const Account& account) {
  json::array keys;
  for (const auto& id : account.access_key_ids) keys.emplace_back(id);
  return codec::to_json(json::object{{"canonical_id", account.canonical_id},
                                     {"name", account.name},
                                     {"created_ms", to_epoch_ms(account.created)},
                                     {"keys", std::move(keys)}});
}

std::unexpected<Error> corrupt(std::string_view row) {
  return fail(Code::kCorrupt, fmt::format("the row {} is not as docs/formats/auth.md has it", row));
}

std::string text_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

Result<Account> decode(std::string_view row, std::string_view value) {
  GUST_TRY(const auto parsed, codec::parse_json(value));
  const auto* object = parsed.if_object();
  if (object == nullptr) return corrupt(row);
  Account account;
  account.id = AccountId(std::string(row.substr(row.rfind('/') + 1)));
  account.canonical_id = text_of(*object, "canonical_id");
  account.name = text_of(*object, "name");
  if (const auto* ms = object->if_contains("created_ms"); ms != nullptr && ms->is_int64()) {
    account.created = from_epoch_ms(ms->get_int64());
  }
  if (const auto* keys = object->if_contains("keys"); keys != nullptr && keys->is_array()) {
    for (const auto& key : keys->get_array()) {
      if (key.is_string()) account.access_key_ids.emplace_back(key.get_string());
    }
  }
  if (account.canonical_id.empty()) return corrupt(row);
  return account;
}

Result<void> must_be_new(kv::Transaction& tx, const std::string& row, std::string message, std::string source) {
  GUST_TRY(const auto existing, tx.get(row));
  if (existing) return fail(Code::kAlreadyExists, std::move(message), std::move(source));
  return {};
}

Result<void> insert(kv::Transaction& tx, const CreatedAccount& made) {
  const auto& [account, keys] = made;
  GUST_CHECK(must_be_new(tx, account_row(account.id.str()), fmt::format("the account {} exists", account.id), "id"));
  GUST_CHECK(must_be_new(tx, canonical_row(account.canonical_id),
                         fmt::format("the canonical id {} belongs to another account", account.canonical_id),
                         "canonical-id"));
  GUST_CHECK(must_be_new(tx, key_row(keys.access_key_id),
                         fmt::format("the access key {} belongs to another account", keys.access_key_id),
                         "access-key"));
  tx.put(account_row(account.id.str()), encode(account));
  tx.put(canonical_row(account.canonical_id), account.id.str());
  tx.put(key_row(keys.access_key_id), codec::to_json(json::object{{"account", account.id.str()},
                                                                  {"canonical_id", account.canonical_id},
                                                                  {"secret", keys.secret},
                                                                  {"created_ms", to_epoch_ms(account.created)}}));
  return {};
}

}  // namespace

Accounts::Accounts(kv::Store& store, env::Random& random, const env::Clock& clock)
    : store_(store), random_(random), clock_(clock) {}

async::Task<CreatedAccount> Accounts::create(NewAccount wanted) {
  GUST_CO_CHECK(check(wanted));
  CreatedAccount made;
  made.account.id = AccountId(wanted.id ? *wanted.id : random_.pick(1, "123456789") + random_.pick(11, kDigits));
  made.account.canonical_id = wanted.canonical_id ? *wanted.canonical_id : random_.pick(64, kHex);
  made.account.name = std::move(wanted.name);
  made.account.created = clock_.now();
  made.keys = wanted.keys ? std::move(*wanted.keys)
                          : Keys{"AKIA" + random_.pick(16, kUpperAndDigits), random_.pick(40, kSecretAlphabet), {}};
  made.account.access_key_ids = {made.keys.access_key_id};
  kv::Store::Body body = [made](kv::Transaction& tx) { return insert(tx, made); };
  GUST_CO_CHECK(co_await store_.transact(std::move(body)));
  canonical_ids_[made.account.id.str()] = made.account.canonical_id;
  co_return made;
}

async::Task<void> Accounts::load() {
  for (std::string after;;) {
    GUST_CO_TRY(const auto some, co_await list(after));
    if (some.empty()) co_return Result<void>{};
    for (const auto& account : some) canonical_ids_[account.id.str()] = account.canonical_id;
    after = some.back().id.str();
  }
}

std::string Accounts::canonical_id(const AccountId& id) const {
  const auto it = canonical_ids_.find(id.str());
  return it == canonical_ids_.end() ? std::string() : it->second;
}

async::Task<std::vector<Account>> Accounts::list(std::string after) {
  auto range = kv::Range::prefix("auth/account/");
  if (!after.empty()) range.begin = account_row(after) + '\0';
  GUST_CO_TRY(const auto rows, co_await store_.scan(std::move(range)));
  std::vector<Account> accounts;
  for (const auto& [row, value] : rows) {
    GUST_CO_TRY(auto account, decode(row, value));
    accounts.push_back(std::move(account));
  }
  co_return accounts;
}

async::Task<std::optional<Account>> Accounts::find(AccountId id) {
  if (const auto it = found_.find(id.str()); it != found_.end()) co_return it->second;
  auto row = account_row(id.str());
  GUST_CO_TRY(const auto value, co_await store_.get(row));
  if (!value) co_return std::nullopt;
  GUST_CO_TRY(auto account, decode(row, *value));
  if (found_.size() >= kMostFound) found_.clear();
  found_.emplace(id.str(), account);
  co_return account;
}

async::Task<Account> Accounts::ensure_root(std::string credentials_path) {
  GUST_CO_TRY(auto on_file, read_credentials(credentials_path));
  const AccountId root{std::string(kDefaultAccount)};
  GUST_CO_TRY(auto account, co_await find(root));
  Keys keys;
  if (!account) {
    NewAccount wanted{.id = root.str(), .canonical_id = {}, .name = "root", .keys = on_file};
    GUST_CO_TRY(auto made, co_await create(std::move(wanted)));
    account = std::move(made.account);
    keys = std::move(made.keys);
  } else {
    if (account->access_key_ids.empty()) co_return corrupt(account_row(root.str()));
    auto key_id = account->access_key_ids.front();
    GUST_CO_TRY(auto key, co_await find_key(std::move(key_id)));
    if (!key) co_return corrupt(account_row(root.str()));
    keys = std::move(key->keys);
  }
  if (!on_file || *on_file != keys) GUST_CO_CHECK(write_credentials(credentials_path, keys));
  co_return std::move(*account);
}

async::Task<std::optional<Accounts::Key>> Accounts::find_key(std::string access_key_id) {
  if (const auto it = found_keys_.find(access_key_id); it != found_keys_.end()) co_return it->second;
  auto row = key_row(access_key_id);
  GUST_CO_TRY(const auto value, co_await store_.get(row));
  if (!value) co_return std::nullopt;
  GUST_CO_TRY(const auto parsed, codec::parse_json(*value));
  const auto* object = parsed.if_object();
  if (object == nullptr) co_return corrupt(row);
  Key key;
  key.keys = {std::move(access_key_id), text_of(*object, "secret"), {}};
  key.account = AccountId(text_of(*object, "account"));
  key.canonical_id = text_of(*object, "canonical_id");
  if (key.account.empty() || key.keys.secret.empty()) co_return corrupt(row);
  if (found_keys_.size() >= kMostFound) found_keys_.clear();
  found_keys_.emplace(key.keys.access_key_id, key);
  co_return key;
}

}  // namespace gust::auth
