#include "logs/insights/run.h"

#include "logs/insights/aggregation.h"

#include <re2/re2.h>

#include <algorithm>
#include <set>

namespace gust::logs::insights {
namespace {

using Kind = Command::Kind;

constexpr std::size_t kMaxRecords = 100'000;  // of events that stay in memory; past twice as many the last in order go

bool is_of_each(Kind kind) {
  return kind == Kind::kFields || kind == Kind::kDisplay || kind == Kind::kFilter || kind == Kind::kParse;
}

void parse_into(const Command& command, Record& record) {
  const auto value = command.expression->evaluate(record);
  if (is_missing(value)) return;
  const auto text = text_of(value);
  std::vector<re2::StringPiece> groups(static_cast<std::size_t>(command.regex->NumberOfCapturingGroups()) + 1);
  const bool found = command.regex->Match(text, 0, text.size(), re2::RE2::UNANCHORED, groups.data(),
                                          static_cast<int>(groups.size()));
  for (std::size_t i = 0; found && i < command.names.size() && i + 1 < groups.size(); ++i) {
    if (groups[i + 1].data() != nullptr) record.set(command.names[i], std::string(groups[i + 1]));
  }
}

int order_of(const std::vector<SortKey>& keys, const Record& a, const Record& b) {
  for (const auto& key : keys) {
    const auto order = compare(key.by->evaluate(a), key.by->evaluate(b));
    if (order != 0) return key.order == SortKey::Order::kDescending ? -order : order;
  }
  return 0;
}

}  // namespace

Run::Run(std::shared_ptr<const Query> query, std::size_t most) : query_(std::move(query)), most_(most) {
  const auto& commands = query_->commands;
  while (barrier_ < commands.size() && is_of_each(commands[barrier_].kind)) ++barrier_;
  if (barrier_ < commands.size() && commands[barrier_].kind == Kind::kStats)
    aggregation_ = std::make_unique<Aggregation>(commands[barrier_]);
}

Run::~Run() = default;

bool Run::pass(Record& record, std::size_t from, std::size_t to) const {
  for (auto i = from; i < to; ++i) {
    const auto& command = query_->commands[i];
    if (command.kind == Kind::kFilter && !is_true(command.expression->evaluate(record))) return false;
    if (command.kind == Kind::kParse) parse_into(command, record);
    if (command.kind != Kind::kFields && command.kind != Kind::kDisplay) continue;
    for (const auto& column : command.columns) {
      if (column.expression->kind != Expression::Kind::kField || column.expression->name != column.name)
        record.set(column.name, column.expression->evaluate(record));
    }
  }
  return true;
}

void Run::take(const Event& event, std::string_view log) {
  Record record(event, log);
  if (!pass(record, 0, barrier_)) return;
  const std::scoped_lock lock(mutex_);
  ++matched_;
  if (aggregation_) aggregation_->add(record);
  else keep(std::move(record));
}

// The newest first, where nothing else was asked for.
bool Run::is_first(const Record& a, const Record& b) const {
  if (barrier_ < query_->commands.size() && query_->commands[barrier_].kind == Kind::kSort) {
    const auto order = order_of(query_->commands[barrier_].keys, a, b);
    if (order != 0) return order < 0;
  }
  return std::pair(a.at_ms(), a.sequence()) > std::pair(b.at_ms(), b.sequence());
}

void Run::keep(Record record) {
  records_.push_back(std::move(record));
  if (records_.size() >= 2 * kMaxRecords) shrink();
}

void Run::shrink() {
  const auto middle = records_.begin() + static_cast<std::ptrdiff_t>(kMaxRecords);
  std::nth_element(records_.begin(), middle, records_.end(),
                   [this](const Record& a, const Record& b) { return is_first(a, b); });
  records_.resize(kMaxRecords);
}

void Run::apply(const Command& command, Records& records) {
  switch (command.kind) {
    case Kind::kStats: {
      Aggregation aggregation(command);
      for (const auto& record : records) aggregation.add(record);
      records = aggregation.finish();
      return;
    }
    case Kind::kSort:
      std::ranges::stable_sort(
          records, [&](const Record& a, const Record& b) { return order_of(command.keys, a, b) < 0; });
      return;
    case Kind::kLimit:
      if (records.size() > command.limit) records.resize(command.limit);
      return;
    case Kind::kDedup: {
      std::set<std::string> seen;
      std::erase_if(records, [&](const Record& record) {
        std::string key;
        for (const auto& column : command.columns) key += text_of(column.expression->evaluate(record)) + '\0';
        return !seen.insert(std::move(key)).second;
      });
      return;
    }
    default: break;
  }
}

void Run::run_rest(Records& records) {
  for (auto i = barrier_ + (aggregation_ ? 1 : 0); i < query_->commands.size(); ++i) {
    if (is_of_each(query_->commands[i].kind)) {
      std::erase_if(records, [&](Record& record) { return !pass(record, i, i + 1); });
    } else {
      apply(query_->commands[i], records);
    }
  }
}

std::vector<Row> Run::finish() {
  auto records = aggregation_ ? aggregation_->finish() : std::exchange(records_, {});
  if (!aggregation_)
    std::ranges::sort(records, [this](const Record& a, const Record& b) { return is_first(a, b); });
  run_rest(records);
  if (records.size() > most_) records.resize(most_);
  return rows_of(records);
}

std::vector<Row> Run::rows_of(const Records& records) const {
  std::vector<std::pair<std::string, Column::Shown>> columns;
  const auto show = [&](const std::string& name, Column::Shown shown) {
    if (std::ranges::find(columns, name, [](const auto& each) { return each.first; }) == columns.end())
      columns.emplace_back(name, shown);
  };
  bool of_events = true;
  for (const auto& command : query_->commands) {
    if (command.kind == Kind::kDisplay || command.kind == Kind::kStats) columns.clear();
    if (command.kind == Kind::kStats) of_events = false;
    if (command.kind == Kind::kFields || command.kind == Kind::kDisplay || command.kind == Kind::kStats) {
      for (const auto& column : command.columns) show(column.name, column.shown);
      for (const auto& aggregate : command.aggregates) show(aggregate.name, Column::Shown::kPlain);
    }
    if (command.kind == Kind::kParse) {
      for (const auto& name : command.names) show(name, Column::Shown::kPlain);
    }
  }
  if (columns.empty()) columns = {{"@timestamp", Column::Shown::kTime}, {"@message", Column::Shown::kPlain}};
  std::vector<Row> out;
  for (const auto& record : records) {
    auto& row = out.emplace_back();
    for (const auto& [name, shown] : columns) {
      const auto value = record.get(name);
      if (is_missing(value)) continue;
      const auto number = number_of(value);
      row.emplace_back(name, shown == Column::Shown::kTime && number ? time_text(*number) : text_of(value));
    }
    if (of_events) row.emplace_back("@ptr", text_of(record.get("@ptr")));
  }
  return out;
}

}  // namespace gust::logs::insights
