// Records of HTTP APIs as the JSON of their rows (docs/formats/gateway.md). Any thread.
#pragma once

#include "base/result.h"
#include "gateway/types.h"

#include <string>
#include <string_view>

namespace gust::gateway {

std::string to_row(const ApiRecord& record);
std::string to_row(const RouteRecord& record);
std::string to_row(const IntegrationRecord& record);
std::string to_row(const StageRecord& record);
std::string to_row(const DeploymentRecord& record);

// kCorrupt when the row is not one that to_row made.
Result<void> from_row(std::string_view row, ApiRecord& out);
Result<void> from_row(std::string_view row, RouteRecord& out);
Result<void> from_row(std::string_view row, IntegrationRecord& out);
Result<void> from_row(std::string_view row, StageRecord& out);
Result<void> from_row(std::string_view row, DeploymentRecord& out);

}  // namespace gust::gateway
