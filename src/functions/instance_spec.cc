// What an instance's sandbox is made of.
#include "functions/extensions.h"
#include "functions/image_root.h"
#include "functions/instance.h"
#include "functions/interpreters.h"

#include <fmt/format.h>

#include <filesystem>

namespace gust::functions {

static constexpr std::uint32_t kMbOfACore = 1769;  // as on the service

// The program of a container image, and its root. What PATH leads to nowhere keeps its bare name.
static void use_image(const ImageUse& image, const std::string& root, sandbox::Spec& spec) {
  const auto& own = image.settings;
  spec.root = root;
  spec.argv = image.entry_point.value_or(own.entry_point);
  const auto command = image.command.value_or(own.command);
  spec.argv.insert(spec.argv.end(), command.begin(), command.end());
  const auto folder = std::filesystem::path("/") / image.working_dir.value_or(own.working_dir);
  spec.working_dir = folder.lexically_normal().native();
  if (spec.working_dir.size() > 1 && spec.working_dir.ends_with('/')) spec.working_dir.pop_back();
  if (spec.argv.empty()) return;
  if (const auto found = find_program(root, spec.argv[0], spec.env["PATH"], spec.working_dir)) spec.argv[0] = *found;
}

void Instance::use_code(sandbox::Spec& spec) const {
  const auto& f = function_;
  spec.read_only.push_back({parts_.settings.code_folder + "/" + f.code_folder, "/var/task"});
  if (!f.layers_folder.empty()) spec.read_only.push_back({parts_.settings.code_folder + "/" + f.layers_folder, "/opt"});
  auto start = start_of(f, parts_.settings);
  spec.argv = std::move(start.argv);
  if (!start.runtime_folder.empty()) spec.read_only.push_back({std::move(start.runtime_folder), "/var/runtime"});
  if (!f.layers_folder.empty() && has_extensions(spec.read_only[1].source)) {
    spec.argv.insert(spec.argv.begin(), std::string(kSupervisor));
    spec.read_only.push_back({parts_.settings.extension_tools, std::string(kSupervisorFolder)});
  }
}

sandbox::Spec Instance::make_spec(const RoleKeys& keys) const {
  const auto& f = function_;
  sandbox::Spec spec;
  spec.id = id_;
  if (f.image) spec.env = f.image->settings.environment;
  for (const auto& [name, value] : f.environment) spec.env[name] = value;
  std::map<std::string, std::string> own = {
      {"AWS_LAMBDA_RUNTIME_API", fmt::format("127.0.0.1:{}", runtime_port(parts_.settings))},
      {"AWS_ENDPOINT_URL", fmt::format("http://127.0.0.1:{}", parts_.settings.services_port)},
      {"AWS_REGION", f.region},
      {"AWS_DEFAULT_REGION", f.region},
      {"AWS_ACCESS_KEY_ID", keys.access_key_id},
      {"AWS_SECRET_ACCESS_KEY", keys.secret_access_key},
      {"AWS_SESSION_TOKEN", keys.session_token},
      {"AWS_LAMBDA_FUNCTION_NAME", f.key.name.str()},
      {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE", std::to_string(f.memory_mb)},
      {"AWS_LAMBDA_FUNCTION_VERSION", f.version},
      {"AWS_LAMBDA_INITIALIZATION_TYPE", std::string(parts_.initialization_type)},
      {"AWS_LAMBDA_LOG_GROUP_NAME", f.log_group()},
      {"AWS_LAMBDA_LOG_STREAM_NAME", log_source_.stream},
      {"AWS_S3_US_EAST_1_REGIONAL_ENDPOINT", "regional"},
      {"LAMBDA_TASK_ROOT", "/var/task"},
      {"LAMBDA_RUNTIME_DIR", "/var/runtime"}};
  if (parts_.settings.take_segment) {
    const auto address = fmt::format("127.0.0.1:{}", segments_port(parts_.settings));
    own.emplace("AWS_XRAY_DAEMON_ADDRESS", address);
    own.emplace("AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR");
    const auto endpoint = fmt::format("http://127.0.0.1:{}", parts_.settings.services_port);
    spec.env.try_emplace("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint);
    spec.env.try_emplace("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf");
  }
  if (!f.image) {
    own.emplace("AWS_EXECUTION_ENV", "AWS_Lambda_" + f.runtime);
    own.emplace("_HANDLER", f.handler);
  }
  for (const auto& [name, value] : own) spec.env[name] = value;
  // As on the service, which reserves neither of their names.
  spec.env.try_emplace("AWS_LAMBDA_LOG_FORMAT", name_of(f.logging.format));
  if (f.logging.format == LogFormat::kJson)
    spec.env.try_emplace("AWS_LAMBDA_LOG_LEVEL", name_of(f.logging.application));
  if (f.capacity) spec.env["AWS_LAMBDA_MAX_CONCURRENCY"] = std::to_string(concurrency_);
  spec.env.try_emplace("PATH", "/usr/local/bin:/usr/bin:/bin:/opt/bin");
  spec.env.try_emplace("LANG", "C.UTF-8");
  spec.env.try_emplace("TZ", ":UTC");
  if (f.image) {
    use_image(*f.image, parts_.settings.code_folder + "/" + f.code_folder, spec);
  } else {
    use_code(spec);
  }
  spec.memory_bytes = std::uint64_t{f.memory_mb} << 20;
  spec.tmp_bytes = std::uint64_t{f.tmp_mb} << 20;
  spec.cpu_share = std::max<std::uint32_t>(1, f.memory_mb * 1000 / kMbOfACore);
  spec.cpu_millis = std::max<std::uint32_t>(1000, spec.cpu_share);  // what is idle is for who wants it, up to a core
  // The service has no setting for it: there every function has egress, and here none that does not say so.
  if (const auto egress = f.environment.find("GUST_EGRESS"); egress != f.environment.end())
    spec.egress = egress->second == "internet" ? sandbox::Egress::kInternet : sandbox::Egress::kNone;
  add_ports(spec, parts_.settings);
  if (parts_.adjust) parts_.adjust(spec);
  return spec;
}

}  // namespace gust::functions
