#include "functions/function.h"

#include "functions/log_store.h"

#include <fmt/format.h>

namespace gust::functions {

std::string FunctionRef::arn(std::string_view region) const {
  return fmt::format("arn:aws:lambda:{}:{}:function:{}{}{}", region, key.account, key.name,
                     qualifier.empty() ? "" : ":", qualifier);
}

std::string Function::arn() const { return FunctionRef{key}.arn(region); }

std::string Function::qualified_arn() const { return arn() + ":" + version; }

std::string Function::log_group() const {
  return logging.group.empty() ? default_log_group(key.name) : logging.group;
}

std::uint32_t Function::concurrency() const {
  if (!capacity) return 1;
  if (capacity->max_concurrency) return *capacity->max_concurrency;
  return runtime.starts_with("nodejs") ? 64 : 8;  // what the service takes for each of an instance's cores
}

queue::RetrySettings EventInvokeConfig::retry_settings() const {
  queue::RetrySettings settings;
  if (max_retries) settings.max_retries = *max_retries;
  if (max_age_s) settings.max_age = std::chrono::seconds(*max_age_s);
  return settings;
}

}  // namespace gust::functions
