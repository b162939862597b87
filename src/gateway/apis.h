// Apis: the HTTP APIs of all accounts, kept in kv under gw/. Knows no HTTP and never invokes anything. Loop thread
// only. Every method of an owner answers kNotFound for an API of another account, as if it were not there.
#pragma once

#include "async/task.h"
#include "env/clock.h"
#include "env/random.h"
#include "gateway/route_key.h"
#include "gateway/types.h"
#include "kv/store.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gust::gateway {

// What a stage serves, ready to match.
struct ServedStage {
  StageRecord stage;
  std::vector<RouteRecord> routes;
  std::vector<RouteKey> keys;  // of `routes`, in their order
  std::map<std::string, IntegrationRecord> integrations;
};
struct ServedApi {
  ApiRecord api;
  std::map<std::string, ServedStage> stages;  // those that have a deployment
};

// The one route and integration that CreateApi makes from its Target.
struct QuickCreate {
  std::optional<std::string> route_key;
  std::optional<std::string> target;
};

template <typename Row>
using Change = std::function<Result<void>(Row&)>;  // may run more than once; an error rolls back

class Apis {
 public:
  // All outlive this.
  Apis(kv::Store& store, const env::Clock& clock, env::Random& random);

  // `api` gets its id and its time. kInvalid for what an API cannot be.
  async::Task<ApiRecord> create_api(ApiRecord api, std::optional<QuickCreate> quick);
  async::Task<ApiRecord> get_api(AccountId account, std::string api_id);
  async::Task<std::vector<ApiRecord>> list_apis(AccountId account);
  async::Task<ApiRecord> update_api(AccountId account, std::string api_id, Change<ApiRecord> change, QuickCreate quick);
  async::Task<void> delete_api(AccountId account, std::string api_id);

  // Row is RouteRecord, IntegrationRecord or StageRecord (get and list: DeploymentRecord too). A change of routes or
  // integrations makes a new deployment of every stage that deploys automatically, in the same transaction.
  template <typename Row>
  async::Task<Row> create(AccountId account, std::string api_id, Row row);
  template <typename Row>
  async::Task<Row> get(AccountId account, std::string api_id, std::string id);
  template <typename Row>
  async::Task<std::vector<Row>> list(AccountId account, std::string api_id);
  template <typename Row>
  async::Task<Row> update(AccountId account, std::string api_id, std::string id, Change<Row> change);
  template <typename Row>
  async::Task<void> remove(AccountId account, std::string api_id, std::string id);

  // Takes a snapshot of the routes now; a stage, when named, serves it from here on.
  async::Task<DeploymentRecord> deploy(AccountId account, std::string api_id, std::string description,
                                       std::string stage);

  // What the API serves now, for anyone; kNotFound. Held in memory until the API changes.
  async::Task<std::shared_ptr<const ServedApi>> served(std::string api_id);

 private:
  class Edit;
  // Runs `body` in a transaction on the owner's API and forgets what was held of it.
  async::Task<void> edit(AccountId account, std::string api_id, std::function<Result<void>(Edit&)> body);

  kv::Store& store_;
  const env::Clock& clock_;
  env::Random& random_;
  std::map<std::string, std::shared_ptr<const ServedApi>> held_;  // read without suspension, so never stale
};

}  // namespace gust::gateway
