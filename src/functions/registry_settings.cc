// Policies, event-invoke settings and reserved concurrency: what is set beside a function's versions.
#include "functions/registry.h"
#include "functions/registry_read.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace gust::functions {

static constexpr std::size_t kMaxPolicyBytes = 20'480;
static constexpr std::size_t kMaxPolicies = 4096;  // kept in memory; past it all are read again as they are asked for

// "*" and "?" as in ARN conditions.
static bool like(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p, ++t;
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

Result<void> Registry::stamp_policy(kv::Transaction& tx, const FunctionRef& ref, const std::string& expected_revision) {
  if (!ref.qualifier.empty() && !is_version_number(ref.qualifier)) {
    GUST_TRY(auto alias, rows::read_alias(tx, ref.key, ref.qualifier));
    if (!expected_revision.empty() && expected_revision != alias.revision_id) return rows::wrong_revision();
    alias.revision_id = random_.uuid();
    tx.put(rows::alias_key(ref.key, ref.qualifier), rows::encode(alias));
    return {};
  }
  GUST_TRY(auto function, rows::read_version(tx, ref.key, ref.qualifier));
  if (!expected_revision.empty() && expected_revision != function.revision_id) return rows::wrong_revision();
  function.revision_id = random_.uuid();  // and no new generation: instances serve on
  tx.put(rows::row_key(function), rows::encode(function));
  return {};
}

async::Task<void> Registry::add_statement(FunctionRef ref, PolicyStatement statement, std::string expected_revision) {
  kv::Store::Body body = [this, ref, statement, expected_revision](kv::Transaction& tx) -> Result<void> {
    GUST_CHECK(stamp_policy(tx, ref, expected_revision));
    const auto row_key = rows::statement_key(ref, statement.sid);
    GUST_TRY(const auto there, tx.get(row_key));
    if (there) {
      return fail(Code::kAlreadyExists,
                  fmt::format("The statement id ({}) provided already exists. Please provide a new statement id, or "
                              "remove the existing statement.",
                              statement.sid),
                  "statement");
    }
    const auto row = rows::encode(statement);
    GUST_TRY(const auto others, tx.scan(kv::Range::prefix(rows::policy_prefix(ref))));
    std::size_t size = row.size();
    for (const auto& other : others) size += other.value.size();
    if (size > kMaxPolicyBytes) {
      return fail(Code::kTooLarge,
                  fmt::format("The final policy size ({}) is bigger than the limit ({}).", size, kMaxPolicyBytes),
                  "policy");
    }
    tx.put(row_key, row);
    return {};
  };
  GUST_CO_CHECK(co_await store_.transact(std::move(body)));
  forget_policies(ref.key);
  co_return Result<void>{};
}

async::Task<void> Registry::remove_statement(FunctionRef ref, std::string sid, std::string expected_revision) {
  kv::Store::Body body = [this, ref, sid, expected_revision](kv::Transaction& tx) -> Result<void> {
    GUST_CHECK(stamp_policy(tx, ref, expected_revision));
    GUST_TRY(const auto there, tx.get(rows::statement_key(ref, sid)));
    if (!there)
      return fail(Code::kNotFound, fmt::format("Statement {} is not found in resource policy.", sid), "statement");
    tx.erase(rows::statement_key(ref, sid));
    return {};
  };
  GUST_CO_CHECK(co_await store_.transact(std::move(body)));
  forget_policies(ref.key);
  co_return Result<void>{};
}

async::Task<std::vector<PolicyStatement>> Registry::policy(FunctionRef ref) {
  GUST_CO_CHECK(co_await get_version(ref));
  GUST_CO_TRY(const auto found, co_await store_.scan(kv::Range::prefix(rows::policy_prefix(ref))));
  std::vector<PolicyStatement> out;
  for (const auto& row : found) {
    GUST_CO_TRY(auto statement, rows::decode_statement(row.value));
    out.push_back(std::move(statement));
  }
  co_return out;
}

async::Task<Registry::Policy> Registry::known_policy(FunctionRef ref) {
  if (const auto known = policies_.find(ref); known != policies_.end()) co_return known->second;
  const auto changes = policy_changes_;
  GUST_CO_TRY(auto statements, co_await policy(ref));
  auto read = std::make_shared<const std::vector<PolicyStatement>>(std::move(statements));
  if (changes == policy_changes_) {  // else it may be of before the change
    if (policies_.size() >= kMaxPolicies) policies_.clear();
    policies_.insert_or_assign(ref, read);
  }
  co_return read;
}

void Registry::forget_policies(const FunctionKey& key) {
  ++policy_changes_;
  auto it = policies_.lower_bound({key, ""});
  while (it != policies_.end() && it->first.key == key) it = policies_.erase(it);
}

static bool is_any(std::string_view action) { return action == "*" || action == "lambda:*"; }

static bool is_for(const PolicyStatement& s, const std::string& principal) {
  return s.principal == "*" || s.principal == principal ||
         s.principal == fmt::format("arn:aws:iam::{}:root", principal);
}

async::Task<bool> Registry::allows(FunctionRef ref, std::string principal, std::string source_arn,
                                   std::string source_account) {
  GUST_CO_TRY(const auto statements, co_await known_policy(std::move(ref)));
  co_return std::ranges::any_of(*statements, [&](const PolicyStatement& s) {
    const bool who = is_for(s, principal);
    const bool what = is_any(s.action) || (s.action == "lambda:InvokeFunction" && !s.via_url);
    const bool from = s.source_arn.empty() || like(s.source_arn, source_arn);
    const bool account = s.source_account.empty() || s.source_account == source_account;
    return who && what && from && account;
  });
}

async::Task<bool> Registry::allows_url(FunctionRef ref, std::string account, std::string auth_type) {
  GUST_CO_TRY(const auto statements, co_await known_policy(std::move(ref)));
  co_return std::ranges::any_of(*statements, [&](const PolicyStatement& s) {
    const bool what = is_any(s.action) || s.action == "lambda:InvokeFunctionUrl";
    const bool how = s.url_auth_type.empty() || s.url_auth_type == auth_type;
    const bool from = s.source_arn.empty() && s.source_account.empty();
    return is_for(s, account) && what && how && from;
  });
}

async::Task<EventInvokeConfig> Registry::put_event_invoke_config(FunctionRef ref, EventInvokeConfig config) {
  config.modified_at = clock_.now();
  kv::Store::Body body = [ref, config](kv::Transaction& tx) -> Result<void> {
    GUST_CHECK(rows::check_ref(tx, ref));
    tx.put(rows::event_invoke_key(ref), rows::encode(config));
    return {};
  };
  GUST_CO_CHECK(co_await store_.transact(std::move(body)));
  co_return config;
}

async::Task<std::optional<EventInvokeConfig>> Registry::event_invoke_config(FunctionRef ref) {
  GUST_CO_TRY(const auto row, co_await store_.get(rows::event_invoke_key(ref)));
  if (!row) co_return std::nullopt;
  GUST_CO_TRY(auto config, rows::decode_event_invoke(*row));
  co_return config;
}

async::Task<void> Registry::remove_event_invoke_config(FunctionRef ref) {
  kv::Store::Body body = [ref](kv::Transaction& tx) -> Result<void> {
    GUST_TRY(const auto there, tx.get(rows::event_invoke_key(ref)));
    if (!there)
      return fail(
          Code::kNotFound,
          fmt::format("The function arn:aws:lambda:{}:{}:function:{}:{} doesn't have an EventInvokeConfig",
                      kDefaultRegion, ref.key.account, ref.key.name, ref.qualifier.empty() ? kLatest : ref.qualifier),
          "event-invoke-config");
    tx.erase(rows::event_invoke_key(ref));
    return {};
  };
  co_return co_await store_.transact(std::move(body));
}

async::Task<std::vector<std::pair<std::string, EventInvokeConfig>>> Registry::event_invoke_configs(FunctionKey key) {
  std::vector<std::pair<std::string, EventInvokeConfig>> out;
  const FunctionRef unqualified{key};
  GUST_CO_TRY(const auto own, co_await event_invoke_config(unqualified));
  if (own) out.emplace_back("", *own);
  const auto prefix = rows::event_invoke_prefix(key);
  GUST_CO_TRY(const auto found, co_await store_.scan(kv::Range::prefix(prefix)));
  for (const auto& row : found) {
    GUST_CO_TRY(auto config, rows::decode_event_invoke(row.value));
    out.emplace_back(row.key.substr(prefix.size()), std::move(config));
  }
  co_return out;
}

async::Task<bool> Registry::allows_loops(FunctionKey key) {
  GUST_CO_TRY(const auto function, co_await get(std::move(key)));
  co_return function.loops == Function::Loops::kAllow;
}

static Result<std::uint32_t> sum_reserved(const std::vector<kv::Entry>& rows, std::string_view except) {
  std::uint64_t sum = 0;
  for (const auto& row : rows) {
    GUST_TRY(const auto one, rows::decode_number(row.value));
    if (row.key != except) sum += one;
  }
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(sum, std::numeric_limits<std::uint32_t>::max()));
}

