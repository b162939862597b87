// gust bill and gust budget: what was used, what it costs by a list of prices, and how much it may.
#include "cli/cli.h"
#include "cli/commands/command_table.h"
#include "cli/commands/commands.h"
#include "cli/given_text.h"
#include "codec/json.h"
#include "codec/time_format.h"
#include "meter/prices.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <memory>

namespace gust::cli {
namespace {

namespace json = boost::json;
using meter::Prices;
using meter::Quantities;

struct BillOptions {
  std::string by = "function", from, to, prices;
  bool csv = false;
};

struct BudgetOptions {
  std::string amount, per = "month", notify, prices;
};

// What a group of rows used; `requests` of functions are their invocations.
struct Used {
  Quantities priced;
  std::uint64_t requests = 0, bytes_in = 0, bytes_inside = 0;
  Used& operator+=(const Used& other) {
    priced += other.priced;
    requests += other.requests;
    bytes_in += other.bytes_in;
    bytes_inside += other.bytes_inside;
    return *this;
  }
};
using Groups = std::map<std::string, Used>;

std::uint64_t number(const json::object& row, const char* name) {
  const auto* value = row.if_contains(name);
  return value != nullptr && value->is_number() ? value->to_number<std::uint64_t>() : 0;
}

std::string text(const json::object& row, const char* name) { return member(row, name); }

Used used_by_function(const json::object& row) {
  Used out;
  out.priced.invocations = out.requests = number(row, "invocations");
  out.priced.billed_ms = number(row, "billed_ms");
  out.priced.mb_ms = number(row, "mb_ms");
  out.priced.tmp_mb_ms = number(row, "tmp_mb_ms");
  return out;
}

Used used_by_other(const json::object& row) {
  Used out;
  auto& p = out.priced;
  p.puts = number(row, "puts");
  p.gets = number(row, "gets");
  p.api_requests = number(row, "api_requests");
  p.bytes_out = number(row, "bytes_out");
  p.read_milliunits = number(row, "read_milliunits");
  p.write_milliunits = number(row, "write_milliunits");
  (text(row, "service") == "s3" ? p.object_byte_hours : p.table_byte_hours) = number(row, "byte_hours");
  out.requests = number(row, "requests");
  out.bytes_in = number(row, "bytes_in");
  out.bytes_inside = number(row, "bytes_inside");
  return out;
}

// What a row belongs to; each of its tags, where it goes by those.
std::vector<std::string> groups_of(const json::object& row, const std::string& by) {
  const bool function = row.contains("function");
  const auto service = function ? "lambda" : text(row, "service");
  if (by == "service") return {service};
  if (by == "day") return {text(row, "day")};
  if (by == "function") return {function ? text(row, "function") : "(other services)"};
  if (by == "resource") {
    const auto name = text(row, function ? "function" : "resource");
    return {fmt::format("{}:{}", service, name.empty() ? "-" : name)};
  }
  const auto key = by.starts_with("tag:") ? by.substr(4) : "";
  std::vector<std::string> out;
  const auto* tags = row.if_contains("tags");
  if (tags != nullptr && tags->is_object()) {
    for (const auto& [name, value] : tags->get_object()) {
      const std::string_view content(value.as_string());
      if (key.empty()) out.push_back(fmt::format("{}={}", std::string_view(name), content));
      if (std::string_view(name) == key) out.emplace_back(content);
    }
  }
  if (out.empty()) out.push_back(key.empty() ? "(no tag)" : fmt::format("(no {})", key));
  return out;
}

Result<std::string> check_by(const std::string& by) {
  for (const auto* known : {"function", "service", "resource", "day", "tag"}) {
    if (by == known) return by;
  }
  if (by.starts_with("tag:") && by.size() > 4) return by;
  return fail(Code::kInvalid,
              fmt::format("--by {}: expected function, service, resource, day, tag or tag:KEY", by), "usage");
}

Result<Prices> read_prices(const std::string& given) {
  if (given.empty()) return Prices();
  if (const auto named = meter::named_prices(given)) return *named;
  const auto content = read_file(given);
  if (!content) {
    return fail(Code::kNotFound,
                fmt::format("--prices: {}; give a file, or one of {}", content.error().message, meter::price_names()),
                "usage");
  }
  return meter::parse_prices(*content, given);
}

bool is_day(const std::string& day) {
  return day.size() == 10 && codec::from_iso8601(day + "T00:00:00Z").has_value();
}

Result<std::string> query_of(const BillOptions& options) {
  std::string query;
  for (const auto& [name, value] : {std::pair{"from", options.from}, {"to", options.to}}) {
    if (value.empty()) continue;
    if (!is_day(value))
      return fail(Code::kInvalid, fmt::format("--{} {}: expected a day, as in 2026-11-23", name, value), "usage");
    query += fmt::format("{}{}={}", query.empty() ? "" : "&", name, value);
  }
  if (!options.from.empty() && !options.to.empty() && options.from > options.to)
    return fail(Code::kInvalid, fmt::format("--from {} is after --to {}", options.from, options.to), "usage");
  return query;
}

std::string units(std::uint64_t milli) {
  return milli % 1000 == 0 ? std::to_string(milli / 1000) : fmt::format("{:.1f}", static_cast<double>(milli) / 1000);
}

std::string bytes(std::uint64_t n) {
  if (n < 1024) return fmt::format("{} B", n);
  double size = static_cast<double>(n);
  int unit = 0;
  constexpr const char* kUnits[] = {"B", "KB", "MB", "GB", "TB"};
  for (; size >= 1024 && unit < 4; ++unit) size /= 1024;
  return fmt::format("{:.1f} {}", size, kUnits[unit]);
}

// The parts of what was used that are there, each with its name for machines and for people.
struct Part {
  std::string name, value, shown;
};
std::vector<Part> parts_of(const Used& used) {
  std::vector<Part> out;
  const auto& p = used.priced;
  const auto add = [&](const char* name, std::uint64_t n, std::string value, std::string shown) {
    if (n > 0) out.push_back({name, std::move(value), std::move(shown)});
  };
  const auto count = [&](const char* name, std::uint64_t n, std::string_view what) {
    add(name, n, std::to_string(n), fmt::format("{} {}", n, what));
  };
  count("puts", p.puts, "puts");
  count("gets", p.gets, "gets");
  count("api_requests", p.api_requests, "API requests");
  add("read_units", p.read_milliunits, units(p.read_milliunits), units(p.read_milliunits) + " reads");
  add("write_units", p.write_milliunits, units(p.write_milliunits), units(p.write_milliunits) + " writes");
  const auto stored = p.object_byte_hours + p.table_byte_hours;
  add("gb_months", stored, meter::gb_months(stored), meter::gb_months(stored) + " GB-months");
  add("bytes_in", used.bytes_in, std::to_string(used.bytes_in), bytes(used.bytes_in) + " in");
  add("bytes_out", p.bytes_out, std::to_string(p.bytes_out), bytes(p.bytes_out) + " out");
  add("bytes_inside", used.bytes_inside, std::to_string(used.bytes_inside), bytes(used.bytes_inside) + " inside");
  return out;
}

json::object to_json(const std::string& name, const Used& used, const Prices& prices) {
  json::object out{{"name", name},
                   {"invocations", used.priced.invocations},
                   {"billed_ms", used.priced.billed_ms},
                   {"gb_seconds", gb_seconds(used.priced)},
                   {"cost", meter::decimal(cost_of(used.priced, prices))}};
  if (used.requests != used.priced.invocations) out["requests"] = used.requests;
  for (const auto& part : parts_of(used)) out[part.name] = part.value;
  return out;
}

std::vector<std::string> line_of(const std::string& name, const Used& used, const Prices& prices,
                                 const std::string& by) {
  const auto cost = meter::decimal(cost_of(used.priced, prices));
  if (by == "function") {
    return {name, std::to_string(used.priced.invocations), std::to_string(used.priced.billed_ms),
            gb_seconds(used.priced), cost};
  }
  std::vector<std::string> shown;
  if (used.priced.mb_ms > 0) shown.push_back(gb_seconds(used.priced) + " GB-seconds");
  for (const auto& part : parts_of(used)) shown.push_back(part.shown);
  return {name, std::to_string(used.requests), cost, fmt::format("{}", fmt::join(shown, ", "))};
}

std::string quoted(const std::string& cell) {
  if (cell.find_first_of(",\"\r\n") == std::string::npos) return cell;
  std::string out = "\"";
  for (const char c : cell) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

void print_csv(Session& session, const Groups& groups, const Prices& prices, const std::string& by) {
  constexpr const char* kColumns[] = {"requests",    "invocations", "billed_ms", "gb_seconds", "puts",
                                      "gets",        "api_requests", "read_units", "write_units", "gb_months",
                                      "bytes_in",    "bytes_out",   "bytes_inside"};
  session.terminal.line(fmt::format("{},{},cost,currency", quoted(by), fmt::join(kColumns, ",")));
  for (const auto& [name, used] : groups) {
    auto row = to_json(name, used, prices);
    row["requests"] = used.requests;
    std::string line = quoted(name);
    for (const auto* column : kColumns) {
      const auto cell = member(row, column);
      line += "," + (cell.empty() ? "0" : cell);
    }
    session.terminal.line(fmt::format("{},{},{}", line, member(row, "cost"), quoted(prices.currency)));
  }
}

// One line of a budget that there is.
void print_budget(Session& session, const json::value& budget) {
  const auto passed = member(budget, "passed") == "true";
  const auto line = fmt::format("Budget {}: {} of {} {} spent{}", member(budget, "period"), member(budget, "spent"),
                                member(budget, "amount"), member(budget, "currency"), passed ? ", it is passed" : "");
  session.terminal.line(session.terminal.paint(passed ? Colour::kRed : Colour::kPlain, line));
}

json::value budget_in(const json::value& answer) {
  const auto* found = answer.is_object() ? answer.get_object().if_contains("budget") : nullptr;
  return found == nullptr ? json::value() : *found;
}

Result<void> bill(Session& session, const BillOptions& options) {
  if (options.csv && session.output == Output::kJson)
    return fail(Code::kInvalid, "--csv and --json: choose one of them", "usage");
  GUST_TRY(const auto by, check_by(options.by));
  GUST_TRY(const auto prices, read_prices(options.prices));
  GUST_TRY(const auto query, query_of(options));
  GUST_TRY(const auto remote, session.connect());
  GUST_TRY(const auto answer, admin(*remote, "GET", "/_gust/usage", query, "read the usage"));
  Groups groups;
  Used total;
  for (const auto* list : {"usage", "uses"}) {
    const auto* rows = answer.as_object().if_contains(list);
    if (rows == nullptr || !rows->is_array()) continue;
    for (const auto& row : rows->get_array()) {
      const auto& object = row.as_object();
      const auto used = object.contains("function") ? used_by_function(object) : used_by_other(object);
      total += used;
      for (const auto& group : groups_of(object, by)) groups[group] += used;
    }
  }
  if (options.csv) {
    print_csv(session, groups, prices, by);
    return {};
  }
  GUST_TRY(const auto budgets, admin(*remote, "GET", "/_gust/budget", "", "read the budget"));
  const auto budget = budget_in(budgets);
  if (session.output == Output::kJson) {
    json::array rows;
    for (const auto& [name, used] : groups) rows.push_back(to_json(name, used, prices));
    json::object out{{"currency", prices.currency},
                     {"rows", std::move(rows)},
                     {"total", to_json("total", total, prices)}};
    if (!budget.is_null()) out["budget"] = budget;
    session.json(out);
    return {};
  }
  std::vector<std::vector<std::string>> table;
  if (by == "function") {
    table.push_back({"FUNCTION", "INVOCATIONS", "BILLED MS", "GB-SECONDS", prices.currency});
  } else {
    auto head = by;
    for (auto& c : head) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    table.push_back({head, "REQUESTS", prices.currency, "USED"});
  }
  for (const auto& [name, used] : groups) table.push_back(line_of(name, used, prices, by));
  table.push_back(line_of("total", total, prices, by));
  session.terminal.table(table);
  if (!budget.is_null()) print_budget(session, budget);
  return {};
}

int show_budget(Session& session, const Result<json::value>& answer) {
  if (!answer) return session.failed(answer.error());
  const auto budget = budget_in(*answer);
  if (session.output == Output::kJson)
    session.json(*answer);
  else if (budget.is_null())
    session.terminal.line("There is no budget; gust budget set 5 --per month makes one.");
  else
    print_budget(session, budget);
  return kOk;
}

Result<json::value> set_budget(Session& session, const BudgetOptions& options) {
  json::object body{{"amount", options.amount}, {"per", options.per}};
  if (!options.prices.empty()) {
    GUST_TRY(const auto prices, read_prices(options.prices));
    body["prices"] = meter::to_json(prices);
  }
  GUST_TRY(const auto remote, session.connect());
  if (!options.notify.empty()) {
    GUST_TRY(const auto name, find_function(*remote, options.notify));
    body["notify"] = name;
  }
  return admin(*remote, "PUT", "/_gust/budget", "", "set the budget", codec::to_json(body));
}

Result<json::value> ask_budget(Session& session, const char* method) {
  GUST_TRY(const auto remote, session.connect());
  return admin(*remote, method, "/_gust/budget", "", "read the budget");
}

void add_budget(CommandTable& table) {
  const auto options = std::make_shared<BudgetOptions>();
  auto* sub = table.add("budget", "What may be spent, and who hears of it when it is",
                        "gust budget set 5 --per month --notify alarm\n  gust budget show\n  gust budget rm");
  sub->require_subcommand(1);
  auto* set = table.add("set", "Set it; the function is invoked once in each period that passes it",
                        "gust budget set 5 --per month --notify alarm\n  gust budget set 0.20 --per day", sub);
  set->add_option("amount", options->amount, "In the currency of the prices, as in 5 or 2.50")->required();
  set->add_option("--per", options->per, "month or day, by UTC")->check(CLI::IsMember({"month", "day"}))
      ->default_str("month");
  set->add_option("--notify", options->notify, "A function's name, or its logical id in a deployed template");
  set->add_option("--prices", options->prices, "A JSON file with prices, or aws, aws-arm, none");
  set->callback([&table, options] { table.code = show_budget(table.session, set_budget(table.session, *options)); });
  auto* show = table.add("show", "Show it and what is spent", "gust budget show\n  gust budget show --json", sub);
  show->callback([&table] { table.code = show_budget(table.session, ask_budget(table.session, "GET")); });
  auto* remove = table.add("rm", "Remove it", "gust budget rm", sub);
  remove->callback([&table] { table.code = show_budget(table.session, ask_budget(table.session, "DELETE")); });
}

}  // namespace

void add_bill_commands(CommandTable& table) {
  const auto options = std::make_shared<BillOptions>();
  auto* sub = table.add("bill", "What was used, and what it costs by a list of prices",
                        "gust bill\n  gust bill --by service\n  gust bill --by day --from 2026-11-01 --csv\n"
                        "  gust bill --by tag:team --prices prices.json --json");
  sub->add_option("--by", options->by, "What each line is for, also tag:KEY")
      ->type_name("{function,service,resource,day,tag}")
      ->default_str("function");
  sub->add_option("--from", options->from, "The first day, as in 2026-11-01 (UTC)");
  sub->add_option("--to", options->to, "The last day");
  sub->add_option("--prices", options->prices, "A JSON file with prices, or aws (the default), aws-arm, none");
  sub->add_flag("--csv", options->csv, "Print comma-separated values");
  sub->callback([&table, options] {
    const auto done = bill(table.session, *options);
    table.code = done ? kOk : table.session.failed(done.error());
  });
  add_budget(table);
}

}  // namespace gust::cli
