// Versions and aliases, and which version an invocation runs.
#include "functions/registry.h"
#include "functions/registry_read.h"

#include <fmt/format.h>

#include <algorithm>

namespace gust::functions {

static constexpr std::size_t kMaxRoutes = 4096;  // kept in memory; past it all are read again as they are asked for

async::Task<Function> Registry::get_version(FunctionRef ref) {
  const auto view = store_.snapshot();
  if (ref.qualifier.empty() || ref.qualifier == kLatest || is_version_number(ref.qualifier))
    co_return rows::read_version(*view, ref.key, ref.qualifier);
  const auto alias = rows::read_alias(*view, ref.key, ref.qualifier);
  if (!alias && alias.error().code == Code::kNotFound) co_return rows::no_function(ref.key, ref.qualifier);
  if (!alias) co_return std::unexpected(alias.error());
  co_return rows::read_version(*view, ref.key, alias->version);
}

async::Task<Registry::Route> Registry::find_route(FunctionRef ref) {
  Route route;
  GUST_CO_TRY(auto first, co_await get_version(ref));
  GUST_CO_TRY(first.reserved_concurrency, co_await reserved_concurrency(ref.key));
  const auto reserved = first.reserved_concurrency;
  route.first = std::make_shared<const Function>(std::move(first));
  if (ref.qualifier.empty() || ref.qualifier == kLatest || is_version_number(ref.qualifier)) co_return route;
  GUST_CO_TRY(const auto named, co_await alias(ref.key, ref.qualifier));
  if (named.weights.empty()) co_return route;
  const FunctionRef other{ref.key, named.weights.begin()->first};
  GUST_CO_TRY(auto second, co_await get_version(other));
  second.reserved_concurrency = reserved;
  route.second = std::make_shared<const Function>(std::move(second));
  route.second_weight = named.weights.begin()->second;
  co_return route;
}

std::shared_ptr<const Function> Registry::choose(const Route& route) {
  if (!route.second) return route.first;
  const double drawn = static_cast<double>(random_.u64() >> 11) * 0x1p-53;  // [0, 1)
  return drawn < route.second_weight ? route.second : route.first;
}

async::Task<std::shared_ptr<const Function>> Registry::resolve(FunctionRef ref) {
  if (const auto known = routes_.find(ref); known != routes_.end()) co_return choose(known->second);
  const auto changes = changes_;
  GUST_CO_TRY(const auto route, co_await find_route(ref));
  if (changes == changes_) {  // else it may be of before the change
    if (routes_.size() >= kMaxRoutes) routes_.clear();
    routes_.insert_or_assign(ref, route);
  }
  co_return choose(route);
}

void Registry::changed(const FunctionKey& key) {
  ++changes_;
  forget_policies(key);
  auto it = routes_.lower_bound({key, ""});
  while (it != routes_.end() && it->first.key == key) it = routes_.erase(it);
  if (listener_) listener_(key);
}

async::Task<Function> Registry::publish(FunctionKey key, Publication publication) {
  const auto made = std::make_shared<Function>();
  kv::Store::Body body = [this, key, publication, made](kv::Transaction& tx) -> Result<void> {
    GUST_TRY(auto latest, rows::read_function(tx, key));
    if (!publication.expected_revision.empty() && publication.expected_revision != latest.revision_id)
      return rows::wrong_revision();
    if (!publication.code_sha256.empty() && publication.code_sha256 != latest.code_sha256) {
      return fail(Code::kInvalid,
                  fmt::format("CodeSHA256 ({}) is different from current CodeSHA256 in $LATEST ({}). Please try again "
                              "with the CodeSHA256 in $LATEST.",
                              publication.code_sha256, latest.code_sha256),
                  "code");
    }
    GUST_TRY(const auto counter, tx.get(rows::version_counter_key(key)));
    std::uint64_t last = 0;
    if (counter) {
      GUST_TRY(last, rows::decode_number(*counter));
    }
    if (last > 0) {
      const auto newest = rows::read_version(tx, key, std::to_string(last));
      if (newest && newest->generation == latest.generation) {
        *made = *newest;
        return {};
      }
    }
    *made = latest;
    made->version = std::to_string(last + 1);
    if (publication.description) made->description = *publication.description;
    made->revision_id = random_.uuid();
    if (made->snap_start) {
      made->snapshot.state = Snapshot::State::kPending;
      tx.put(rows::snapshot_key({key, made->version}), "");
    }
    tx.put(rows::version_counter_key(key), made->version);
    tx.put(rows::row_key(*made), rows::encode(*made));
    // The code now has a second owner: update_code() keeps it.
    tx.put(rows::published_key(key), latest.code_blob);
    return {};
  };
  GUST_CO_CHECK(co_await store_.transact(std::move(body)));
  if (made->snapshot.state == Snapshot::State::kPending) changed(key);
  co_return *made;
}

async::Task<std::vector<Function>> Registry::versions(FunctionKey key, std::uint64_t from, std::size_t limit) {
  std::vector<Function> out;
  GUST_CO_TRY(auto latest, co_await get(key));
  if (from == 0) out.push_back(std::move(latest));
  auto range = kv::Range::prefix(rows::versions_prefix(key), limit);
  range.begin = rows::version_key(key, from);
  GUST_CO_TRY(const auto found, co_await store_.scan(range));
  for (const auto& row : found) {
    if (out.size() >= limit) break;
    GUST_CO_TRY(auto version, rows::decode_function(row.value));
    out.push_back(std::move(version));
  }
  co_return out;
}

async::Task<void> Registry::remove_version(FunctionKey key, std::string version) {
  kv::Store::Body body = [key, version](kv::Transaction& tx) -> Result<void> {
    GUST_TRY(const auto function, rows::read_version(tx, key, version));
    GUST_TRY(const auto found, tx.scan(kv::Range::prefix(rows::aliases_prefix(key), 100'000)));
    for (const auto& row : found) {
      GUST_TRY(const auto alias, rows::decode_alias(row.value));
      if (alias.version != version && !alias.weights.contains(version)) continue;
      return fail(Code::kConflict,
                  fmt::format("Unable to delete version because the following aliases reference it: [{}]", alias.name),
                  "alias");
    }
    tx.erase(rows::row_key(function));
    GUST_TRY(const auto statements, tx.scan(kv::Range::prefix(rows::policy_prefix({key, version}), 10'000)));
    for (const auto& row : statements) tx.erase(row.key);
    tx.erase(rows::event_invoke_key({key, version}));
    tx.erase(rows::provisioned_key({key, version}));
    tx.erase(rows::snapshot_key({key, version}));
    return {};
  };
  GUST_CO_CHECK(co_await store_.transact(std::move(body)));
  changed(key);
  co_return Result<void>{};
}

async::Task<Alias> Registry::create_alias(FunctionKey key, Alias alias) {
  alias.revision_id = random_.uuid();
  kv::Store::Body body = [key, alias](kv::Transaction& tx) -> Result<void> {
    GUST_TRY(const auto function, rows::read_version(tx, key, alias.version));
    for (const auto& [version, weight] : alias.weights) GUST_CHECK(rows::read_version(tx, key, version));
    GUST_TRY(const auto there, tx.get(rows::alias_key(key, alias.name)));
    if (there) {
      return fail(Code::kAlreadyExists, fmt::format("Alias already exists: {}:{}", function.arn(), alias.name),
                  "alias");
    }
    tx.put(rows::alias_key(key, alias.name), rows::encode(alias));
    return {};
  };
  GUST_CO_CHECK(co_await store_.transact(std::move(body)));
  changed(key);
  co_return alias;
}

async::Task<Alias> Registry::alias(FunctionKey key, std::string name) {
  const auto view = store_.snapshot();
  GUST_CO_CHECK(rows::read_function(*view, key));
  co_return rows::read_alias(*view, key, name);
}

async::Task<Alias> Registry::update_alias(FunctionKey key, std::string name, std::function<void(Alias&)> change,
                                          std::string expected_revision) {
  const auto out = std::make_shared<Alias>();
  kv::Store::Body body = [this, key, name, change, expected_revision, out](kv::Transaction& tx) -> Result<void> {
    GUST_TRY(*out, rows::read_alias(tx, key, name));
    if (!expected_revision.empty() && expected_revision != out->revision_id) return rows::wrong_revision();
    change(*out);
    GUST_CHECK(rows::read_version(tx, key, out->version));
    for (const auto& [version, weight] : out->weights) GUST_CHECK(rows::read_version(tx, key, version));
    out->revision_id = random_.uuid();
    tx.put(rows::alias_key(key, name), rows::encode(*out));
    return {};
  };
  GUST_CO_CHECK(co_await store_.transact(std::move(body)));
  changed(key);
  co_return *out;
}

async::Task<void> Registry::remove_alias(FunctionKey key, std::string name) {
  kv::Store::Body body = [key, name](kv::Transaction& tx) -> Result<void> {
    GUST_CHECK(rows::read_function(tx, key));
    tx.erase(rows::alias_key(key, name));
    GUST_TRY(const auto statements, tx.scan(kv::Range::prefix(rows::policy_prefix({key, name}), 10'000)));
    for (const auto& row : statements) tx.erase(row.key);
    tx.erase(rows::event_invoke_key({key, name}));
    tx.erase(rows::url_key({key, name}));
    tx.erase(rows::provisioned_key({key, name}));
    return {};
  };
  GUST_CO_CHECK(co_await store_.transact(std::move(body)));
  changed(key);
  co_return Result<void>{};
}

async::Task<std::vector<Alias>> Registry::aliases(FunctionKey key, std::string after, std::size_t limit) {
  GUST_CO_CHECK(co_await get(key));
  auto range = kv::Range::prefix(rows::aliases_prefix(key), limit);
  if (!after.empty()) range.begin = rows::alias_key(key, after) + '\0';
  GUST_CO_TRY(const auto found, co_await store_.scan(range));
  std::vector<Alias> out;
  for (const auto& row : found) {
    GUST_CO_TRY(auto alias, rows::decode_alias(row.value));
    out.push_back(std::move(alias));
  }
  co_return out;
}

}  // namespace gust::functions
