#include "cli/cli.h"
#include "cli/commands/commands.h"
#include "cli/prices.h"
#include "codec/json.h"
#include "codec/time_format.h"
#include "codec/url.h"

#include <fmt/format.h>

#include <fstream>
#include <map>

namespace gust::cli {
namespace {

namespace json = boost::json;

std::uint64_t number(const json::object& row, const char* name) {
  const auto* value = row.if_contains(name);
  return value != nullptr && value->is_number() ? value->to_number<std::uint64_t>() : 0;
}

Quantities quantities_of(const json::object& row) {
  return {number(row, "invocations"), number(row, "billed_ms"), number(row, "mb_ms"), number(row, "tmp_mb_ms")};
}

// What a row of usage belongs to: its function, its day, or each of its tags.
std::vector<std::string> groups_of(const json::object& row, BillBy by) {
  const auto text = [&](const char* name) { return std::string(row.at(name).as_string()); };
  if (by == BillBy::kFunction) return {text("function")};
  if (by == BillBy::kDay) return {text("day")};
  std::vector<std::string> out;
  const auto* tags = row.if_contains("tags");
  if (tags != nullptr && tags->is_object()) {
    for (const auto& [name, value] : tags->get_object())
      out.push_back(fmt::format("{}={}", std::string_view(name), std::string_view(value.as_string())));
  }
  if (out.empty()) out.push_back("(no tag)");
  return out;
}

Result<Prices> read_prices(const std::string& path) {
  if (path.empty()) return Prices();
  std::ifstream in(path);
  if (!in) return fail(Code::kNotFound, fmt::format("--prices {}: the file cannot be read", path), "usage");
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  return parse_prices(text, path);
}

bool is_day(const std::string& text) {
  return text.size() == 10 && codec::from_iso8601(text + "T00:00:00Z").has_value();
}

Result<std::string> query_of(const BillOptions& options) {
  std::string query;
  for (const auto& [name, value] : {std::pair{"from", options.from}, {"to", options.to}}) {
    if (value.empty()) continue;
    if (!is_day(value))
      return fail(Code::kInvalid, fmt::format("--{} {}: expected a day, as in 2026-11-23", name, value), "usage");
    query += fmt::format("{}{}={}", query.empty() ? "" : "&", name, value);
  }
  return query;
}

}  // namespace

int bill_command(Session& session, const BillOptions& options) {
  const auto prices = read_prices(options.prices);
  if (!prices) return session.failed(prices.error());
  const auto query = query_of(options);
  if (!query) return session.failed(query.error());
  const auto remote = session.connect();
  if (!remote) return session.failed(remote.error());
  const auto answer = admin(**remote, "GET", "/_gust/usage", *query, "read the usage");
  if (!answer) return session.failed(answer.error());

  std::map<std::string, Quantities> groups;
  Quantities total;
  for (const auto& row : answer->at("usage").as_array()) {
    const auto used = quantities_of(row.as_object());
    total += used;
    for (const auto& group : groups_of(row.as_object(), options.by)) groups[group] += used;
  }
  const char* heads[] = {"FUNCTION", "DAY", "TAG"};
  std::vector<std::vector<std::string>> table{
      {heads[static_cast<int>(options.by)], "INVOCATIONS", "BILLED MS", "GB-SECONDS", prices->currency}};
  json::array rows;
  const auto add = [&](const std::string& name, const Quantities& used) {
    const auto cost = decimal(cost_of(used, *prices));
    table.push_back({name, std::to_string(used.invocations), std::to_string(used.billed_ms), gb_seconds(used), cost});
    return json::object{{"name", name},
                        {"invocations", used.invocations},
                        {"billed_ms", used.billed_ms},
                        {"gb_seconds", gb_seconds(used)},
                        {"cost", cost}};
  };
  for (const auto& [name, used] : groups) rows.push_back(add(name, used));
  const auto whole = add("total", total);
  if (session.output == Output::kJson) {
    session.json(json::object{{"currency", prices->currency}, {"rows", std::move(rows)}, {"total", whole}});
  } else {
    session.terminal.table(table);
  }
  return kOk;
}

}  // namespace gust::cli
