// What CreateFunction and UpdateFunctionConfiguration may set: what is checked, refused and applied. Any thread.
#pragma once

#include "api/lambda/shared.h"

#include <map>
#include <string>

namespace gust::api {

wire::Reply<void> check_runtime(const std::string& runtime);
wire::Reply<void> check_environment(const std::map<std::string, std::string>& variables);
wire::Reply<void> check_role(const std::string& role);
wire::Reply<void> check_tags(const std::map<std::string, std::string>& tags);
// Whether the function's versions may have snapshots, if they are to. kInvalid.
Result<void> check_snap_start(const functions::Function& function);
// Takes what of the function's logging the request has; the rest stays as it is. kInvalid.
Result<void> apply_logging(const std::optional<lambda::LoggingConfig>& given, functions::Function& function);
// Whether an instance of it may run several invocations at once, if it is to. kInvalid.
Result<void> check_capacity(const functions::Function& function);

// Refuses what would change how the function runs and is not served: an answer that ignored it would lie. What only
// says the default, or only watches the function (TracingConfig), is accepted.
template <typename Request>
wire::Reply<void> check_unserved(const Request& request) {
  const auto some = [](const auto& list) { return list && !list->empty(); };
  if (some(request.file_system_configs)) return lambda_not_served("FileSystemConfigs");
  if (request.vpc_config && (some(request.vpc_config->subnet_ids) || some(request.vpc_config->security_group_ids)))
    return lambda_not_served("VpcConfig");
  if (request.dead_letter_config && some(request.dead_letter_config->target_arn))
    return lambda_not_served("DeadLetterConfig");
  if (some(request.kms_key_arn)) return lambda_not_served("KMSKeyArn");
  if (request.durable_config) return lambda_not_served("DurableConfig");
  if (request.capacity_provider_config &&
      request.capacity_provider_config->lambda_managed_instances_capacity_provider_config
          .execution_environment_memory_gi_b_per_v_cpu) {
    return lambda_not_served("CapacityProviderConfig.[...].ExecutionEnvironmentMemoryGiBPerVCpu");
  }
  return {};
}

template <typename Request>
wire::Reply<void> check_settings(const Request& request) {
  GUST_CHECK(check_unserved(request));
  if (request.runtime) GUST_CHECK(check_runtime(*request.runtime));
  if (request.environment && request.environment->variables)
    GUST_CHECK(check_environment(*request.environment->variables));
  if (request.memory_size && *request.memory_size > 10'240) {
    return invalid_parameter(
        "'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to 10240");
  }
  if (request.timeout && (*request.timeout < 1 || *request.timeout > 900)) {
    return wire::fault(
        "ValidationException",
        fmt::format("1 validation error detected: Value '{}' at 'timeout' failed to satisfy constraint: Member must "
                    "have value less than or equal to 900",
                    *request.timeout),
        {}, 400);
  }
  return {};
}

// What only CreateFunction may set.
template <typename Request>
wire::Reply<void> check_new(const Request& request) {
  if (request.code_signing_config_arn) return lambda_not_served("CodeSigningConfigArn");
  if (request.tenancy_config) return lambda_not_served("TenancyConfig");
  if (request.publish_to) return lambda_not_served("PublishTo");
  if (request.tags) return check_tags(*request.tags);
  return {};
}

template <typename Request>
void apply_settings(const Request& request, functions::Function& function) {
  if (request.handler) function.handler = *request.handler;
  if (request.description) function.description = *request.description;
  if (request.timeout) function.timeout_s = static_cast<std::uint32_t>(*request.timeout);
  if (request.memory_size) function.memory_mb = static_cast<std::uint32_t>(*request.memory_size);
  if (request.ephemeral_storage) function.tmp_mb = static_cast<std::uint32_t>(request.ephemeral_storage->size);
  if (request.environment)
    function.environment = request.environment->variables.value_or(std::map<std::string, std::string>());
  if (request.runtime) function.runtime = *request.runtime;
  if (request.capacity_provider_config) {
    const auto& given = request.capacity_provider_config->lambda_managed_instances_capacity_provider_config;
    auto& capacity = function.capacity.emplace();
    capacity.provider_arn = given.capacity_provider_arn;
    if (const auto& most = given.per_execution_environment_max_concurrency)
      capacity.max_concurrency = static_cast<std::uint32_t>(*most);
  }
  if (request.tracing_config && request.tracing_config->mode)
    function.active_tracing = *request.tracing_config->mode == "Active";
  if (request.snap_start && request.snap_start->apply_on)
    function.snap_start = *request.snap_start->apply_on == "PublishedVersions";
}

}  // namespace gust::api
