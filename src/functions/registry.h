// Registry: the functions of every account, their code, policies and event-invoke settings, durably. Errors name their
// thing in Error::source: "function", "statement", "policy", "event-invoke-config", "zip", "revision". Loop thread
// only.
#pragma once

#include "async/blocking_pool.h"
#include "async/task.h"
#include "blobs/store.h"
#include "env/clock.h"
#include "env/random.h"
#include "functions/function.h"
#include "kv/store.h"

#include <functional>
#include <set>
#include <string>
#include <vector>

namespace gust::functions {

class Registry {
 public:
  // Code is unpacked below `code_folder` (<data>/code).
  Registry(kv::Store& store, blobs::Store& blobs, env::Clock& clock, env::Random& random, std::string code_folder);

  // `zip` is stored and unpacked; the code_*, revision_id, modified_at and generation members are set here.
  // kAlreadyExists "function"; kInvalid "zip".
  async::Task<Function> create(Function function, std::string zip);
  async::Task<Function> get(FunctionKey key);  // kNotFound "function"
  // By name, after `after`.
  async::Task<std::vector<Function>> list(AccountId account, std::string after, std::size_t limit);
  // kTry checks all and answers what the function would be, and keeps nothing. `also` may change more of the function.
  enum class CodeUpdate { kKeep, kTry };
  async::Task<Function> update_code(FunctionKey key, std::string zip, std::string expected_revision,
                                    std::function<void(Function&)> also = {}, CodeUpdate mode = CodeUpdate::kKeep);
  // `change` edits a copy on a pool thread; kPrecondition "revision" when expected_revision is set and another.
  async::Task<Function> update(FunctionKey key, std::function<Result<void>(Function&)> change,
                               std::string expected_revision);
  async::Task<void> remove(FunctionKey key);
  async::Task<std::string> code_zip(FunctionKey key);

  // Both give the function another revision_id, and kPrecondition "revision" when the expected one is set and another.
  // kAlreadyExists "statement"; kNotFound "statement".
  async::Task<void> add_statement(FunctionKey key, PolicyStatement statement, std::string expected_revision = {});
  async::Task<void> remove_statement(FunctionKey key, std::string sid, std::string expected_revision = {});
  async::Task<std::vector<PolicyStatement>> policy(FunctionKey key);  // empty when there is none
  // Whether the policy lets `principal` (a service or an account) invoke the function from `source_arn`.
  async::Task<bool> allows(FunctionKey key, std::string principal, std::string source_arn, std::string source_account);

  async::Task<EventInvokeConfig> put_event_invoke_config(FunctionKey key, EventInvokeConfig config);
  async::Task<std::optional<EventInvokeConfig>> event_invoke_config(FunctionKey key);
  async::Task<void> remove_event_invoke_config(FunctionKey key);  // kNotFound "event-invoke-config"

  // Called on the loop after a function's code or configuration changed or it was removed.
  void on_change(std::function<void(FunctionKey)> listener) { listener_ = std::move(listener); }

  // Every blob that a function names; for the sweep at the start.
  static Result<std::set<blobs::BlobId>> referenced(kv::Reader& reader);
  // At the start: removes code folders that no function names, and unpacks again those that are not whole.
  async::Task<void> mend_code();

 private:
  async::Task<void> sweep_code(std::vector<Function> functions);
  async::Task<void> restore_code(Function function);
  // Stores and unpacks the zip, and sets the code_* members.
  async::Task<void> take_code(Function& function, std::string zip);
  // Removes code that take_code() kept and that no row names.
  async::Task<void> drop_code(Function unused);
  void stamp(Function& function);
  Result<void> stamp_policy(kv::Transaction& tx, const FunctionKey& key, const std::string& expected_revision);

  kv::Store& store_;
  blobs::Store& blobs_;
  env::Clock& clock_;
  env::Random& random_;
  std::string code_folder_;
  std::function<void(FunctionKey)> listener_;
  async::BlockingPool unpackers_{"unpack", 2, 64};
};

// arn:..:function:NAME, ACCOUNT:function:NAME, function:NAME or NAME, each with an optional :$LATEST qualifier, as
// every operation takes it. kInvalid; kNotFound "function" for another version or alias.
Result<FunctionKey> parse_function_name(std::string_view text, std::string_view qualifier, const AccountId& caller);

}  // namespace gust::functions
