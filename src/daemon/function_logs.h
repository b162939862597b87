// FunctionLogs: what functions print, as events of log groups; and what earlier versions of Gust kept of it, carried
// over. Loop thread only.
#pragma once

#include "functions/log_store.h"
#include "functions/registry.h"
#include "logs/event_store.h"

#include <functional>
#include <string>
#include <vector>

namespace gust::daemon {

// Where the errors of table imports go, as on the service.
inline constexpr std::string_view kImportsGroup = "/aws-dynamodb/imports";

class FunctionLogs final : public functions::LogStore {
 public:
  FunctionLogs(logs::EventStore& events, env::Clock& clock) : events_(events), clock_(clock) {}

  void append(const functions::LogSource& source, std::string request_id, std::string text) override;
  async::Task<std::vector<functions::LogLine>> read(functions::FunctionKey key, WallTime since,
                                                    std::size_t limit) override;
  async::Task<void> flush() override { return events_.flush(); }
  // Where a function's lines are, beside its own group; until it is told, nowhere.
  using GroupsOf = std::function<async::Task<std::vector<std::string>>(functions::FunctionKey)>;
  void look_in(GroupsOf groups_of) { groups_of_ = std::move(groups_of); }

 private:
  async::Task<void> read_group(logs::GroupKey group, logs::SearchQuery query, std::vector<functions::LogLine>& into);

  logs::EventStore& events_;
  env::Clock& clock_;
  GroupsOf groups_of_;
};

// The groups that a function's versions log to; none of a function that is not there.
async::Task<std::vector<std::string>> log_groups_of(functions::Registry& registry, functions::FunctionKey key);

// Takes the lines of <folder>/ACCOUNT/FUNCTION/N.ndjson into log groups, and removes the files.
async::Task<void> carry_over_logs(std::string folder, logs::Groups& groups, logs::EventStore& events);

}  // namespace gust::daemon
