#include "daemon/admin.h"

#include "codec/json.h"
#include "codec/time_format.h"
#include "codec/url.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace gust::daemon {
namespace {

namespace json = boost::json;

int status_of(Code code) {
  switch (code) {
    case Code::kInvalid:
      return 400;
    case Code::kNotFound:
      return 404;
    case Code::kAlreadyExists:
    case Code::kConflict:
      return 409;
    case Code::kDenied:
      return 403;
    case Code::kTooLarge:
      return 413;
    case Code::kThrottled:
      return 429;
    case Code::kNoSpace:
      return 507;
    default:
      return 500;
  }
}

json::object to_json(const functions::FailedEvent& failed) {
  return {{"id", failed.event.id},
          {"function", failed.event.function.key.name.str()},
          {"account", failed.event.function.key.account.str()},
          {"attempts", failed.attempts},
          {"error", failed.reason},
          {"payload", failed.event.payload},
          {"enqueued_at", codec::to_iso8601_ms(failed.enqueued_at)},
          {"failed_at", codec::to_iso8601_ms(failed.failed_at)}};
}

}  // namespace

http::Response admin_answer(const json::value& value, int status) {
  http::Response response;
  response.status = status;
  response.headers.add("Content-Type", "application/json");
  response.body = codec::to_json(value);
  return response;
}

http::Response admin_failure(const Error& error) { return admin_error(status_of(error.code), error.message); }

boost::asio::awaitable<http::Response> Admin::handle(RequestContext context, http::Request request,
                                                     api::Destination to) {
  auto done = co_await route(std::move(context), std::move(request), std::move(to.path));
  if (done) co_return *std::move(done);
  co_return admin_failure(done.error());
}

async::Task<http::Response> Admin::route(RequestContext context, http::Request request, std::string path) {
  path.erase(0, std::string_view("/_gust/").size());
  const auto slash = path.find('/');
  const auto head = path.substr(0, slash);
  GUST_CO_TRY(auto rest, codec::percent_decode(slash == std::string::npos ? "" : path.substr(slash + 1)));
  if (head == "status" && request.method == "GET") co_return co_await status(std::move(context));
  if (head == "logs" && request.method == "GET")
    co_return co_await logs(std::move(context), std::move(request), std::move(rest));
  if (head == "failed") co_return co_await failed(std::move(context), std::move(request), std::move(rest));
  if (head == "traces" || head == "map") {
    if (parts_.traces == nullptr)
      co_return fail(Code::kNotFound, "traces are off: Gust was started with GUST_TRACES=off");
    co_return co_await parts_.traces->handle(std::move(context), std::move(request), std::move(path));
  }
  if (head == "events" && request.method == "GET")
    co_return co_await events(std::move(context), std::move(request), std::move(rest));
  if (head == "replay" && request.method == "POST")
    co_return co_await replay(std::move(context), std::move(request), std::move(rest));
  if (head == "images") co_return co_await images(std::move(context), std::move(request), std::move(rest));
  if (head == "fsck" && request.method == "GET") co_return co_await check_store(std::move(context));
  if (head == "backup" && request.method == "POST")
    co_return co_await backup(std::move(context), std::move(request));
  if (head == "accounts") co_return co_await accounts(std::move(context), std::move(request));
  co_return fail(Code::kNotFound, fmt::format("{} /_gust/{} is not served", request.method, path));
}

static json::array ways_of(const functions::StartStatus& starts) {
  json::array ways;
  for (const auto& way : starts.ways) {
    json::array phases;
    for (const auto& phase : way.phases) {
      phases.push_back(json::object{{"phase", phase.name},
                                    {"count", phase.count},
                                    {"last_ms", phase.last},
                                    {"median_ms", phase.median},
                                    {"p99_ms", phase.p99}});
    }
    ways.push_back(json::object{{"way", way.name}, {"count", way.count}, {"phases", std::move(phases)}});
  }
  return ways;
}

// The counts by themselves, and the last start of each way in two phases.
static void add_short(json::object& out, const functions::StartStatus& starts) {
  for (const auto& way : starts.ways) {
    const std::string name = way.name == "snapshot" ? "restored" : way.name;
    out[name] = way.count;
    if (way.name == "warm") continue;
    json::object last{{"sandbox_ms", 0.0}, {"init_ms", 0.0}};
    for (const auto& phase : way.phases) {
      if (phase.name == "sandbox" || phase.name == "specialise") last["sandbox_ms"] = phase.last;
      if (phase.name == "init" || phase.name == "restore") last["init_ms"] = phase.last;
    }
    out["last_" + name] = std::move(last);
  }
}

static json::object starts_of(const functions::StartStatus& starts, const AccountId& account) {
  json::array snapshots;
  for (const auto& each : starts.snapshots) {
    if (each.key.account != account) continue;
    snapshots.push_back(json::object{{"function", each.key.name.str()},
                                     {"version", each.version},
                                     {"state", each.state},
                                     {"bytes", each.bytes},
                                     {"restored", each.restored},
                                     {"reason", each.reason}});
  }
  json::array runtimes;
  for (const auto& each : starts.runtimes) {
    runtimes.push_back(json::object{{"runtime", each.name},
                                    {"ready", each.ready},
                                    {"booting", each.booting},
                                    {"target", each.target},
                                    {"taken", each.taken},
                                    {"missed", each.missed},
                                    {"bytes_each", each.bytes_each}});
  }
  json::object out{{"ways", ways_of(starts)},
                   {"ready_runtimes", std::move(runtimes)},
                   {"snapshots", std::move(snapshots)}};
  add_short(out, starts);
  return out;
}

