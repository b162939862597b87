// Table: what a table was declared to be. Any thread. Source: CreateTable and DescribeTable of the DynamoDB API.
#pragma once

#include "base/ids.h"
#include "base/strong.h"
#include "base/time.h"
#include "tables/value.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace gust::tables {

using TableName = StrongString<struct TableNameTag>;  // 3-255 of a-z, A-Z, 0-9, '_', '-', '.'

// An attribute that orders or names items; S, N or B.
struct KeyAttribute {
  std::string name;
  Type type = Type::kString;
  bool operator==(const KeyAttribute&) const = default;
};

struct KeySchema {
  KeyAttribute hash;
  std::optional<KeyAttribute> range;
  bool operator==(const KeySchema&) const = default;
};

enum class Projected { kAll, kKeysOnly, kInclude };
enum class Scope { kGlobal, kLocal };
enum class Status { kCreating, kActive, kUpdating, kDeleting };
enum class BillingMode { kProvisioned, kOnDemand };
enum class StreamView { kKeysOnly, kNewImage, kOldImage, kNewAndOldImages };

// Units a second; 0 when on demand. When they were changed: `decreases` counts those of the day (UTC) of the last.
struct Throughput {
  std::uint64_t read = 0, write = 0;
  std::optional<WallTime> increased_at = {}, decreased_at = {};
  std::uint32_t decreases = 0;
};

// Request units a second that an on-demand table takes at most; 0: without limit.
struct OnDemandLimits {
  std::uint64_t read = 0, write = 0;
};

enum class TableClass { kStandard, kInfrequentAccess };

// A document of JSON that says who may use a table, and which of its versions this is.
struct ResourcePolicy {
  std::string text, revision;
};

struct Index {
  std::string name;
  Scope scope = Scope::kGlobal;
  KeySchema key;
  Projected projected = Projected::kAll;
  std::vector<std::string> included = {};  // beside the keys, of kInclude
  Throughput throughput = {};
  Status status = Status::kActive;
  OnDemandLimits on_demand = {};
};

// Whether and how long a table can be restored to a time. Source: UpdateContinuousBackups.
struct Recovery {
  WallTime since = {};  // to no time before
  std::uint32_t days = 35;
  bool operator==(const Recovery&) const = default;
};

// Where a table that was restored came from; ARNs.
struct Restored {
  std::string backup = {}, table = {};
  WallTime at = {};  // as it was then
  bool in_progress = true;
};

struct Table {
  AccountId account;
  std::string region;
  TableName name;
  std::string id;  // a UUID, of this table and no later one of its name; rows are kept below it
  KeySchema key;
  std::vector<Index> indexes = {};
  BillingMode billing = BillingMode::kOnDemand;
  Throughput throughput = {};
  WallTime created_at = {};
  Status status = Status::kActive;
  std::optional<StreamView> stream = {};
  std::string stream_label = {};  // of the stream that is on, or was last
  std::string ttl_attribute = {};  // empty: off
  std::map<std::string, std::string> tags = {};
  bool deletion_protection = false;
  std::optional<Recovery> recovery = {};
  std::optional<Restored> restored = {};
  OnDemandLimits on_demand = {};
  std::optional<WallTime> on_demand_since = {};  // as it was last made so
  TableClass table_class = TableClass::kStandard;
  std::optional<WallTime> class_changed_at = {};
  std::optional<ResourcePolicy> policy = {};
};

}  // namespace gust::tables
