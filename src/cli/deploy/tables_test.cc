#include "cli/deploy/tables.h"

#include "cli/template/evaluate.h"
#include "codec/json.h"

#include <gtest/gtest.h>

namespace gust::cli {
namespace {

constexpr const char* kTable = R"(
Resources:
  T:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: songs
      AttributeDefinitions:
        - {AttributeName: artist, AttributeType: S}
        - {AttributeName: song, AttributeType: S}
        - {AttributeName: year, AttributeType: N}
      KeySchema: [{AttributeName: artist, KeyType: HASH}, {AttributeName: song, KeyType: RANGE}]
      BillingMode: PAY_PER_REQUEST
      GlobalSecondaryIndexes:
        - IndexName: by-year
          KeySchema: [{AttributeName: year, KeyType: HASH}]
          Projection: {ProjectionType: ALL}
      StreamSpecification: {StreamViewType: NEW_IMAGE}
      TimeToLiveSpecification: {AttributeName: ends, Enabled: true}
      PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: 7}
)";

TableState read(std::string text, std::string_view from = "", std::string_view to = "") {
  if (!from.empty()) text.replace(text.find(from), from.size(), to);
  Surroundings around;
  around.stack = "demo";
  const auto root = parse_template(text, "t.yaml");
  EXPECT_TRUE(root);
  const auto desired = evaluate(*root, "t.yaml", around);
  EXPECT_TRUE(desired) << desired.error().message;
  return table_state(desired->tables.at(0)).value();
}

std::string updates(const TableState& was, const TableState& wanted) {
  std::string out;
  for (const auto& update : table_updates(was, wanted)) out += codec::to_json(update) + "\n";
  return out;
}

TEST(TableState, IsWhatCreateTableTakes) {
  const auto state = read(kTable);
  EXPECT_EQ(state.name, "songs");
  EXPECT_EQ(state.ttl_attribute, "ends");
  EXPECT_EQ(state.recovery, TableState::Recovery{7});
  EXPECT_EQ(read(kTable, ", RecoveryPeriodInDays: 7").recovery, TableState::Recovery{});
  EXPECT_EQ(read(kTable, "RecoveryEnabled: true", "RecoveryEnabled: false").recovery, std::nullopt);
  EXPECT_EQ(codec::to_json(state.settings.at("StreamSpecification")),
            R"({"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"})");
  const auto provisioned = read(kTable, "BillingMode: PAY_PER_REQUEST",
                                "ProvisionedThroughput: {ReadCapacityUnits: '5', WriteCapacityUnits: 1}");
  EXPECT_EQ(codec::to_json(provisioned.settings.at("ProvisionedThroughput")),
            R"({"ReadCapacityUnits":5,"WriteCapacityUnits":1})");
}

TEST(TableState, OfADescriptionIsTheSame) {
  const auto described = codec::parse_json(R"({"TableName":"songs","TableArn":"arn:t","LatestStreamArn":"arn:t/s",
    "AttributeDefinitions":[{"AttributeName":"year","AttributeType":"N"},{"AttributeName":"artist","AttributeType":"S"},
      {"AttributeName":"song","AttributeType":"S"}],
    "KeySchema":[{"AttributeName":"artist","KeyType":"HASH"},{"AttributeName":"song","KeyType":"RANGE"}],
    "BillingModeSummary":{"BillingMode":"PAY_PER_REQUEST"},"DeletionProtectionEnabled":false,
    "ProvisionedThroughput":{"ReadCapacityUnits":0,"WriteCapacityUnits":0,"NumberOfDecreasesToday":0},
    "GlobalSecondaryIndexes":[{"IndexName":"by-year","KeySchema":[{"AttributeName":"year","KeyType":"HASH"}],
      "Projection":{"ProjectionType":"ALL"},"ProvisionedThroughput":{"ReadCapacityUnits":0,"WriteCapacityUnits":0}}],
    "StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"}})");
  const auto was = table_state(described->as_object());
  EXPECT_EQ(was.stream_arn, "arn:t/s");
  EXPECT_EQ(needs_new_table(was, read(kTable)), "");
  EXPECT_EQ(updates(was, read(kTable)), "");
}

TEST(TableState, ATableThatMustBeAnother) {
  const auto was = read(kTable);
  EXPECT_EQ(needs_new_table(was, read(kTable, "{AttributeName: song, AttributeType: S}",
                                      "{AttributeName: song, AttributeType: N}")),
            "another KeySchema");
  EXPECT_EQ(needs_new_table(was, read(kTable, "ProjectionType: ALL", "ProjectionType: KEYS_ONLY")),
            "another index of the name by-year");
  EXPECT_EQ(needs_new_table(was, read(kTable, "      GlobalSecondaryIndexes:\n", R"(
      LocalSecondaryIndexes:
        - IndexName: l
          KeySchema: [{AttributeName: artist, KeyType: HASH}, {AttributeName: year, KeyType: RANGE}]
          Projection: {ProjectionType: ALL}
      GlobalSecondaryIndexes:
)")),
            "other LocalSecondaryIndexes");
}

TEST(TableState, UpdatesOneAfterTheOther) {
  const auto was = read(kTable);
  EXPECT_EQ(updates(was, was), "");
  EXPECT_EQ(updates(was, read(kTable, "NEW_IMAGE", "KEYS_ONLY")),
            "{\"StreamSpecification\":{\"StreamEnabled\":false},\"TableName\":\"songs\"}\n"
            "{\"StreamSpecification\":{\"StreamEnabled\":true,\"StreamViewType\":\"KEYS_ONLY\"},"
            "\"TableName\":\"songs\"}\n");
  const auto moved = updates(was, read(kTable, "IndexName: by-year", "IndexName: by-years"));
  EXPECT_TRUE(moved.starts_with(
      R"({"GlobalSecondaryIndexUpdates":[{"Delete":{"IndexName":"by-year"}}],"TableName":"songs"})"))
      << moved;
  EXPECT_TRUE(moved.contains(R"({"Create":{"IndexName":"by-years")")) << moved;
  const auto dearer = updates(was, read(kTable, "BillingMode: PAY_PER_REQUEST",
                                        "ProvisionedThroughput: {ReadCapacityUnits: 5, WriteCapacityUnits: 1}"));
  EXPECT_TRUE(dearer.starts_with(R"({"BillingMode":"PROVISIONED","ProvisionedThroughput":)")) << dearer;
  EXPECT_EQ(updates(was, read(kTable, "BillingMode:", "DeletionProtectionEnabled: true\n      BillingMode:")),
            "{\"DeletionProtectionEnabled\":true,\"TableName\":\"songs\"}\n");
}

}  // namespace
}  // namespace gust::cli
