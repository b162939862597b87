// Tables: create, describe, update, delete, list.
#include "api/dynamodb/declaration.h"
#include "api/dynamodb/description.h"
#include "api/dynamodb/service.h"

namespace gust::api {

using tables::Status;

TableReply<dynamodb::CreateTableOutput> DynamoDbService::create_table(wire::Call call,
                                                                      dynamodb::CreateTableInput request) {
  GUST_CO_TRY(auto wanted, declared(call, request, clock_.now()));
  GUST_CO_TRY(const auto table, co_await catalog_.create(std::move(wanted)));
  dynamodb::CreateTableOutput out;
  out.table_description = describe(*table, Status::kCreating, {}, clock_.now());
  co_return out;
}

TableReply<dynamodb::DescribeTableOutput> DynamoDbService::describe_table(wire::Call call,
                                                                          dynamodb::DescribeTableInput request) {
  GUST_CO_TRY(auto place, place_of(call, request.table_name));
  GUST_CO_TRY(const auto table, co_await catalog_.find(std::move(place)));
  dynamodb::DescribeTableOutput out;
  out.table = describe(*table, table->status, sweeper_.counts(table->id), clock_.now());
  co_return out;
}

TableReply<dynamodb::UpdateTableOutput> DynamoDbService::update_table(wire::Call call,
                                                                      dynamodb::UpdateTableInput request) {
  GUST_CO_TRY(auto place, place_of(call, request.table_name));
  tables::Catalog::Change change = [request, now = clock_.now()](tables::Table& table) {
    return change_table(table, request, now);
  };
  GUST_CO_TRY(const auto table, co_await catalog_.update(std::move(place), std::move(change)));
  dynamodb::UpdateTableOutput out;
  out.table_description = describe(*table, Status::kUpdating, sweeper_.counts(table->id), clock_.now());
  co_return out;
}

TableReply<dynamodb::DeleteTableOutput> DynamoDbService::delete_table(wire::Call call,
                                                                      dynamodb::DeleteTableInput request) {
  GUST_CO_TRY(auto place, place_of(call, request.table_name));
  GUST_CO_TRY(const auto table, co_await catalog_.remove(std::move(place)));
  dynamodb::DeleteTableOutput out;
  out.table_description = describe(*table, Status::kDeleting, {}, clock_.now());
  co_return out;
}

TableReply<dynamodb::ListTablesOutput> DynamoDbService::list_tables(wire::Call call,
                                                                    dynamodb::ListTablesInput request) {
  constexpr std::int32_t kMost = 100;
  auto account = call.context.principal.account;
  auto after = request.exclusive_start_table_name.value_or("");
  const auto limit = static_cast<std::size_t>(request.limit.value_or(kMost));
  auto region = call.context.region;
  GUST_CO_TRY(const auto found,
              co_await catalog_.list(std::move(account), std::move(region), std::move(after), limit));
  dynamodb::ListTablesOutput out;
  out.table_names.emplace();
  for (const auto& name : found.names) out.table_names->push_back(name.str());
  if (found.more) out.last_evaluated_table_name = found.names.back().str();
  co_return out;
}

void DynamoDbService::add_tables() {
  service_.on<dynamodb::CreateTable>(
      [this](auto call, auto request) { return create_table(std::move(call), std::move(request)); });
  service_.on<dynamodb::DescribeTable>(
      [this](auto call, auto request) { return describe_table(std::move(call), std::move(request)); });
  service_.on<dynamodb::UpdateTable>(
      [this](auto call, auto request) { return update_table(std::move(call), std::move(request)); });
  service_.on<dynamodb::DeleteTable>(
      [this](auto call, auto request) { return delete_table(std::move(call), std::move(request)); });
  service_.on<dynamodb::ListTables>(
      [this](auto call, auto request) { return list_tables(std::move(call), std::move(request)); });
}

}  // namespace gust::api
