// gust table ls, describe, get, put, rm, query, scan, export, import.
#include "cli/bucket/progress.h"
#include "cli/cli.h"
#include "cli/commands/commands.h"
#include "cli/given_text.h"
#include "cli/table/conditions.h"
#include "cli/table/transfer.h"

#include <boost/json/array.hpp>
#include <fmt/format.h>


namespace gust::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxErrorsShown = 20;

Form form_of(const TableOptions& options) { return options.raw ? Form::kTyped : Form::kPlain; }

std::string key_text(const std::vector<TableKey>& key) {
  std::string out;
  for (const auto& one : key) out += fmt::format("{}{} ({})", out.empty() ? "" : ", ", one.name, one.type);
  return out;
}

// A member of a member, or of its member.
std::string found(const json::value& value, std::initializer_list<const char*> names) {
  const json::value* at = &value;
  for (const auto* name : names) {
    at = at->is_object() ? at->get_object().if_contains(name) : nullptr;
    if (at == nullptr) return {};
  }
  return at->is_string() ? std::string(at->get_string()) : std::string();
}

Result<std::vector<std::vector<std::string>>> described(const TableInfo& table) {
  const auto& about = table.description;
  const auto billing = found(about, {"BillingModeSummary", "BillingMode"});
  std::vector<std::vector<std::string>> out{{"name", table.name},
                                            {"key", key_text(table.key)},
                                            {"status", found(about, {"TableStatus"})},
                                            {"billing", billing.empty() ? "PROVISIONED" : billing},
                                            {"arn", found(about, {"TableArn"})}};
  const auto* items = about.if_contains("ItemCount");
  const auto* bytes = about.if_contains("TableSizeBytes");
  if (items != nullptr && items->is_int64() && bytes != nullptr && bytes->is_int64()) {
    out.push_back({"items", fmt::format("about {}, {}", items->get_int64(),
                                        bytes_text(static_cast<std::uint64_t>(bytes->get_int64())))});
  }
  if (const auto stream = found(about, {"StreamSpecification", "StreamViewType"}); !stream.empty())
    out.push_back({"stream", stream});
  for (const auto* kind : {"GlobalSecondaryIndexes", "LocalSecondaryIndexes"}) {
    const auto* all = about.if_contains(kind);
    if (all == nullptr) continue;
    for (const auto& one : all->get_array()) {
      const auto name = found(one, {"IndexName"});
      GUST_TRY(const auto key, table.key_of(name));
      const auto status = found(one, {"IndexStatus"});
      out.push_back({"index", fmt::format("{}: {}; {} {}{}", name, key_text(key),
                                          std::string_view(kind).starts_with('G') ? "global" : "local",
                                          found(one, {"Projection", "ProjectionType"}),
                                          status.empty() || status == "ACTIVE" ? "" : " " + status)});
    }
  }
  return out;
}

// Prints items as they come: one a line, or with --json as one list.
Result<void> print(Session& session, TableClient& client, const TableInfo& table, TableQuery selection,
                   const TableOptions& options) {
  std::uint64_t count = 0;
  const bool list = session.output == Output::kJson;
  const auto each = [&](const json::object& item) -> Result<bool> {
    if (list) session.terminal.raw(count == 0 ? "[" : ",\n");
    const auto text = item_text(item, table.key_names(), form_of(options));
    if (list)
      session.terminal.raw(text);
    else
      session.terminal.line(text);
    ++count;
    return options.limit == 0 || count < options.limit;
  };
  // With a filter more must be looked at than is found.
  if (options.limit > 0 && options.filter.empty()) selection.most = options.limit;
  GUST_CHECK(client.select(std::move(selection), table.name, each));
  if (list) session.terminal.line(count == 0 ? "[]" : "]");
  return {};
}

Result<int> import_file(Session& session, TableClient& client, const TableOptions& options) {
  GUST_TRY(const auto table, client.describe(options.name));
  GUST_TRY(const auto done, import_items(session.terminal, client, table, options.file, form_of(options)));
  json::array failed;
  for (const auto& one : done.failed) {
    if (failed.size() < kMaxErrorsShown)
      session.terminal.error(fmt::format("{}:{}: {}", options.file, one.line, one.error));
    failed.push_back({{"line", one.line}, {"error", one.error}});
  }
  if (failed.size() > kMaxErrorsShown)
    session.terminal.error(fmt::format("and {} lines more; --json names them all", failed.size() - kMaxErrorsShown));
  if (session.output == Output::kJson) {
    session.json(json::object{{"items", done.items}, {"failed", failed}});
  } else {
    session.terminal.line(fmt::format("{} items into {}{}", done.items, options.name,
                                      failed.empty() ? "" : fmt::format(", {} lines failed", failed.size())));
  }
  return failed.empty() ? kOk : kFailed;
}

using Work = std::function<Result<int>(TableClient&)>;

