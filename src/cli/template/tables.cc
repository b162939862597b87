// Tables: AWS::DynamoDB::Table and AWS::Serverless::SimpleTable.
#include "cli/template/evaluator.h"

#include <fmt/format.h>

#include <algorithm>

namespace gust::cli {
namespace {

// What is kept as the template has it, under the wire's names.
constexpr std::string_view kSettings[] = {"AttributeDefinitions",   "KeySchema",
                                          "BillingMode",            "ProvisionedThroughput",
                                          "OnDemandThroughput",     "GlobalSecondaryIndexes",
                                          "LocalSecondaryIndexes",  "StreamSpecification",
                                          "TableClass",             "DeletionProtectionEnabled",
                                          "TimeToLiveSpecification", "PointInTimeRecoverySpecification"};

Node list_of(std::initializer_list<Node> items, int line) { return {Node::Kind::kList, {}, items, {}, line}; }

// Whether these are maps that say all of `names`.
bool all_say(const Node& list, std::initializer_list<const char*> names) {
  return std::ranges::all_of(list.items, [&](const Node& one) {
    return std::ranges::all_of(names, [&](const char* name) { return one[name].is_scalar(); });
  });
}

Node element(std::initializer_list<std::pair<const char*, std::string>> fields, int line) {
  Node out = Node::map(line);
  for (const auto& [name, text] : fields) out.set(name, Node::of(text, line));
  return out;
}

}  // namespace

Result<TableSpec> Evaluator::common_table(const std::string& logical_id, const Node& node) {
  TableSpec out;
  out.logical_id = logical_id;
  out.line = node.line;
  out.settings = Node::map(node.line);
  for (const auto policy : {"DeletionPolicy", "UpdateReplacePolicy"}) {
    if (node[policy].text.starts_with("Retain")) out.retained.insert(policy);
  }
  GUST_TRY(out.name, name_of(logical_id, node));
  return out;
}

Result<void> Evaluator::table(const std::string& logical_id, const Node& node) {
  GUST_TRY(const auto* raw, properties_of(node));
  GUST_CHECK(only(logical_id, *raw,
                  {"TableName", "AttributeDefinitions", "KeySchema", "BillingMode", "ProvisionedThroughput",
                   "OnDemandThroughput", "GlobalSecondaryIndexes", "LocalSecondaryIndexes", "StreamSpecification",
                   "TableClass", "DeletionProtectionEnabled", "TimeToLiveSpecification",
                   "PointInTimeRecoverySpecification", "Tags"},
                  {"SSESpecification", "ContributorInsightsSpecification", "WarmThroughput"}));
  GUST_TRY(auto out, common_table(logical_id, node));
  for (const auto name : kSettings) {
    GUST_TRY(auto value, resolver_->resolve((*raw)[name]));
    if (!value.absent() && value.kind != Node::Kind::kNull) out.settings.set(std::string(name), std::move(value));
  }
  for (const auto* name : {"AttributeDefinitions", "KeySchema"}) {
    if (!out.settings[name].is_list())
      return resolver_->error(node.line, fmt::format("the table {} needs a list {}", logical_id, name));
  }
  GUST_CHECK(check_table(out));
  GUST_TRY(const auto tags, resolver_->resolve((*raw)["Tags"]));
  for (const auto& tag : tags.items) out.tags[tag["Key"].text] = tag["Value"].text;
  out_.tables.push_back(std::move(out));
  return {};
}

// As far as the deploy itself reads it; the rest the service says.
Result<void> Evaluator::check_table(const TableSpec& table) {
  const auto wrong = [&](const char* name) {
    return resolver_->error(table.settings[name].line, fmt::format("{} of the table {} is not complete", name,
                                                                   table.logical_id));
  };
  const auto& settings = table.settings;
  if (!all_say(settings["AttributeDefinitions"], {"AttributeName", "AttributeType"}))
    return wrong("AttributeDefinitions");
  if (!all_say(settings["KeySchema"], {"AttributeName", "KeyType"})) return wrong("KeySchema");
  for (const auto* kind : {"GlobalSecondaryIndexes", "LocalSecondaryIndexes"}) {
    for (const auto& index : settings[kind].items) {
      if (!index["IndexName"].is_scalar() || !index["KeySchema"].is_list() ||
          !all_say(index["KeySchema"], {"AttributeName", "KeyType"}) ||
          !index["Projection"]["ProjectionType"].is_scalar())
        return wrong(kind);
    }
  }
  const auto& stream = settings["StreamSpecification"];
  if (!stream.absent() && !stream["StreamViewType"].is_scalar()) return wrong("StreamSpecification");
  const auto& ttl = settings["TimeToLiveSpecification"];
  if (!ttl.absent() && !ttl["Enabled"].is_scalar()) return wrong("TimeToLiveSpecification");
  const auto& recovery = settings["PointInTimeRecoverySpecification"];
  if (!recovery.absent() && !recovery["PointInTimeRecoveryEnabled"].is_scalar())
    return wrong("PointInTimeRecoverySpecification");
  return {};
}

// SAM: a table with one key, "id" of the type String where nothing else is said, and on demand.
Result<void> Evaluator::simple_table(const std::string& logical_id, const Node& node) {
  GUST_TRY(const auto* own, properties_of(node));
  GUST_TRY(const auto raw, with_globals(*own, "SimpleTable"));
  GUST_CHECK(only(logical_id, raw,
                  {"TableName", "PrimaryKey", "ProvisionedThroughput", "PointInTimeRecoverySpecification", "Tags"},
                  {"SSESpecification"}));
  GUST_TRY(auto out, common_table(logical_id, node));
  GUST_TRY(const auto properties, resolver_->resolve(raw));
  const auto& key = properties["PrimaryKey"];
  const std::string name = key.absent() ? "id" : key["Name"].text, type = key.absent() ? "String" : key["Type"].text;
  if (name.empty() || (type != "String" && type != "Number" && type != "Binary")) {
    return resolver_->error(key.line, fmt::format("the PrimaryKey of {} needs a Name and a Type: String, Number or "
                                                  "Binary",
                                                  logical_id));
  }
  const int line = node.line;
  out.settings.set("AttributeDefinitions", list_of({element({{"AttributeName", name},
                                                             {"AttributeType", type.substr(0, 1)}}, line)}, line));
  out.settings.set("KeySchema", list_of({element({{"AttributeName", name}, {"KeyType", "HASH"}}, line)}, line));
  const auto& throughput = properties["ProvisionedThroughput"];
  if (throughput.absent()) {
    out.settings.set("BillingMode", Node::of("PAY_PER_REQUEST", line));
  } else {
    out.settings.set("ProvisionedThroughput", throughput);
  }
  const auto& recovery = properties["PointInTimeRecoverySpecification"];
  if (!recovery.absent()) out.settings.set("PointInTimeRecoverySpecification", recovery);
  GUST_CHECK(check_table(out));
  for (const auto& [tag, value] : properties["Tags"].fields) out.tags[tag] = value.text;
  out_.tables.push_back(std::move(out));
  return {};
}

Result<std::string> Evaluator::table_attribute(const std::string& logical_id, const Node& node,
                                               const std::string& name) {
  GUST_TRY(const auto own, name_of(logical_id, node));
  if (name.empty()) return own;
  if (name == "Arn") return fmt::format("arn:aws:dynamodb:{}:{}:table/{}", around_.region, around_.account, own);
  const bool streams = !node["Properties"]["StreamSpecification"].absent();
  if (name == "StreamArn" && streams) {
    const auto it = around_.streams.find(logical_id);
    return it == around_.streams.end() ? pending_stream(logical_id) : it->second;
  }
  return fail(Code::kInvalid, fmt::format("{} has no attribute '{}' here; it has Arn and, with a StreamSpecification, "
                                          "StreamArn",
                                          logical_id, name));
}

}  // namespace gust::cli
