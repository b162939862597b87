#include "cli/deploy/deploy.h"

#include "codec/json.h"

#include <fmt/format.h>

namespace gust::cli {
namespace {

std::string view_text(const TableState& state) {
  const auto* stream = state.settings.if_contains("StreamSpecification");
  return stream == nullptr ? "" : codec::to_json(*stream);
}

}  // namespace

// What a table cannot become is said before anything is changed. Of a stream that will be another one the ARN is not
// known any more.
Result<void> Deploy::check_tables() {
  bool forgotten = false;
  for (const auto& table : desired_.tables) {
    GUST_TRY(const auto wanted, table_state(table));
    const auto it = before_.entries.find(table.logical_id);
    if (it == before_.entries.end() || it->second.physical != table.name || !present_.contains(table.logical_id))
      continue;
    GUST_TRY(const auto was, services_.read_table(table.name));
    if (!was) continue;
    if (const auto why = needs_new_table(*was, wanted); !why.empty()) {
      return fail(Code::kUnsupported,
                  fmt::format("{}:{}: the table {} would need {}, which only a new table can have: give it another "
                              "TableName (the old table and its items are deleted then, unless UpdateReplacePolicy "
                              "says Retain), or an index another IndexName",
                              file_, table.line, table.logical_id, why),
                  "template");
    }
    if (view_text(*was) != view_text(wanted) && around_.streams.erase(table.logical_id) > 0) forgotten = true;
  }
  return forgotten ? evaluate_now() : Result<void>();
}

Result<void> Deploy::apply_tables() {
  bool touched = false;
  for (const auto& table : desired_.tables) {
    if (!touches(table.logical_id)) continue;
    const auto action = change_of(table.logical_id)->action;
    GUST_CHECK(announce(fmt::format("{} the table {}", action_name(action), table.name)));
    GUST_TRY(const auto wanted, table_state(table));
    GUST_TRY(const auto there, services_.read_table(table.name));
    const auto it = before_.entries.find(table.logical_id);
    const bool ours = it != before_.entries.end() && it->second.physical == table.name;
    if (there && !ours) {
      return fail(Code::kAlreadyExists,
                  fmt::format("the table {} of {} exists and was not made by this stack; give it another TableName, or "
                              "delete it",
                              table.name, table.logical_id),
                  "table");
    }
    const Progress step = [this](const std::string& what) {
      if (!what.empty()) progress_(what);
      (void)lock_->renew();  // the next announce() says what is wrong with it
    };
    if (there) {
      undo_.push_back({fmt::format("restore the table {}", table.name), [this, was = *there]() -> Result<void> {
                         GUST_TRY(const auto now, services_.read_table(was.name));
                         return now ? services_.update_table(*now, was, progress_) : Result<void>();
                       }});
      GUST_CHECK(services_.update_table(*there, wanted, step));
    } else {
      undo_.push_back({fmt::format("delete the table {}", table.name),
                       [this, name = table.name] { return services_.delete_table(name); }});
      GUST_CHECK(services_.create_table(wanted, step));
    }
    GUST_TRY(const auto made, services_.read_table(table.name));
    if (made && !made->stream_arn.empty()) around_.streams[table.logical_id] = made->stream_arn;
    touched = true;
  }
  return touched ? evaluate_now() : Result<void>();
}

}  // namespace gust::cli