int run_with_client(Session& session, const Work& work) {
  const auto remote = session.connect();
  if (!remote) return session.failed(remote.error());
  TableClient client(**remote);
  const auto done = work(client);
  return done ? *done : session.failed(done.error());
}

}  // namespace

int table_list_command(Session& session) {
  return run_with_client(session, [&](TableClient& client) -> Result<int> {
    GUST_TRY(const auto names, client.names());
    json::array all;
    for (const auto& name : names) {
      all.emplace_back(name);
      if (session.output == Output::kText) session.terminal.line(name);
    }
    if (session.output == Output::kJson) session.json(all);
    if (session.output == Output::kText && names.empty()) session.terminal.progress("There are no tables.");
    return kOk;
  });
}

int table_describe_command(Session& session, const TableOptions& options) {
  return run_with_client(session, [&](TableClient& client) -> Result<int> {
    GUST_TRY(const auto table, client.describe(options.name));
    if (session.output == Output::kJson) {
      session.json(table.description);
      return kOk;
    }
    GUST_TRY(const auto rows, described(table));
    session.terminal.table(rows);
    return kOk;
  });
}

int table_get_command(Session& session, const TableOptions& options) {
  return run_with_client(session, [&](TableClient& client) -> Result<int> {
    GUST_TRY(const auto table, client.describe(options.name));
    GUST_TRY(const auto key, key_from(table, options.conditions));
    GUST_TRY(const auto item, client.get(options.name, key));
    if (item.empty()) {
      return fail(Code::kNotFound, fmt::format("the table '{}' has no item {}", options.name,
                                               item_text(key, table.key_names(), Form::kPlain)));
    }
    session.terminal.line(item_text(item, table.key_names(), form_of(options)));
    return kOk;
  });
}

int table_put_command(Session& session, const TableOptions& options) {
  return run_with_client(session, [&](TableClient& client) -> Result<int> {
    GUST_TRY(const auto text, given_text(options.item));
    GUST_TRY(const auto item, item_from(text, form_of(options)));
    GUST_CHECK(client.put(options.name, item));
    return kOk;
  });
}

// An item whose key is given; else the table, which takes its items with it and so asks.
int table_remove_command(Session& session, const TableOptions& options) {
  return run_with_client(session, [&](TableClient& client) -> Result<int> {
    GUST_TRY(const auto table, client.describe(options.name));
    if (options.conditions.empty()) {
      const auto question = fmt::format("The table '{}' is deleted with all its items. Go on?", options.name);
      if (!options.yes && !session.terminal.ask(question)) {
        return fail(Code::kCancelled,
                    fmt::format("nothing was removed: say --yes to delete the table '{}' with all its items, or name "
                                "the key of an item",
                                options.name));
      }
      GUST_CHECK(client.remove_table(options.name));
    } else {
      GUST_TRY(const auto key, key_from(table, options.conditions));
      GUST_TRY(const bool there, client.remove(options.name, key));
      if (!there) {
        return fail(Code::kNotFound, fmt::format("the table '{}' has no item {}", options.name,
                                                 item_text(key, table.key_names(), Form::kPlain)));
      }
    }
    if (session.output == Output::kJson) session.json(json::object{{"removed", options.name}});
    return kOk;
  });
}

int table_query_command(Session& session, const TableOptions& options) {
  return run_with_client(session, [&](TableClient& client) -> Result<int> {
    GUST_TRY(const auto table, client.describe(options.name));
    QueryWords words{options.conditions, options.index, options.filter};
    if (options.descending) words.order = QueryWords::Order::kBackward;
    GUST_TRY(auto selection, query_of(table, words));
    GUST_CHECK(print(session, client, table, std::move(selection), options));
    return kOk;
  });
}

int table_scan_command(Session& session, const TableOptions& options) {
  return run_with_client(session, [&](TableClient& client) -> Result<int> {
    GUST_TRY(const auto table, client.describe(options.name));
    GUST_CHECK(table.key_of(options.index));
    GUST_CHECK(print(session, client, table, scan_of(table, options.index, options.filter), options));
    return kOk;
  });
}

int table_export_command(Session& session, const TableOptions& options) {
  return run_with_client(session, [&](TableClient& client) -> Result<int> {
    GUST_TRY(const auto table, client.describe(options.name));
    auto selection = scan_of(table, "", options.filter);
    GUST_TRY(const auto items,
             export_items(session.terminal, client, table, std::move(selection), options.file, form_of(options)));
    if (options.file == "-") return kOk;
    if (session.output == Output::kJson)
      session.json(json::object{{"items", items}, {"file", options.file}});
    else
      session.terminal.line(fmt::format("{} items into {}", items, options.file));
    return kOk;
  });
}

int table_import_command(Session& session, const TableOptions& options) {
  return run_with_client(session, [&](TableClient& client) { return import_file(session, client, options); });
}

}  // namespace gust::cli
