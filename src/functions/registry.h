// Registry: the functions of every account with their versions, aliases, code, policies and settings, durably. Errors
// name their thing in Error::source: "function", "alias", "statement", "policy", "event-invoke-config", "zip",
// "revision", "concurrency". Loop thread only.
#pragma once

#include "async/task.h"
#include "blobs/store.h"
#include "env/clock.h"
#include "env/random.h"
#include "functions/code_store.h"
#include "functions/function.h"
#include "kv/store.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace gust::functions {

class Registry {
 public:
  // Code is unpacked below `code_folder` (<data>/code).
  Registry(kv::Store& store, blobs::Store& blobs, env::Clock& clock, env::Random& random, std::string code_folder);

  // `zip` is stored and unpacked; the code_*, revision_id, modified_at and generation members are set here.
  // kAlreadyExists "function"; kInvalid "zip"; kInvalid "layer" past kMaxUnpackedBytes, as of every change.
  static constexpr std::uint64_t kMaxUnpackedBytes = 262'144'000;  // code and layers together
  async::Task<Function> create(Function function, std::string zip);
  // Of PackageType Image: code_folder is the image's root, code_sha256 its digest. kAlreadyExists "function".
  async::Task<Function> create_of_image(Function function);
  async::Task<Function> get(FunctionKey key);  // kLatest; kNotFound "function"
  // By name, after `after`.
  async::Task<std::vector<Function>> list(AccountId account, std::string after, std::size_t limit);
  async::Task<std::size_t> count(AccountId account);  // kept in memory once it was asked for
  // kTry checks all and answers what the function would be, and keeps nothing. `also` may change more of the function.
  enum class CodeUpdate { kKeep, kTry };
  async::Task<Function> update_code(FunctionKey key, std::string zip, std::string expected_revision,
                                    std::function<void(Function&)> also = {}, CodeUpdate mode = CodeUpdate::kKeep);
  // `change` edits a copy on a pool thread; kPrecondition "revision" when expected_revision is set and another.
  async::Task<Function> update(FunctionKey key, std::function<Result<void>(Function&)> change,
                               std::string expected_revision);
  async::Task<void> remove(FunctionKey key);  // with all that it has
  async::Task<std::string> code_zip(FunctionRef ref);
  // Of what does not touch how it runs, tags and loops: no new revision.
  async::Task<void> annotate(FunctionKey key, std::function<Result<void>(Function&)> change);

  // The version that is meant; an alias stands for its first. kNotFound "function".
  async::Task<Function> get_version(FunctionRef ref);
  // The version that an invocation of `ref` runs now: aliases share theirs out by weight. Kept in memory.
  async::Task<std::shared_ptr<const Function>> resolve(FunctionRef ref);
  struct Publication {
    std::string code_sha256;  // kInvalid "code" when set and not kLatest's
    std::optional<std::string> description;
    std::string expected_revision;
  };
  // Makes a version of kLatest; the last one is answered again when nothing changed since. Numbers are never used
  // twice.
  async::Task<Function> publish(FunctionKey key, Publication publication);
  // kLatest, then the published ones by number, from `from` on.
  async::Task<std::vector<Function>> versions(FunctionKey key, std::uint64_t from, std::size_t limit);
  async::Task<void> remove_version(FunctionKey key, std::string version);  // kConflict while an alias names it

  async::Task<Alias> create_alias(FunctionKey key, Alias alias);  // kAlreadyExists "alias"
  async::Task<Alias> alias(FunctionKey key, std::string name);    // kNotFound "alias"
  async::Task<Alias> update_alias(FunctionKey key, std::string name, std::function<void(Alias&)> change,
                                  std::string expected_revision);
  async::Task<void> remove_alias(FunctionKey key, std::string name);
  async::Task<std::vector<Alias>> aliases(FunctionKey key, std::string after, std::size_t limit);

  // Both give the function another revision_id, and kPrecondition "revision" when the expected one is set and another.
  // kAlreadyExists "statement"; kNotFound "statement".
  async::Task<void> add_statement(FunctionRef ref, PolicyStatement statement, std::string expected_revision = {});
  async::Task<void> remove_statement(FunctionRef ref, std::string sid, std::string expected_revision = {});
  async::Task<std::vector<PolicyStatement>> policy(FunctionRef ref);  // empty when there is none
  // Whether the policy lets `principal` (a service or an account) invoke the function from `source_arn`.
  async::Task<bool> allows(FunctionRef ref, std::string principal, std::string source_arn, std::string source_account);