async::Task<void> Registry::reserve_concurrency(FunctionKey key, std::optional<std::uint32_t> reserved,
                                                std::uint32_t account_limit) {
  kv::Store::Body body = [key, reserved, account_limit](kv::Transaction& tx) -> Result<void> {
    GUST_CHECK(rows::read_function(tx, key));
    const auto row = rows::reserved_key(key);
    if (!reserved) {
      tx.erase(row);
      return {};
    }
    // Scans do not conflict; every writer of the account's sum reads and writes this row.
    GUST_CHECK(tx.get(rows::reserved_guard(key.account)));
    tx.put(rows::reserved_guard(key.account), key.name.str());
    GUST_TRY(const auto all, tx.scan(kv::Range::prefix(rows::reserved_prefix(key.account), 1'000'000)));
    GUST_TRY(const auto others, sum_reserved(all, row));
    GUST_TRY(const auto provisioned, rows::provisioned_of(tx, key));
    if (provisioned > *reserved) {
      return fail(Code::kTooLarge,
                  fmt::format("Specified ReservedConcurrentExecutions for function is below its provisioned "
                              "concurrency [{}].",
                              provisioned),
                  "concurrency");
    }
    if (std::uint64_t{others} + *reserved + kUnreservedMinimum > account_limit) {
      return fail(Code::kTooLarge,
                  fmt::format("Specified ReservedConcurrentExecutions for function decreases account's "
                              "UnreservedConcurrentExecution below its minimum value of [{}].",
                              kUnreservedMinimum),
                  "concurrency");
    }
    tx.put(row, std::to_string(*reserved));
    return {};
  };
  GUST_CO_CHECK(co_await store_.transact(std::move(body)));
  changed(key);
  co_return Result<void>{};
}

async::Task<std::optional<std::uint32_t>> Registry::reserved_concurrency(FunctionKey key) {
  GUST_CO_TRY(const auto row, co_await store_.get(rows::reserved_key(key)));
  if (!row) co_return std::nullopt;
  GUST_CO_TRY(const auto number, rows::decode_number(*row));
  co_return static_cast<std::uint32_t>(number);
}

async::Task<std::uint32_t> Registry::reserved_of(AccountId account) {
  GUST_CO_TRY(const auto found, co_await store_.scan(kv::Range::prefix(rows::reserved_prefix(account), 1'000'000)));
  co_return sum_reserved(found, "");
}

}  // namespace gust::functions
