// TableState: a table as a template or DescribeTable tells it, in one form, and the requests that make one of another.
// Any thread.
#pragma once

#include "base/result.h"
#include "cli/template/desired.h"

#include <boost/json/object.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace gust::cli {

struct TableState {
  std::string name;
  boost::json::object settings;  // what CreateTable takes, without its name and tags
  std::string ttl_attribute;     // empty: off
  // Of PointInTimeRecoverySpecification; none: off.
  struct Recovery {
    std::optional<std::int64_t> days;  // none: as the service has it
    bool operator==(const Recovery&) const = default;
  };
  std::optional<Recovery> recovery;
  std::map<std::string, std::string> tags;
  std::string arn, stream_arn;  // of one that is there
};

// kInvalid "template" on a number that is none.
Result<TableState> table_state(const TableSpec& spec);
// Of the member Table of DescribeTable's answer; without time to live and tags.
TableState table_state(const boost::json::object& described);

// Why the one cannot become the other and needs a new table; or empty.
std::string needs_new_table(const TableState& was, const TableState& wanted);
// The requests of UpdateTable that do it, in their order; each to be sent when the one before is done.
std::vector<boost::json::object> table_updates(const TableState& was, const TableState& wanted);

}  // namespace gust::cli
