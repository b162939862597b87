// From requests to what a table is declared to be: all that CreateTable and UpdateTable check before anything is
// written. Any thread. Source: CreateTable, UpdateTable and "Quotas in Amazon DynamoDB".
#pragma once

#include "api/dynamodb/shared.h"

#include <optional>
#include <vector>

namespace gust::api {

// kInvalid with the service's words.
Result<tables::Table> declared(const wire::Call& call, const dynamodb::CreateTableInput& request, WallTime now);

// Changes a table as the request says. kInvalid; kNotFound "index" of one that is not there; kTooLarge "limit".
Result<void> change_table(tables::Table& table, const dynamodb::UpdateTableInput& request, WallTime now);

// kInvalid: too large, or no policy. Its revision is of the text and the moment.
Result<tables::ResourcePolicy> policy_of(std::string text, WallTime now);

using TagMap = std::map<std::string, std::string>;
// Adds tags, the last of one key. kInvalid: too many, or reserved names.
Result<void> add_tags(TagMap& tags, const std::vector<dynamodb::Tag>& added);

}  // namespace gust::api
