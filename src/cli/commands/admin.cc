#include "cli/cli.h"
#include "cli/commands/commands.h"
#include "codec/json.h"
#include "codec/url.h"

#include <fmt/format.h>


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

int failed_list_command(Session& session) {
  return show_answer(session, "/_gust/failed", "list what failed", [&](const json::value& answer) {
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
  return show_answer(session, path, fmt::format("show {}", id), [&](const json::value& answer) {
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
  return show_answer(session, "/_gust/accounts", "list the accounts", [&](const json::value& answer) {
    const auto items = list_of(answer);
    if (session.output == Output::kJson) return session.json(json::array(items.begin(), items.end()));
    std::vector<std::vector<std::string>> rows{{"ID", "NAME", "CANONICAL ID"}};
    for (const auto& item : items)
      rows.push_back({first_member(item, {"id"}), first_member(item, {"name"}), first_member(item, {"canonical_id"})});
    session.terminal.table(rows);
  });
}

}  // namespace gust::cli
