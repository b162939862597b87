#include "api/lambda/shared.h"

#include "codec/base64.h"
#include "codec/json.h"
#include "codec/time_format.h"

#include <fmt/format.h>

namespace gust::api {
namespace {

wire::WireError error_of(const char* code, std::string message, int status, const char* type = "User") {
  return {code, std::move(message), status, {{"Type", wire::Value(std::string(type))}}};
}

}  // namespace

wire::WireError map_lambda_error(const Error& error) {
  switch (error.code) {
    case Code::kNotFound:
      return error_of("ResourceNotFoundException", error.message, 404);
    case Code::kAlreadyExists:
      return error_of("ResourceConflictException", error.message, 409);
    case Code::kPrecondition:
      return error_of("PreconditionFailedException", error.message, 412);
    case Code::kConflict:
      return error_of("ResourceConflictException", error.message, 409);
    case Code::kDenied:
      return error_of("AccessDeniedException", error.message, 403);
    case Code::kThrottled: {
      auto out = error_of("TooManyRequestsException", "Rate Exceeded.", 429);
      out.members.emplace("Reason", wire::Value(error.source));
      return out;
    }
    case Code::kTooLarge:
      if (error.source == "layer") return error_of("InvalidParameterValueException", error.message, 400);
      if (error.source == "concurrency") return error_of("InvalidParameterValueException", error.message, 400);
      if (error.source == "policy") return error_of("PolicyLengthExceededException", error.message, 400);
      if (error.source == "zip")
        return error_of("InvalidParameterValueException", "Unzipped size must be smaller than 262144000 bytes", 400);
      return error_of("RequestTooLargeException", error.message, 413);
    case Code::kInvalid:
      if (error.source == "zip") {
        return error_of(
            "InvalidParameterValueException",
            fmt::format("Could not unzip uploaded file. Please check your file, then try to upload again. ({})",
                        error.message),
            400);
      }
      return error_of("InvalidParameterValueException", error.message, 400);
    case Code::kUnavailable:
      if (error.source == functions::kSnapshotPending)
        return error_of("SnapStartNotReadyException", error.message, 409);
      if (error.source == functions::kSnapshotFailed) return error_of("SnapStartException", error.message, 400);
      [[fallthrough]];
    case Code::kNoSpace:
      return error_of("ServiceException", error.message, 503, "Service");
    case Code::kTimeout:
      if (error.source == functions::kSnapshotTimeout) return error_of("SnapStartTimeoutException", error.message, 408);
      return error_of("ServiceException", error.message, 504, "Service");
    default:
      return error_of("ServiceException", "the request failed inside; its id is in the log", 500, "Service");
  }
}

wire::WireError map_lambda_violations(const std::vector<wire::Violation>& violations) {
  return {"ValidationException", wire::validation_message(violations), 400, {}};
}

Result<functions::FunctionRef> own_version(const wire::Call& call, const std::string& name,
                                           const std::optional<std::string>& qualifier) {
  const auto& account = call.context.principal.account;
  GUST_TRY(auto ref, functions::parse_function_name(name, qualifier.value_or(""), account));
  if (ref.key.account != account) {
    return fail(
        Code::kDenied,
        fmt::format(
            "User: {} is not authorized to perform this operation on resource: arn:aws:lambda:{}:{}:function:{}",
            call.context.principal.arn, call.context.region, ref.key.account, ref.key.name),
        "function");
  }
  return ref;
}

Result<functions::FunctionKey> own_function(const wire::Call& call, const std::string& name) {
  GUST_TRY(auto ref, own_version(call, name, std::nullopt));
  if (!ref.qualifier.empty() && ref.qualifier != functions::kLatest) {
    return fail(Code::kInvalid,
                fmt::format("This operation is of the function, not of '{}': name it without a version or an alias",
                            ref.qualifier),
                "qualifier");
  }
  return ref.key;
}

wire::Reply<std::string> json_payload(std::optional<std::string> given) {
  auto payload = std::move(given).value_or("");
  if (payload.empty()) payload = "{}";
  if (const auto parsed = codec::parse_json(payload, 512); !parsed) {
    return wire::fault("InvalidRequestContentException",
                       fmt::format("Could not parse request body into json: {}", parsed.error().message),
                       {{"Type", "User"}}, 400);
  }
  return payload;
}

wire::Reply<std::string> client_context(std::optional<std::string> given) {
  constexpr std::size_t kMaxBytes = 3583;
  auto context = std::move(given).value_or("");
  const auto refuse = [](std::string message) {
    return wire::fault("InvalidRequestContentException", std::move(message), {{"Type", "User"}}, 400);
  };
  if (context.size() > kMaxBytes)
    return refuse(fmt::format("The client context has {} bytes of base64; {} at most", context.size(), kMaxBytes));
  if (context.empty()) return context;
  const auto text = codec::from_base64(context);
  // Written anew: it becomes a header, which has no line breaks.
  const auto value = codec::parse_json(text.value_or(""));
  if (value) return codec::to_json(*value);
  return refuse("Client context must be a valid Base64-encoded JSON object.");
}

// Why a version starts without the snapshot that it was to have is its StateReason too, which else is empty.
static void set_state(const functions::Function& f, lambda::FunctionConfiguration& out) {
  using State = functions::Snapshot::State;
  out.state = "Active";
  if (f.snapshot.state == State::kPending) {
    out.state = "Pending";
    out.state_reason = "The function is being created.";
    out.state_reason_code = "Creating";
  } else if (f.snapshot.state == State::kFailed) {
    out.state = "Failed";
    out.state_reason = f.snapshot.reason;
    out.state_reason_code = f.snapshot.reason_code;
  } else if (f.snapshot.state == State::kRefused) {
    out.state_reason = "It starts without a snapshot: " + f.snapshot.reason;
  }
}

static void set_image(const functions::ImageUse& image, lambda::FunctionConfiguration& out) {
  if (!image.entry_point && !image.command && !image.working_dir) return;
  auto& config = out.image_config_response.emplace().image_config.emplace();
  config.entry_point = image.entry_point;
  config.command = image.command;
  config.working_directory = image.working_dir;
}

lambda::FunctionConfiguration to_configuration(const functions::Function& f, std::string_view qualifier) {
  lambda::FunctionConfiguration out;
  out.function_name = f.key.name.str();
  out.function_arn = qualifier.empty() ? f.arn() : fmt::format("{}:{}", f.arn(), qualifier);
  if (!f.image) out.runtime = f.runtime;
  out.role = f.role;
  if (!f.handler.empty()) out.handler = f.handler;
  out.code_size = static_cast<std::int64_t>(f.code_size);
  out.code_sha256 = f.code_sha256;
  out.description = f.description;
  out.timeout = static_cast<std::int32_t>(f.timeout_s);
  out.memory_size = static_cast<std::int32_t>(f.memory_mb);
  auto modified = codec::to_iso8601_ms(f.modified_at);
  modified.replace(modified.size() - 1, 1, "+0000");
  out.last_modified = modified;
  out.version = f.version;
  if (!f.environment.empty()) {
    out.environment.emplace();
    out.environment->variables = f.environment;
  }
  out.tracing_config.emplace();
  out.tracing_config->mode = f.active_tracing ? "Active" : "PassThrough";
  out.revision_id = f.revision_id;
  set_state(f, out);
  out.last_update_status = "Successful";
  out.package_type = f.image ? "Image" : "Zip";
  if (f.image) set_image(*f.image, out);
  out.architectures = f.architectures;
  out.ephemeral_storage.emplace();
  out.ephemeral_storage->size = static_cast<std::int32_t>(f.tmp_mb);
  if (!f.layers.empty()) {
    out.layers.emplace();
    for (const auto& layer : f.layers) {
      auto& one = out.layers->emplace_back();
      one.arn = layer.arn;
      one.code_size = static_cast<std::int64_t>(layer.code_size);
    }
  }
  if (f.capacity) {
    auto& capacity = out.capacity_provider_config.emplace().lambda_managed_instances_capacity_provider_config;
    capacity.capacity_provider_arn = f.capacity->provider_arn;
    capacity.per_execution_environment_max_concurrency = static_cast<std::int32_t>(f.concurrency());
  }
  out.snap_start.emplace();
  out.snap_start->apply_on = f.snap_start ? "PublishedVersions" : "None";
  out.snap_start->optimization_status = f.snapshot.state == functions::Snapshot::State::kReady ? "On" : "Off";
  if (!f.image) {
    out.runtime_version_config.emplace();
    out.runtime_version_config->runtime_version_arn =
        fmt::format("arn:aws:lambda:{}::runtime:{}", f.region, f.code_sha256.empty() ? "none" : f.runtime);
  }
  auto& logging = out.logging_config.emplace();
  logging.log_format = name_of(f.logging.format);
  logging.log_group = f.log_group();
  if (f.logging.format == functions::LogFormat::kJson) {
    logging.application_log_level = name_of(f.logging.application);
    logging.system_log_level = name_of(f.logging.system);
  }
  return out;
}

}  // namespace gust::api
