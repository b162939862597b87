// gust status: what runs, in a few lines; with --pools how instances were started.
#include "cli/commands/commands.h"
#include "codec/json.h"

#include <boost/json/array.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>
#include <vector>

namespace gust::cli {
namespace {

namespace json = boost::json;

std::string in_ms(const json::value& phase, std::string_view name) {
  const auto* value = phase.is_object() ? phase.get_object().if_contains(name) : nullptr;
  return value != nullptr && value->is_number() ? fmt::format("{:.2f}", value->to_number<double>()) : "-";
}

std::vector<json::value> members_of(const json::value& value, std::string_view name) {
  const auto* found = value.is_object() ? value.get_object().if_contains(name) : nullptr;
  return found != nullptr && found->is_array()
             ? std::vector<json::value>(found->get_array().begin(), found->get_array().end())
             : std::vector<json::value>();
}

// A line for each way of a start, and for each phase that it had.
void print_ways(Terminal& terminal, const json::value& starts) {
  std::vector<std::vector<std::string>> rows{{"START", "COUNT", "PHASE", "TIMES", "LAST MS", "MEDIAN MS", "P99 MS"}};
  for (const auto& way : members_of(starts, "ways")) {
    auto name = member(way, "way"), count = member(way, "count");
    const auto phases = members_of(way, "phases");
    if (phases.empty()) rows.push_back({name, count, "-", "-", "-", "-", "-"});
    for (const auto& phase : phases) {
      rows.push_back({std::exchange(name, ""), std::exchange(count, ""), member(phase, "phase"), member(phase, "count"),
                      in_ms(phase, "last_ms"), in_ms(phase, "median_ms"), in_ms(phase, "p99_ms")});
    }
  }
  terminal.table(rows);
}

// The objects of the array `name` as a table, below a free line.
void print_members(Terminal& terminal, const json::object& all, std::string_view name, std::vector<std::string> titles,
                   const std::vector<std::string_view>& members) {
  std::vector<std::vector<std::string>> rows{std::move(titles)};
  if (const auto* found = all.if_contains(name); found != nullptr && found->is_array()) {
    for (const auto& each : found->get_array()) {
      rows.push_back({});
      for (const auto member_name : members) rows.back().push_back(member(each, member_name));
    }
  }
  terminal.line("");
  terminal.table(rows);
}

// "1 instance", "2 instances".
std::string counted(const std::string& number, std::string_view what) {
  return fmt::format("{} {}{}", number, what, number == "1" ? "" : "s");
}

// What limits of sandboxes are enforced, and what else is said of them.
void print_sandboxes(Terminal& terminal, const json::value& sandboxes) {
  std::vector<std::string> limits, missing;
  constexpr std::pair<const char*, const char*> kLimits[] = {
      {"memory_limit", "memory"}, {"process_limit", "processes"}, {"cpu_limit", "cpu"}};
  for (const auto& [name, shown] : kLimits)
    (member(sandboxes, name) == "enforced" ? limits : missing).emplace_back(shown);
  auto line = fmt::format("Sandboxes by {}", member(sandboxes, "privilege"));
  if (!limits.empty()) line += fmt::format(", limited in {}", fmt::join(limits, ", "));
  if (!missing.empty())
    line += terminal.paint(Colour::kYellow, fmt::format(", no limit of: {}", fmt::join(missing, ", ")));
  terminal.line(line);
  for (const auto& note : members_of(sandboxes, "notes"))
    terminal.line("  " + (note.is_string() ? std::string(note.get_string()) : codec::to_json(note)));
}

void print_status(Terminal& terminal, const json::value& status) {
  const auto& all = status.as_object();
  terminal.line(fmt::format("Gust {} at {}, account {}", member(status, "version"), member(status, "endpoint"),
                            member(status, "account")));
  const auto& events = all.at("events");
  const auto failed = member(events, "failed");
  terminal.line(fmt::format("{}; events: {} waiting, {} running, {}", counted(member(status, "functions"), "function"),
                            member(events, "waiting"), member(events, "running"),
                            failed == "0" ? "none failed"
                                          : terminal.paint(Colour::kRed, failed + " failed (gust failed list)")));
  print_sandboxes(terminal, all.at("sandboxes"));
  if (const auto* const budget = all.if_contains("budget"))
    terminal.line(fmt::format("Budget of a {}: {} of {} {} spent", member(*budget, "period"), member(*budget, "spent"),
                              member(*budget, "amount"), member(*budget, "currency")));
  if (members_of(status, "instances").empty()) return terminal.line("No function has an instance now.");
  print_members(terminal, all, "instances",
                {"FUNCTION", "VERSION", "IDLE", "BUSY", "STARTING", "PROVISIONED", "INVOCATIONS NOW"},
                {"function", "version", "idle", "busy", "starting", "provisioned", "invocations"});
}

}  // namespace

int status_command(Session& session) {
  return show_answer(session, "/_gust/status", "read the status", [&](json::value answer) {
    const auto remote = session.connect();
    const auto budget = remote ? admin(**remote, "GET", "/_gust/budget", "", "read the budget")
                               : Result<json::value>(std::unexpected(remote.error()));
    if (budget && !budget->at("budget").is_null()) answer.as_object()["budget"] = budget->at("budget");
    if (session.output == Output::kJson) return session.json(answer);
    print_status(session.terminal, answer);
  });
}

int pools_command(Session& session) {
  return show_answer(session, "/_gust/status", "read the status", [&](const json::value& answer) {
    const auto* starts = answer.is_object() ? answer.get_object().if_contains("starts") : nullptr;
    if (starts == nullptr || !starts->is_object()) return session.terminal.line("The daemon tells nothing of it.");
    if (session.output == Output::kJson) return session.json(*starts);
    const auto& all = starts->get_object();
    print_ways(session.terminal, *starts);
    print_members(session.terminal, all, "ready_runtimes",
                  {"RUNTIME", "READY", "BOOTING", "WANTED", "TAKEN", "MISSED", "BYTES EACH"},
                  {"runtime", "ready", "booting", "target", "taken", "missed", "bytes_each"});
    if (member(*starts, "snapshots") == "[]") return;
    print_members(session.terminal, all, "snapshots",
                  {"SNAPSHOT OF", "VERSION", "STATE", "BYTES", "INSTANCES", "WHY NONE"},
                  {"function", "version", "state", "bytes", "restored", "reason"});
  });
}

}  // namespace gust::cli
