#include "cli/cli.h"
#include "cli/commands/commands.h"
#include "codec/json.h"
#include "codec/url.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

namespace gust::cli {
namespace {

namespace json = boost::json;

// The list in an answer, which is a list itself or an object with one.
std::vector<json::value> list_of(const json::value& answer) {
  const auto* array = answer.if_array();
  if (array == nullptr && answer.is_object()) {
    for (const auto& field : answer.get_object()) {
      if (field.value().is_array()) array = &field.value().get_array();
    }
  }
  return array == nullptr ? std::vector<json::value>() : std::vector<json::value>(array->begin(), array->end());
}

std::string first_member(const json::value& value, std::initializer_list<std::string_view> names) {
  for (const auto name : names) {
    if (auto text = member(value, name); !text.empty()) return text;
  }
  return "-";
}

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

// Every member on a line of its own, nested ones indented.
void print_tree(Terminal& terminal, const json::value& value, int depth = 0) {
  const std::string indent(static_cast<std::size_t>(depth) * 2, ' ');
  const auto* object = value.if_object();
  if (object == nullptr)
    return terminal.line(indent + (value.is_string() ? std::string(value.get_string()) : codec::to_json(value)));
  for (const auto& [name, child] : *object) {
    if (child.is_object() && depth < 4) {
      terminal.line(fmt::format("{}{}:", indent, std::string_view(name)));
      print_tree(terminal, child, depth + 1);
    } else if (child.is_array() && !child.get_array().empty() && child.get_array().front().is_object() && depth < 4) {
      terminal.line(fmt::format("{}{}:", indent, std::string_view(name)));
      for (const auto& item : child.get_array()) {
        print_tree(terminal, item, depth + 1);
        if (&item != &child.get_array().back()) terminal.line("");
      }
    } else {
      terminal.line(fmt::format("{}{}: {}", indent, std::string_view(name), member(value, name)));
    }
  }
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

// Fetches, then prints as JSON or with `print`.
template <typename F>
int show(Session& session, const std::string& path, std::string_view what, F print) {
  const auto remote = session.connect();
  if (!remote) return session.failed(remote.error());
  const auto answer = admin(**remote, "GET", path, "", what);
  if (!answer) return session.failed(answer.error());
  print(*answer);
  return kOk;
}

int for_each_failed(Session& session, const std::vector<std::string>& ids, const std::string& method,
                    std::string_view tail, std::string_view what, std::string_view done) {
  const auto remote = session.connect();
  if (!remote) return session.failed(remote.error());
  int code = kOk;
  json::array out;
  for (const auto& id : ids) {
    const auto path = fmt::format("/_gust/failed/{}{}", codec::percent_encode(id), tail);
    const auto answer = admin(**remote, method, path, "", fmt::format("{} {}", what, id));
    if (!answer)
      code = session.failed(answer.error());
    else if (session.output == Output::kText)
      session.terminal.line(fmt::format("{} {}", done, id));
    else
      out.push_back(answer->is_null() ? json::value(json::object{{"id", id}, {"state", done}}) : *answer);
  }
  if (session.output == Output::kJson) session.json(out);
  return code;
}

}  // namespace

int status_command(Session& session) {
  return show(session, "/_gust/status", "read the status", [&](json::value answer) {
    const auto remote = session.connect();
    const auto budget = remote ? admin(**remote, "GET", "/_gust/budget", "", "read the budget")
                               : Result<json::value>(std::unexpected(remote.error()));
    if (budget && !budget->at("budget").is_null()) answer.as_object()["budget"] = budget->at("budget");
    if (session.output == Output::kJson) return session.json(answer);
    print_tree(session.terminal, answer);
  });
}

int pools_command(Session& session) {
  return show(session, "/_gust/status", "read the status", [&](const json::value& answer) {
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

int failed_list_command(Session& session) {
  return show(session, "/_gust/failed", "list what failed", [&](const json::value& answer) {
    const auto items = list_of(answer);
    if (session.output == Output::kJson) return session.json(json::array(items.begin(), items.end()));
    if (items.empty()) return session.terminal.line("Nothing has failed.");
    std::vector<std::vector<std::string>> rows{{"ID", "FUNCTION", "ATTEMPTS", "ERROR"}};
    for (const auto& item : items) {
      auto error = first_member(item, {"error", "message", "reason", "error_message"});
      if (error.size() > 80) error = error.substr(0, 77) + "...";
      rows.push_back({first_member(item, {"id"}), first_member(item, {"function", "function_name", "function_arn"}),
                      first_member(item, {"attempts", "attempt"}), error});
    }
    session.terminal.table(rows);
  });
}

int failed_show_command(Session& session, const std::string& id) {
  const auto path = "/_gust/failed/" + codec::percent_encode(id);
  return show(session, path, fmt::format("show {}", id), [&](const json::value& answer) {
    if (session.output == Output::kJson) return session.json(answer);
    print_tree(session.terminal, answer);
  });
}

int failed_retry_command(Session& session, const std::vector<std::string>& ids) {
  return for_each_failed(session, ids, "POST", "/retry", "retry", "retried");
}

int failed_drop_command(Session& session, const std::vector<std::string>& ids) {
  return for_each_failed(session, ids, "DELETE", "", "drop", "dropped");
}

int account_create_command(Session& session, const AccountOptions& options) {
  json::object body{{"name", options.name}};
  if (!options.id.empty()) body["id"] = options.id;
  if (!options.canonical_id.empty()) body["canonical_id"] = options.canonical_id;
  if (options.access_key.empty() != options.secret.empty()) {
    return session.failed({Code::kInvalid, "--access-key and --secret go together; give both or none", "usage"});
  }
  if (!options.access_key.empty()) {
    body["access_key_id"] = options.access_key;
    body["secret_access_key"] = options.secret;
  }
  const auto remote = session.connect();
  if (!remote) return session.failed(remote.error());
  const auto answer = admin(**remote, "POST", "/_gust/accounts", "", "create the account", codec::to_json(body));
  if (!answer) return session.failed(answer.error());
  if (session.output == Output::kJson)
    session.json(*answer);
  else
    print_tree(session.terminal, *answer);
  return kOk;
}

int account_list_command(Session& session) {
  return show(session, "/_gust/accounts", "list the accounts", [&](const json::value& answer) {
    const auto items = list_of(answer);
    if (session.output == Output::kJson) return session.json(json::array(items.begin(), items.end()));
    std::vector<std::vector<std::string>> rows{{"ID", "NAME", "CANONICAL ID"}};
    for (const auto& item : items)
      rows.push_back({first_member(item, {"id"}), first_member(item, {"name"}), first_member(item, {"canonical_id"})});
    session.terminal.table(rows);
  });
}

}  // namespace gust::cli
