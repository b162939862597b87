// Resource policies of tables: kept and told. Within an account everything is allowed, whatever they say.
#include "api/dynamodb/declaration.h"
#include "api/dynamodb/service.h"
#include "codec/digest.h"
#include "codec/json.h"

namespace gust::api {
namespace {

constexpr std::size_t kMaxPolicy = 20 << 10;
constexpr std::string_view kNoPolicy = "NO_POLICY";

// kPrecondition "policy": the one that is expected is not there.
Result<void> check_revision(const tables::Table& table, const std::optional<std::string>& expected) {
  if (!expected) return {};
  const auto& now = table.policy ? table.policy->revision : std::string(kNoPolicy);
  if (now == *expected) return {};
  return fail(Code::kPrecondition, "The resource policy's revision is not the expected one", "policy");
}

wire::Fault not_found(const std::string& arn) {
  return wire::Fault(wire::WireError{
      "PolicyNotFoundException", fmt::format("Requested resource policy not found: ResourceArn: {}", arn), 400, {}});
}

bool is_policy(const Error& error) { return error.code == Code::kPrecondition && error.source == "policy"; }

}  // namespace

Result<tables::ResourcePolicy> policy_of(std::string text, WallTime now) {
  if (text.size() > kMaxPolicy)
    return bad_parameter(fmt::format("The resource policy is larger than {} bytes", kMaxPolicy));
  const auto parsed = codec::parse_json(text);
  const auto* statements = parsed && parsed->is_object() ? parsed->get_object().if_contains("Statement") : nullptr;
  if (statements == nullptr) return bad_parameter("Invalid policy document: it has no Statement");
  auto revision = std::to_string(to_epoch_ms(now)) + codec::sha256_hex(text).substr(0, 12);
  return tables::ResourcePolicy{std::move(text), std::move(revision)};
}

TableReply<dynamodb::PutResourcePolicyOutput> DynamoDbService::put_policy(wire::Call call,
                                                                          dynamodb::PutResourcePolicyInput request) {
  GUST_CO_TRY(auto place, place_of_resource(call, request.resource_arn));
  GUST_CO_TRY(const auto policy, policy_of(request.policy, clock_.now()));
  tables::Catalog::Change change = [policy, expected = request.expected_revision_id](
                                       tables::Table& table) -> Result<void> {
    GUST_CHECK(check_revision(table, expected));
    if (table.policy && table.policy->text == policy.text) return {};
    table.policy = policy;
    return {};
  };
  const auto table = co_await catalog_.update(std::move(place), std::move(change));
  if (!table && is_policy(table.error())) co_return std::unexpected(not_found(request.resource_arn));
  if (!table) co_return std::unexpected(table.error());
  dynamodb::PutResourcePolicyOutput out;
  out.revision_id = (*table)->policy->revision;
  co_return out;
}

TableReply<dynamodb::GetResourcePolicyOutput> DynamoDbService::get_policy(wire::Call call,
                                                                          dynamodb::GetResourcePolicyInput request) {
  GUST_CO_TRY(auto place, place_of_resource(call, request.resource_arn));
  GUST_CO_TRY(const auto table, co_await catalog_.find(std::move(place)));
  if (!table->policy) co_return std::unexpected(not_found(request.resource_arn));
  dynamodb::GetResourcePolicyOutput out;
  out.policy = table->policy->text;
  out.revision_id = table->policy->revision;
  co_return out;
}

TableReply<dynamodb::DeleteResourcePolicyOutput> DynamoDbService::delete_policy(
    wire::Call call, dynamodb::DeleteResourcePolicyInput request) {
  GUST_CO_TRY(auto place, place_of_resource(call, request.resource_arn));
  const auto was = std::make_shared<std::string>();
  tables::Catalog::Change change = [was, expected = request.expected_revision_id](
                                       tables::Table& table) -> Result<void> {
    GUST_CHECK(check_revision(table, expected));
    *was = table.policy ? table.policy->revision : "";
    table.policy.reset();
    return {};
  };
  const auto table = co_await catalog_.update(std::move(place), std::move(change));
  if (!table && is_policy(table.error())) co_return std::unexpected(not_found(request.resource_arn));
  if (!table) co_return std::unexpected(table.error());
  dynamodb::DeleteResourcePolicyOutput out;
  if (!was->empty()) out.revision_id = *was;
  co_return out;
}

void DynamoDbService::add_policies() {
  service_.on<dynamodb::PutResourcePolicy>(
      [this](auto call, auto request) { return put_policy(std::move(call), std::move(request)); });
  service_.on<dynamodb::GetResourcePolicy>(
      [this](auto call, auto request) { return get_policy(std::move(call), std::move(request)); });
  service_.on<dynamodb::DeleteResourcePolicy>(
      [this](auto call, auto request) { return delete_policy(std::move(call), std::move(request)); });
}

}  // namespace gust::api
