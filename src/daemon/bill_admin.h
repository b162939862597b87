// BillAdmin: what `gust bill`, `gust budget` and `gust top` ask: /_gust/usage, /_gust/budget, /_gust/top. Loop thread
// only.
#pragma once

#include "daemon/budget_watch.h"
#include "daemon/front.h"
#include "functions/invoker.h"
#include "functions/registry.h"
#include "meter/recent.h"
#include "objects/object_store.h"
#include "tables/catalog.h"

#include <map>
#include <string>

namespace gust::daemon {

class BillAdmin {
 public:
  struct Parts {
    meter::Ledger& ledger;
    meter::UseLedger& uses;
    meter::Budgets& budgets;
    BudgetWatch& watch;
    const meter::Recent& recent;
    const functions::Invoker& invoker;
    functions::Registry& registry;
    objects::ObjectStore& objects;
    tables::Catalog& catalog;
    env::Clock& clock;
  };
  explicit BillAdmin(Parts parts) : parts_(parts) {}

  static bool serves(std::string_view path) {
    return path == "/_gust/usage" || path == "/_gust/budget" || path == "/_gust/top";
  }
  boost::asio::awaitable<http::Response> handle(RequestContext context, http::Request request, api::Destination to);

 private:
  using Tags = std::map<std::string, std::string>;
  async::Task<http::Response> usage(AccountId account, http::Request request);
  http::Response top(const AccountId& account) const;
  async::Task<http::Response> budget(AccountId account);
  async::Task<http::Response> set_budget(AccountId account, http::Request request);
  async::Task<http::Response> remove_budget(AccountId account);
  async::Task<Tags> tags_of_function(AccountId account, std::string name);
  async::Task<Tags> tags_of_bucket(std::string name);
  async::Task<std::map<std::string, Tags>> tags_of_tables(AccountId account);

  Parts parts_;
};

}  // namespace gust::daemon