// What holds the functions of this machine, and what does not.
static json::object sandboxes_of(const sandbox::Capabilities& found) {
  const auto name = [](sandbox::Limit limit) { return limit == sandbox::Limit::kEnforced ? "enforced" : "missing"; };
  return {{"privilege", found.privilege},
          {"cgroup", found.cgroup},
          {"memory_limit", name(found.memory)},
          {"process_limit", name(found.pids)},
          {"cpu_limit", name(found.cpu)},
          {"notes", json::array(found.notes.begin(), found.notes.end())}};
}

async::Task<http::Response> Admin::status(RequestContext context) {
  GUST_CO_TRY(const auto functions, co_await parts_.registry.count(context.principal.account));
  GUST_CO_TRY(const auto depth, co_await parts_.async_invoker.depth());
  json::array pools;
  for (const auto& pool : parts_.invoker.status()) {
    if (pool.key.account != context.principal.account) continue;
    pools.push_back(json::object{{"function", pool.key.name.str()},
                                 {"version", pool.version},
                                 {"idle", pool.idle},
                                 {"busy", pool.busy},
                                 {"invocations", pool.running},
                                 {"starting", pool.starting},
                                 {"provisioned", pool.provisioned}});
  }
  co_return admin_answer(json::object{
      {"version", GUST_VERSION},
      {"endpoint", parts_.endpoint},
      {"account", context.principal.account.str()},
      {"functions", functions},
      {"instances", std::move(pools)},
      {"starts", starts_of(parts_.invoker.starts(), context.principal.account)},
      {"sandboxes", sandboxes_of(parts_.launcher.capabilities())},
      {"events", json::object{{"waiting", depth.waiting}, {"running", depth.leased}, {"failed", depth.dead}}}});
}

async::Task<http::Response> Admin::failed(RequestContext context, http::Request request, std::string rest) {
  const auto& account = context.principal.account;
  if (rest.empty() && request.method == "GET") {
    json::array list;
    for (std::string after;;) {
      GUST_CO_TRY(const auto some, co_await parts_.async_invoker.failed(after, 500));
      for (const auto& one : some) {
        if (one.event.function.key.account == account) list.push_back(to_json(one));
      }
      if (some.size() < 500) break;
      after = some.back().event.id;
    }
    co_return admin_answer(list);
  }
  const bool retry = rest.ends_with("/retry");
  const auto id = retry ? rest.substr(0, rest.size() - 6) : rest;
  GUST_CO_TRY(const auto event, co_await parts_.async_invoker.failed_event(id));
  if (event.event.function.key.account != account)
    co_return fail(Code::kNotFound, fmt::format("there is no failed event '{}'", id));
  if (retry && request.method == "POST") {
    GUST_CO_CHECK(co_await parts_.async_invoker.retry_failed(id));
    co_return admin_answer(json::object{{"id", id}, {"state", "retried"}});
  }
  if (request.method == "DELETE") {
    GUST_CO_CHECK(co_await parts_.async_invoker.drop_failed(id));
    co_return admin_answer(json::object{{"id", id}, {"state", "dropped"}});
  }
  co_return admin_answer(to_json(event));
}

async::Task<http::Response> Admin::accounts(RequestContext context, http::Request request) {
  if (context.principal.account.str() != kDefaultAccount || context.principal.arn.find(":root") == std::string::npos) {
    co_return fail(Code::kDenied, "only the root account's own keys may manage accounts");
  }
  if (request.method == "GET") {
    GUST_CO_TRY(const auto all, co_await parts_.accounts.list());
    json::array list;
    for (const auto& one : all) {
      json::array keys;
      for (const auto& key : one.access_key_ids) keys.push_back(json::string(key));
      list.push_back(json::object{{"id", one.id.str()},
                                  {"name", one.name},
                                  {"canonical_id", one.canonical_id},
                                  {"access_key_ids", std::move(keys)}});
    }
    co_return admin_answer(list);
  }
  GUST_CO_TRY(const auto body, co_await async::read_all(*request.body, 64 << 10));
  GUST_CO_TRY(const auto document, codec::parse_json(body.empty() ? "{}" : body));
  if (!document.is_object()) co_return fail(Code::kInvalid, "the body must be a JSON object");
  const auto text = [&](std::string_view name) -> std::optional<std::string> {
    const auto* value = document.get_object().if_contains(name);
    return value != nullptr && value->is_string() && !value->get_string().empty()
               ? std::optional(std::string(value->get_string()))
               : std::nullopt;
  };
  auth::NewAccount wanted;
  wanted.id = text("id");
  wanted.canonical_id = text("canonical_id");
  wanted.name = text("name").value_or("");
  if (const auto key = text("access_key_id"))
    wanted.keys = auth::Keys{*key, text("secret_access_key").value_or(""), ""};
  GUST_CO_TRY(const auto made, co_await parts_.accounts.create(std::move(wanted)));
  co_return admin_answer(json::object{{"id", made.account.id.str()},
                                {"name", made.account.name},
                                {"canonical_id", made.account.canonical_id},
                                {"access_key_id", made.keys.access_key_id},
                                {"secret_access_key", made.keys.secret}},
                   201);
}

}  // namespace gust::daemon
