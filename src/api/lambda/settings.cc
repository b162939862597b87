#include "api/lambda/settings.h"

#include "functions/interpreters.h"
#include "functions/log_store.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <set>

namespace gust::api {

static constexpr std::size_t kMaxEnvironment = 4096, kMaxTags = 50;
static constexpr std::uint32_t kMaxSnapStartTmpMb = 512;

wire::Reply<void> check_runtime(const std::string& runtime) {
  static const RE2 kServed(R"(python3\.\d{1,2}|nodejs\d{1,2}\.x|java\d{1,2}(\.al2)?|ruby\d\.\d{1,2}|)"
                           R"(provided(\.al2|\.al2023)?)");
  if (RE2::FullMatch(runtime, kServed)) {
    if (const auto missing = functions::missing_interpreter(runtime)) return invalid_parameter(*missing);
    return {};
  }
  return invalid_parameter(
      fmt::format("Value {} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: "
                  "[python3.x, nodejsN.x, javaN, rubyN.x, provided, provided.al2, provided.al2023] or be a valid ARN",
                  runtime));
}

wire::Reply<void> check_environment(const std::map<std::string, std::string>& variables) {
  static const std::set<std::string_view> kReserved = {"_HANDLER",
                                                       "_X_AMZN_TRACE_ID",
                                                       "AWS_DEFAULT_REGION",
                                                       "AWS_REGION",
                                                       "AWS_EXECUTION_ENV",
                                                       "AWS_LAMBDA_FUNCTION_NAME",
                                                       "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
                                                       "AWS_LAMBDA_FUNCTION_VERSION",
                                                       "AWS_LAMBDA_INITIALIZATION_TYPE",
                                                       "AWS_LAMBDA_LOG_GROUP_NAME",
                                                       "AWS_LAMBDA_LOG_STREAM_NAME",
                                                       "AWS_LAMBDA_MAX_CONCURRENCY",
                                                       "AWS_ACCESS_KEY",
                                                       "AWS_ACCESS_KEY_ID",
                                                       "AWS_SECRET_ACCESS_KEY",
                                                       "AWS_SESSION_TOKEN",
                                                       "AWS_LAMBDA_RUNTIME_API",
                                                       "LAMBDA_TASK_ROOT",
                                                       "LAMBDA_RUNTIME_DIR"};
  std::size_t size = 0;
  for (const auto& [name, value] : variables) {
    size += name.size() + value.size();
    if (value.find('\0') != std::string::npos) {
      return invalid_parameter(fmt::format(
          "The value of the environment variable {} has a NUL character, which a process cannot be given; leave it out",
          name));
    }
    if (kReserved.contains(name)) {
      return invalid_parameter(
          fmt::format("Lambda was unable to configure your environment variables because the environment variables you "
                      "have provided contains reserved keys that are currently not supported for modification. "
                      "Reserved keys used in this request: {}",
                      name));
    }
  }
  if (const auto egress = variables.find("GUST_EGRESS");
      egress != variables.end() && egress->second != "internet" && egress->second != "none") {
    return invalid_parameter(
        fmt::format("GUST_EGRESS is '{}'; 'internet' and 'none' are what it may be", egress->second));
  }
  if (size > kMaxEnvironment) {
    return invalid_parameter(
        "Lambda was unable to configure your environment variables because the environment variables you have provided "
        "exceeded the 4KB limit.");
  }
  return {};
}

wire::Reply<void> check_role(const std::string& role) {
  static const RE2 kRole(R"(arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+)");
  if (RE2::FullMatch(role, kRole)) return {};
  return wire::fault(
      "ValidationException",
      fmt::format("1 validation error detected: Value '{}' at 'role' failed to satisfy constraint: Member must satisfy "
                  "regular expression pattern: {}",
                  role, kRole.pattern()),
      {}, 400);
}

wire::Reply<void> check_tags(const std::map<std::string, std::string>& tags) {
  if (tags.size() > kMaxTags)
    return invalid_parameter(fmt::format("{} tags were given, {} at most", tags.size(), kMaxTags));
  for (const auto& [name, value] : tags) {
    if (name.empty() || name.size() > 128 || value.size() > 256 || name.starts_with("aws:"))
      return invalid_parameter(
          fmt::format("The tag '{}' is not valid: names have 1-128 bytes and do not begin with aws:, values have "
                      "256 at most",
                      name.substr(0, 200)));
  }
  return {};
}

Result<void> check_capacity(const functions::Function& function) {
  if (!function.capacity) return {};
  const auto refuse = [](std::string why) {
    return fail(Code::kInvalid, "'CapacityProviderConfig': " + std::move(why), "capacity");
  };
  const auto& arn = function.capacity->provider_arn;
  if (arn.find(":" + function.key.account.str() + ":capacity-provider:") == std::string::npos) {
    return refuse(fmt::format("{} is another account's capacity provider; name one of {}, such as arn:aws:lambda:{}:{}:"
                              "capacity-provider:this-machine",
                              arn, function.key.account, function.region, function.key.account));
  }
  const auto most = function.concurrency();
  if (most > functions::kMaxConcurrencyOfInstance) {
    return refuse(fmt::format("PerExecutionEnvironmentMaxConcurrency is {}; an instance here runs {} invocations at "
                              "once at most",
                              most, functions::kMaxConcurrencyOfInstance));
  }
  static const RE2 kCan("(nodejs|provided).*");
  if (most == 1 || RE2::FullMatch(function.runtime, kCan)) return {};
  return refuse(fmt::format("several invocations in one instance are for nodejsN.x and provided runtimes, and the "
                            "function has {}; leave it out, or give PerExecutionEnvironmentMaxConcurrency 1",
                            function.runtime));
}

// Source: "Configuring advanced logging controls for Lambda functions" of the guide.
Result<void> apply_logging(const std::optional<lambda::LoggingConfig>& given, functions::Function& function) {
  if (!given) return {};
  const auto refuse = [](std::string why) { return fail(Code::kInvalid, std::move(why), "logging"); };
  auto logging = function.logging;
  if (given->log_format) {
    const auto format = functions::log_format_of(*given->log_format);
    if (!format)
      return refuse(fmt::format("'LoggingConfig.LogFormat' is {}; Text or JSON it may be", *given->log_format));
    if (*format != logging.format) logging = {.format = *format, .group = logging.group};
  }
  if (logging.format == functions::LogFormat::kText && (given->application_log_level || given->system_log_level)) {
    return refuse(
        "LogLevel is not supported when LogFormat is set to \"Text\". Remove LogLevel from your request or change the "
        "LogFormat to \"JSON\" and try again.");
  }
  for (const auto& [level, into] : {std::pair(&given->application_log_level, &logging.application),
                                    std::pair(&given->system_log_level, &logging.system)}) {
    if (!*level) continue;
    const auto known = functions::log_level_of(**level);
    if (!known) return refuse(fmt::format("'LoggingConfig' names the level {}, which there is not", **level));
    *into = *known;
  }
  if (given->log_group) {
    const auto& group = *given->log_group;
    if (group.starts_with("aws/")) {
      return refuse(fmt::format("'LoggingConfig.LogGroup' is {}; the name of a log group of your own does not begin "
                                "with aws/",
                                group));
    }
    logging.group = group == functions::default_log_group(function.key.name) ? "" : group;
  }
  function.logging = std::move(logging);
  return {};
}

Result<void> check_snap_start(const functions::Function& function) {
  if (!function.snap_start) return {};
  // Those of the service, and custom runtimes, which the C++ SDK serves; where no snapshot can be made here a version
  // starts without, and says why.
  if (function.image)
    return fail(Code::kInvalid, "ContainerImage is not supported for SnapStart enabled functions.", "snap-start");
  static const RE2 kKinds(R"((python|java|dotnet|provided).*)");
  if (!RE2::FullMatch(function.runtime, kKinds)) {
    return fail(Code::kInvalid, fmt::format("{} is not supported for SnapStart enabled functions.", function.runtime),
                "snap-start");
  }
  if (function.tmp_mb > kMaxSnapStartTmpMb) {
    return fail(Code::kInvalid,
                fmt::format("SnapStart is not supported for functions with more than {} MB of EphemeralStorage, and {} "
                            "has {}.",
                            kMaxSnapStartTmpMb, function.key.name, function.tmp_mb),
                "snap-start");
  }
  return {};
}

}  // namespace gust::api
