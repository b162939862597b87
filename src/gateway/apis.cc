#include "gateway/apis.h"

#include "gateway/edit.h"

#include <fmt/format.h>

namespace gust::gateway {
namespace {

constexpr std::size_t kMostApis = 600;  // an account, as on the public service
constexpr std::size_t kMostHeld = 1000;

Result<ServedApi> read_served(kv::Reader& reader, const std::string& api_id) {
  ServedApi out;
  GUST_TRY(auto bytes, reader.get(api_key(api_id)));
  if (!bytes) return no_such(ApiRecord::kNoun, api_id);
  GUST_CHECK(from_row(*bytes, out.api));
  GUST_TRY(auto entries, reader.scan(kv::Range::prefix(table_prefix(StageRecord::kTable, api_id))));
  GUST_TRY(auto stages, read_rows<StageRecord>(entries));
  for (auto& stage : stages) {
    if (stage.deployment_id.empty()) continue;
    GUST_TRY(auto row, reader.get(table_prefix(DeploymentRecord::kTable, api_id) + stage.deployment_id));
    if (!row)
      return fail(Code::kCorrupt,
                  fmt::format("stage {} of API {} has lost its deployment {}", stage.id, api_id, stage.deployment_id));
    DeploymentRecord deployment;
    GUST_CHECK(from_row(*row, deployment));
    ServedStage served;
    for (const auto& route : deployment.routes) {
      GUST_TRY(auto key, RouteKey::parse(route.key));
      served.keys.push_back(std::move(key));
    }
    served.routes = std::move(deployment.routes);
    for (auto& integration : deployment.integrations)
      served.integrations.emplace(integration.id, std::move(integration));
    served.stage = stage;
    out.stages.emplace(stage.id, std::move(served));
  }
  return out;
}

Result<std::vector<ApiRecord>> of_account(const std::vector<kv::Entry>& entries, const AccountId& account) {
  GUST_TRY(auto apis, read_rows<ApiRecord>(entries));
  std::erase_if(apis, [&](const ApiRecord& api) { return api.account != account; });
  return apis;
}

}  // namespace

Apis::Apis(kv::Store& store, const env::Clock& clock, env::Random& random)
    : store_(store), clock_(clock), random_(random) {}

async::Task<void> Apis::edit(AccountId account, std::string api_id, std::function<Result<void>(Edit&)> body) {
  kv::Store::Body run = [&](kv::Transaction& tx) -> Result<void> {
    Edit edit(tx, clock_, random_);
    GUST_CHECK(edit.open(account, api_id));
    edit.save_api();
    return body(edit);
  };
  auto done = co_await store_.transact(run);
  held_.erase(api_id);
  co_return done;
}

async::Task<ApiRecord> Apis::create_api(ApiRecord api, std::optional<QuickCreate> quick) {
  api.id = random_.pick(10, "abcdefghijklmnopqrstuvwxyz0123456789");
  api.created = clock_.now();
  GUST_CO_CHECK(check(api));
  kv::Store::Body run = [&](kv::Transaction& tx) -> Result<void> {
    GUST_TRY(auto entries, tx.scan(kv::Range::prefix(std::string(kApiPrefix), 100'000)));
    GUST_TRY(auto owned, of_account(entries, api.account));
    if (owned.size() >= kMostApis)
      return fail(Code::kThrottled, "an account can have 600 APIs; delete one first", "limit");
    Edit edit(tx, clock_, random_);
    edit.api = api;
    if (quick) GUST_CHECK(edit.quick_create(*quick));
    edit.save_api();
    api = edit.api;
    return {};
  };
  GUST_CO_CHECK(co_await store_.transact(run));
  co_return api;
}

async::Task<ApiRecord> Apis::get_api(AccountId account, std::string api_id) {
  GUST_CO_TRY(auto bytes, co_await store_.get(api_key(api_id)));
  if (!bytes) co_return no_such_api(account, api_id);
  ApiRecord api;
  GUST_CO_CHECK(from_row(*bytes, api));
  if (api.account != account) co_return no_such_api(account, api_id);
  co_return api;
}

async::Task<std::vector<ApiRecord>> Apis::list_apis(AccountId account) {
  auto range = kv::Range::prefix(std::string(kApiPrefix), 100'000);
  GUST_CO_TRY(auto entries, co_await store_.scan(std::move(range)));
  co_return of_account(entries, account);
}

async::Task<ApiRecord> Apis::update_api(AccountId account, std::string api_id, Change<ApiRecord> change,
                                        QuickCreate quick) {
  ApiRecord out;
  std::function<Result<void>(Edit&)> body = [&](Edit& edit) -> Result<void> {
    GUST_CHECK(change(edit.api));
    GUST_CHECK(check(edit.api));
    GUST_CHECK(edit.quick_change(quick));
    edit.save_api();
    out = edit.api;
    return {};
  };
  GUST_CO_CHECK(co_await edit(account, api_id, body));
  co_return out;
}

async::Task<void> Apis::delete_api(AccountId account, std::string api_id) {
  std::function<Result<void>(Edit&)> body = [](Edit& edit) -> Result<void> {
    edit.erase_all();
    return {};
  };
  co_return co_await edit(account, api_id, body);
}

template <typename Row>
async::Task<Row> Apis::create(AccountId account, std::string api_id, Row row) {
  Row out;
  std::function<Result<void>(Edit&)> body = [&](Edit& edit) -> Result<void> {
    out = row;
    return edit.insert(out);
  };
  GUST_CO_CHECK(co_await edit(account, api_id, body));
  co_return out;
}

template <typename Row>
async::Task<Row> Apis::get(AccountId account, std::string api_id, std::string id) {
  GUST_CO_CHECK(co_await get_api(account, api_id));
  GUST_CO_TRY(auto bytes, co_await store_.get(table_prefix(Row::kTable, api_id) + id));
  if (!bytes) co_return no_such(Row::kNoun, id);
  Row row;
  GUST_CO_CHECK(from_row(*bytes, row));
  co_return row;
}

template <typename Row>
async::Task<std::vector<Row>> Apis::list(AccountId account, std::string api_id) {
  GUST_CO_CHECK(co_await get_api(account, api_id));
  auto range = kv::Range::prefix(table_prefix(Row::kTable, api_id));
  GUST_CO_TRY(auto entries, co_await store_.scan(std::move(range)));
  co_return read_rows<Row>(entries);
}

template <typename Row>
async::Task<Row> Apis::update(AccountId account, std::string api_id, std::string id, Change<Row> change) {
  Row out;
  std::function<Result<void>(Edit&)> body = [&](Edit& edit) -> Result<void> {
    GUST_TRY(out, edit.find<Row>(id));
    GUST_CHECK(change(out));
    return edit.replace(out);
  };
  GUST_CO_CHECK(co_await edit(account, api_id, body));
  co_return out;
}

template <typename Row>
async::Task<void> Apis::remove(AccountId account, std::string api_id, std::string id) {
  std::function<Result<void>(Edit&)> body = [&](Edit& edit) -> Result<void> {
    GUST_TRY(auto row, edit.find<Row>(id));
    return edit.drop(row);
  };
  co_return co_await edit(account, api_id, body);
}

async::Task<DeploymentRecord> Apis::deploy(AccountId account, std::string api_id, std::string description,
                                           std::string stage) {
  DeploymentRecord out;
  std::function<Result<void>(Edit&)> body = [&](Edit& edit) -> Result<void> {
    if (stage.empty()) {
      GUST_TRY(out, edit.snapshot(description, Edit::Cause::kAsked));
      return {};
    }
    GUST_TRY(auto row, edit.find<StageRecord>(stage));
    if (row.auto_deploy) {
      return fail(Code::kInvalid,
                  fmt::format("Deployment ID cannot be set on stage {} because it deploys automatically", stage),
                  "stage");
    }
    GUST_TRY(out, edit.snapshot(description, Edit::Cause::kAsked));
    row.deployment_id = out.id;
    return edit.replace(row);
  };
  GUST_CO_CHECK(co_await edit(account, api_id, body));
  co_return out;
}

async::Task<std::shared_ptr<const ServedApi>> Apis::served(std::string api_id) {
  if (auto held = held_.find(api_id); held != held_.end()) co_return held->second;
  auto view = store_.snapshot();
  GUST_CO_TRY(auto read, read_served(*view, api_id));
  auto made = std::make_shared<const ServedApi>(std::move(read));
  if (held_.size() >= kMostHeld) held_.clear();
  held_[api_id] = made;
  co_return made;
}

template async::Task<RouteRecord> Apis::create(AccountId, std::string, RouteRecord);
template async::Task<IntegrationRecord> Apis::create(AccountId, std::string, IntegrationRecord);
template async::Task<StageRecord> Apis::create(AccountId, std::string, StageRecord);
template async::Task<RouteRecord> Apis::get(AccountId, std::string, std::string);
template async::Task<IntegrationRecord> Apis::get(AccountId, std::string, std::string);
template async::Task<StageRecord> Apis::get(AccountId, std::string, std::string);
template async::Task<DeploymentRecord> Apis::get(AccountId, std::string, std::string);
template async::Task<std::vector<RouteRecord>> Apis::list(AccountId, std::string);
template async::Task<std::vector<IntegrationRecord>> Apis::list(AccountId, std::string);
template async::Task<std::vector<StageRecord>> Apis::list(AccountId, std::string);
template async::Task<std::vector<DeploymentRecord>> Apis::list(AccountId, std::string);
template async::Task<RouteRecord> Apis::update(AccountId, std::string, std::string, Change<RouteRecord>);
template async::Task<IntegrationRecord> Apis::update(AccountId, std::string, std::string, Change<IntegrationRecord>);
template async::Task<StageRecord> Apis::update(AccountId, std::string, std::string, Change<StageRecord>);
template async::Task<void> Apis::remove<RouteRecord>(AccountId, std::string, std::string);
template async::Task<void> Apis::remove<IntegrationRecord>(AccountId, std::string, std::string);
template async::Task<void> Apis::remove<StageRecord>(AccountId, std::string, std::string);

}  // namespace gust::gateway
