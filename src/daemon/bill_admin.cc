#include "daemon/bill_admin.h"

#include "codec/json.h"
#include "daemon/admin.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

namespace gust::daemon {
namespace {

namespace json = boost::json;

json::object to_json(const std::map<std::string, std::string>& tags) {
  json::object out;
  for (const auto& [name, value] : tags) out[name] = value;
  return out;
}

json::object row_of(const meter::Sum& sum) {
  return {{"day", sum.day},
          {"function", sum.function},
          {"invocations", sum.invocations},
          {"errors", sum.errors},
          {"starts", sum.starts},
          {"billed_ms", sum.billed_ms},
          {"mb_ms", sum.mb_ms},
          {"tmp_mb_ms", sum.tmp_mb_ms},
          {"duration_us", sum.duration_us},
          {"init_us", sum.init_us},
          {"cpu_us", sum.cpu_us},
          {"bytes_in", sum.bytes_in},
          {"bytes_out", sum.bytes_out}};
}

json::object row_of(const meter::UseSum& sum) {
  const auto& use = sum.use;
  return {{"day", sum.day},
          {"service", sum.thing.service},
          {"resource", sum.thing.resource},
          {"requests", use.requests},
          {"puts", use.puts},
          {"gets", use.gets},
          {"api_requests", use.api_requests},
          {"bytes_in", use.bytes_in},
          {"bytes_out", use.bytes_out},
          {"bytes_inside", use.bytes_inside},
          {"read_milliunits", use.read_milliunits},
          {"write_milliunits", use.write_milliunits},
          {"byte_hours", use.byte_hours}};
}

std::string text_in(const json::object& body, std::string_view name) {
  const auto* found = body.if_contains(name);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

}  // namespace

boost::asio::awaitable<http::Response> BillAdmin::handle(RequestContext context, http::Request request,
                                                         api::Destination to) {
  auto account = context.principal.account;
  const auto method = request.method;
  Result<http::Response> done = fail(Code::kNotFound, fmt::format("{} {} is not served", method, to.path));
  if (to.path == "/_gust/usage" && method == "GET")
    done = co_await usage(std::move(account), std::move(request));
  else if (to.path == "/_gust/top" && method == "GET")
    done = top(account);
  else if (to.path == "/_gust/budget" && method == "GET")
    done = co_await budget(std::move(account));
  else if (to.path == "/_gust/budget" && method == "PUT")
    done = co_await set_budget(std::move(account), std::move(request));
  else if (to.path == "/_gust/budget" && method == "DELETE")
    done = co_await remove_budget(std::move(account));
  if (done) co_return *std::move(done);
  co_return admin_failure(done.error());
}

async::Task<BillAdmin::Tags> BillAdmin::tags_of_function(AccountId account, std::string name) {
  const functions::FunctionKey key{std::move(account), FunctionName(std::move(name))};
  const auto function = co_await parts_.registry.get(key);
  if (!function) co_return Tags();
  co_return Tags(function->tags.begin(), function->tags.end());
}

async::Task<BillAdmin::Tags> BillAdmin::tags_of_bucket(std::string name) {
  Tags out;
  const auto bucket = co_await parts_.objects.bucket(BucketName(std::move(name)));
  const auto text = bucket ? bucket->configuration("tagging") : "";
  const auto parsed = codec::parse_json(text.empty() ? "{}" : text);
  const auto* set = parsed && parsed->is_object() ? parsed->get_object().if_contains("TagSet") : nullptr;
  if (set == nullptr || !set->is_array()) co_return out;
  for (const auto& tag : set->get_array()) {
    if (tag.is_object()) out[text_in(tag.get_object(), "Key")] = text_in(tag.get_object(), "Value");
  }
  co_return out;
}

async::Task<std::map<std::string, BillAdmin::Tags>> BillAdmin::tags_of_tables(AccountId account) {
  std::map<std::string, Tags> out;
  GUST_CO_TRY(const auto tables, co_await parts_.catalog.all());
  for (const auto& table : tables) {
    if (table.account == account) out[table.name.str()].insert(table.tags.begin(), table.tags.end());
  }
  co_return out;
}

// The sums of each day between ?from= and ?to= with the tags that functions, buckets and tables have now.
async::Task<http::Response> BillAdmin::usage(AccountId account, http::Request request) {
  GUST_CO_TRY(const auto from, query_parameter(request, "from"));
  GUST_CO_TRY(auto to, query_parameter(request, "to"));
  if (to.empty()) to = "9999-12-31";
  GUST_CO_TRY(const auto usage, co_await parts_.ledger.usage(account, from, to));
  GUST_CO_TRY(const auto uses, co_await parts_.uses.usage(account, from, to));
  std::map<std::string, json::object> functions, buckets;
  json::array rows, others;
  for (const auto& sum : usage.sums) {
    if (!functions.contains(sum.function)) {
      GUST_CO_TRY(const auto tags, co_await tags_of_function(account, sum.function));
      functions[sum.function] = to_json(tags);
    }
    auto row = row_of(sum);
    row["tags"] = functions[sum.function];
    rows.push_back(std::move(row));
  }
  GUST_CO_TRY(const auto tables, co_await tags_of_tables(account));
  for (const auto& sum : uses) {
    const auto& thing = sum.thing;
    auto row = row_of(sum);
    row["tags"] = json::object();
    if (thing.service == "dynamodb" && tables.contains(thing.resource))
      row["tags"] = to_json(tables.at(thing.resource));
    if (thing.service == "s3" && !thing.resource.empty()) {
      if (!buckets.contains(thing.resource)) {
        GUST_CO_TRY(const auto tags, co_await tags_of_bucket(thing.resource));
        buckets[thing.resource] = to_json(tags);
      }
      row["tags"] = buckets[thing.resource];
    }
    others.push_back(std::move(row));
  }
  co_return admin_answer(
      json::object{{"usage", std::move(rows)}, {"uses", std::move(others)}, {"damaged_records", usage.damaged}});
}

// The functions that have instances or were invoked in the last minute.
http::Response BillAdmin::top(const AccountId& account) const {
  struct Line {
    meter::Recent::Row recent;
    std::size_t idle = 0, busy = 0, starting = 0;
  };
  std::map<std::string, Line> lines;
  for (auto& row : parts_.recent.rows(account)) lines[row.function].recent = std::move(row);
  for (const auto& pool : parts_.invoker.status()) {
    if (pool.key.account != account) continue;
    auto& line = lines[pool.key.name.str()];
    line.idle += pool.idle;
    line.busy += pool.busy;
    line.starting += pool.starting;
  }
  json::array rows;
  for (const auto& [name, line] : lines) {
    const auto& r = line.recent;
    rows.push_back(json::object{{"function", name},
                                {"rate", r.rate},
                                {"invocations", r.invocations},
                                {"errors", r.errors},
                                {"cold_starts", r.starts},
                                {"p50_ms", r.p50_ms},
                                {"p99_ms", r.p99_ms},
                                {"cpu", r.cpu},
                                {"peak_bytes", r.peak_bytes},
                                {"idle", line.idle},
                                {"busy", line.busy},
                                {"starting", line.starting}});
  }
  const auto starts = parts_.invoker.starts();
  return admin_answer(json::object{{"window_s", 60},
                                   {"functions", std::move(rows)},
                                   {"memory_bytes", starts.memory_bytes},
                                   {"memory_limit_bytes", starts.memory_limit_bytes}});
}

async::Task<http::Response> BillAdmin::budget(AccountId account) {
  GUST_CO_TRY(const auto budget, co_await parts_.budgets.get(account));
  if (!budget) co_return admin_answer(json::object{{"budget", nullptr}});
  GUST_CO_TRY(const auto spent, co_await parts_.watch.spent(*budget));
  GUST_CO_TRY(const auto amount, meter::parse_decimal(budget->amount));
  GUST_CO_TRY(const auto prices, meter::parse_prices(budget->prices, "of the budget"));
  json::object out{{"amount", budget->amount},
                   {"currency", prices.currency},
                   {"per", budget->per == meter::Budget::Per::kMonth ? "month" : "day"},
                   {"period", meter::period_of(budget->per, parts_.clock.now()).name},
                   {"spent", meter::decimal(spent)},
                   {"passed", spent >= amount},
                   {"notify", budget->notify}};
  if (!budget->passed.empty()) out["told_of"] = budget->passed;
  co_return admin_answer(json::object{{"budget", std::move(out)}});
}

async::Task<http::Response> BillAdmin::set_budget(AccountId account, http::Request request) {
  GUST_CO_TRY(const auto text, co_await async::read_all(*request.body, 64 << 10));
  GUST_CO_TRY(const auto document, codec::parse_json(text));
  if (!document.is_object()) co_return fail(Code::kInvalid, "the body must be a JSON object");
  const auto& body = document.get_object();
  meter::Budget budget;
  budget.account = account;
  budget.amount = text_in(body, "amount");
  const auto amount = meter::parse_decimal(budget.amount);
  if (!amount || *amount == 0)
    co_return fail(Code::kInvalid, fmt::format("'{}' is not an amount, as in 5 or 2.50", budget.amount));
  const auto per = text_in(body, "per");
  if (per != "month" && per != "day")
    co_return fail(Code::kInvalid, fmt::format("'{}': a budget is per month or per day", per));
  budget.per = per == "day" ? meter::Budget::Per::kDay : meter::Budget::Per::kMonth;
  const auto prices = text_in(body, "prices");
  GUST_CO_TRY(const auto list, meter::parse_prices(prices.empty() ? "{}" : prices, "of the budget"));
  budget.prices = meter::to_json(list);
  budget.notify = text_in(body, "notify");
  if (!budget.notify.empty()) {
    GUST_CO_TRY(const auto ref, functions::parse_function_name(budget.notify, "", account));
    if (ref.key.account != account) co_return fail(Code::kDenied, "the function is another account's");
    GUST_CO_CHECK(co_await parts_.registry.resolve(ref));
  }
  GUST_CO_CHECK(co_await parts_.budgets.set(std::move(budget)));
  GUST_CO_CHECK(co_await parts_.watch.look());
  co_return co_await this->budget(std::move(account));
}

async::Task<http::Response> BillAdmin::remove_budget(AccountId account) {
  GUST_CO_CHECK(co_await parts_.budgets.remove(std::move(account)));
  co_return admin_answer(json::object{{"budget", nullptr}});
}

}  // namespace gust::daemon
