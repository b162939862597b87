// Admin: what `gust status|logs|failed|events|replay|account|image|fsck|backup` ask over HTTP, under /_gust/. Loop
// thread only.
#pragma once

#include "auth/accounts.h"
#include "blobs/files/file_store.h"
#include "daemon/admin_traces.h"
#include "daemon/front.h"
#include "kv/rocks/rocks_store.h"
#include "functions/async_invoker.h"
#include "functions/kept_events.h"
#include "functions/images.h"
#include "functions/invoker.h"
#include "logs/event_store.h"

#include "sandbox/linux/linux_launcher.h"

#include <boost/json/value.hpp>

#include <memory>
#include <optional>
#include <string>

namespace gust::daemon {

class Admin {
 public:
  struct Parts {
    auth::Accounts& accounts;
    functions::Registry& registry;
    functions::Images& images;
    functions::Invoker& invoker;
    functions::AsyncInvoker& async_invoker;
    logs::EventStore& events;
    functions::KeptEvents& kept_events;
    const sandbox::LinuxLauncher& launcher;
    kv::RocksStore& store;
    blobs::FileStore& blobs;
    env::Clock& clock;
    std::string data;  // the data folder
    std::string endpoint;
    std::shared_ptr<const bool> stopping;  // ends what follows the logs
    AdminTraces* traces = nullptr;         // null: traces are off
  };
  explicit Admin(Parts parts) : parts_(std::move(parts)) {}

  boost::asio::awaitable<http::Response> handle(RequestContext context, http::Request request, api::Destination to);

 private:
  async::Task<http::Response> route(RequestContext context, http::Request request, std::string path);
  async::Task<http::Response> status(RequestContext context);
  async::Task<http::Response> failed(RequestContext context, http::Request request, std::string rest);
  async::Task<http::Response> accounts(RequestContext context, http::Request request);
  // admin_store.cc
  async::Task<http::Response> check_store(RequestContext context);
  async::Task<http::Response> backup(RequestContext context, http::Request request);
  // admin_logs.cc
  async::Task<http::Response> logs(RequestContext context, http::Request request, std::string name);
  // A group, and whose streams of it are meant where others write there, too.
  struct LogPlace {
    logs::GroupKey group;
    std::optional<FunctionName> only = {};
    std::string version = {};  // empty: of all
  };
  enum class NameIs { kGroup, kFunction };
  async::Task<LogPlace> log_place(AccountId account, std::string name, NameIs is);
  // admin_events.cc
  async::Task<http::Response> events(RequestContext context, http::Request request, std::string id);
  async::Task<http::Response> replay(RequestContext context, http::Request request, std::string id);
  // admin_images.cc
  async::Task<http::Response> images(RequestContext context, http::Request request, std::string name);

  Parts parts_;
};

// A JSON value as an answer of the administration.
http::Response admin_answer(const boost::json::value& value, int status = 200);
// {"error"} with the status that goes with its code.
http::Response admin_failure(const Error& error);
// The value of one parameter of a query, percent-decoded; empty where it is not there.
Result<std::string> query_parameter(const http::Request& request, std::string_view name);

}  // namespace gust::daemon