  // Whether it lets `account` (empty: nobody in particular) use a function URL of this auth type.
  async::Task<bool> allows_url(FunctionRef ref, std::string account, std::string auth_type);

  async::Task<EventInvokeConfig> put_event_invoke_config(FunctionRef ref, EventInvokeConfig config);
  async::Task<std::optional<EventInvokeConfig>> event_invoke_config(FunctionRef ref);
  async::Task<void> remove_event_invoke_config(FunctionRef ref);  // kNotFound "event-invoke-config"
  async::Task<bool> allows_loops(FunctionKey key);
  // Those of a function: by qualifier, the function's own first.
  async::Task<std::vector<std::pair<std::string, EventInvokeConfig>>> event_invoke_configs(FunctionKey key);

  // How many invocations of a function may run at once. kTooLarge "concurrency" when what would be left of
  // `account_limit` for the functions without is less than kUnreservedMinimum.
  static constexpr std::uint32_t kUnreservedMinimum = 100;
  async::Task<void> reserve_concurrency(FunctionKey key, std::optional<std::uint32_t> reserved,
                                        std::uint32_t account_limit);
  async::Task<std::optional<std::uint32_t>> reserved_concurrency(FunctionKey key);
  async::Task<std::uint32_t> reserved_of(AccountId account);  // of all its functions together

  // kInvalid "provisioned" when `ref` is neither a published version nor an alias of one without weights, when the
  // version is provisioned already, or when the function's reservation or the account has no room.
  async::Task<Provision> provision(FunctionRef ref, std::uint32_t requested, std::uint32_t account_limit);
  async::Task<void> unprovision(FunctionRef ref);
  async::Task<std::vector<Provision>> provisions(FunctionKey key);  // by qualifier
  async::Task<std::vector<Provision>> every_provision();            // of every account
  // By version number, aliases followed. Empty for a function that is not there.
  async::Task<std::map<std::string, std::uint32_t>> provisioned_versions(FunctionKey key);

  // The versions that have or are to have a snapshot: of a function, and of every account.
  async::Task<std::vector<FunctionRef>> snapshot_versions(FunctionKey key);
  async::Task<std::vector<FunctionRef>> every_snapshot();
  // Says what became of one; nothing when the version is gone.
  async::Task<void> settle_snapshot(FunctionRef version, Snapshot snapshot);

  // Called on the loop after something of a function changed that an invocation may depend on, or it was removed.
  void on_change(std::function<void(FunctionKey)> listener) { listener_ = std::move(listener); }

  CodeStore& code() { return code_; }  // for Layers

  // Every blob that a function or a layer names.
  static Result<std::set<blobs::BlobId>> referenced(kv::Reader& reader);
  // At the start: removes zips and code folders that no function or layer names, and unpacks again those that are not
  // whole.
  // Answers the runtimes that functions have.
  async::Task<std::set<std::string>> mend_code();

 private:
  // The versions that an invocation may run, and how often the second.
  struct Route {
    std::shared_ptr<const Function> first, second;
    double second_weight = 0;
  };

  using Policy = std::shared_ptr<const std::vector<PolicyStatement>>;

  async::Task<Policy> known_policy(FunctionRef ref);  // kept in memory
  void forget_policies(const FunctionKey& key);
  async::Task<Route> find_route(FunctionRef ref);
  std::shared_ptr<const Function> choose(const Route& route);
  async::Task<Function> insert(Function function);
  void changed(const FunctionKey& key);
  void counted(const AccountId& account, int change);
  async::Task<void> mend(const std::vector<Function>& functions);  // mend_code(), of some
  void stamp(Function& function);
  Result<void> stamp_policy(kv::Transaction& tx, const FunctionRef& ref, const std::string& expected_revision);

  kv::Store& store_;
  env::Clock& clock_;
  env::Random& random_;
  CodeStore code_;
  std::function<void(FunctionKey)> listener_;
  std::map<FunctionRef, Route> routes_;
  std::uint64_t changes_ = 0;
  std::map<FunctionRef, Policy> policies_;
  std::uint64_t policy_changes_ = 0;
  std::map<AccountId, std::size_t> counts_;  // of those that were asked for
};

// arn:..:function:NAME, ACCOUNT:function:NAME, function:NAME or NAME, each with an optional :QUALIFIER, as every
// operation takes it. kInvalid.
Result<FunctionRef> parse_function_name(std::string_view text, std::string_view qualifier, const AccountId& caller);

bool is_version_number(std::string_view qualifier);

}  // namespace gust::functions
