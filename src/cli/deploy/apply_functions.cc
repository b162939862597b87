#include "cli/deploy/deploy.h"
#include "cli/image.h"

#include "codec/base64.h"
#include "codec/hex.h"

#include <fmt/format.h>

namespace gust::cli {
namespace {

boost::json::array layers_of(const boost::json::object& configuration) {
  boost::json::array out;
  const auto* layers = configuration.if_contains("Layers");
  if (layers == nullptr || !layers->is_array()) return out;
  for (const auto& layer : layers->get_array()) out.push_back(layer.as_object().at("Arn"));
  return out;
}

boost::json::value image_config_of(const boost::json::object& configuration) {
  const auto* answer = configuration.if_contains("ImageConfigResponse");
  const auto* config = answer && answer->is_object() ? answer->get_object().if_contains("ImageConfig") : nullptr;
  return config == nullptr ? boost::json::value(boost::json::object()) : *config;
}

// Is the code that the service has the zip with this SHA-256?
bool has_code(const boost::json::object& configuration, const std::string& digest) {
  const auto* had = configuration.if_contains("CodeSha256");
  const auto bytes = codec::from_hex(digest);
  return had != nullptr && had->is_string() && bytes && codec::to_base64(*bytes) == had->get_string();
}

}  // namespace

Result<void> Deploy::apply_layers() {
  bool made = false;
  for (const auto& layer : desired_.layers) {
    auto& entry = after_.entries[layer.logical_id];
    const auto& package = packages_.at(layer.logical_id);
    const auto [bucket, key] = code_location(layer.logical_id, layer.content);
    if (touches(layer.logical_id)) {
      GUST_CHECK(announce(fmt::format("publish the layer {}", layer.name)));
      if (!package.zip_path.empty()) GUST_CHECK(services_.put_file(bucket, key, package.zip_path, "application/zip"));
      GUST_TRY(const auto arn, services_.publish_layer(layer, bucket, key));
      undo_.push_back({fmt::format("delete the layer {}", arn), [this, arn] { return services_.delete_layer(arn); }});
      around_.layers[layer.logical_id] = entry.physical = arn;
      made = true;
    }
    entry.code_key = bucket == deploy_bucket() ? key : "";
    entry.retained = layer.retained;
    entry.parts = parts_of(layer, package);
    entry.digest = digest_of(entry.parts);
  }
  if (!made) return {};
  GUST_CHECK(save(after_));
  return evaluate_now();
}

Result<void> Deploy::upload_code() {
  for (const auto& function : desired_.functions) {
    const auto& package = packages_.at(function.logical_id);
    const bool image = function.code.from == CodeSource::From::kImage && !function.code.path.empty();
    if ((package.zip_path.empty() && !image) || !touches(function.logical_id)) continue;
    const auto [bucket, key] = code_location(function.logical_id, function.code);
    const auto it = before_.entries.find(function.logical_id);
    if (it != before_.entries.end() && it->second.code_key == code_key(function.logical_id, function.code)) continue;
    GUST_CHECK(announce(fmt::format("uploading the {} of {}", image ? "image" : "code", function.logical_id)));
    if (image) {
      GUST_CHECK(push_image(remote_, function.code.path, key));
    } else {
      GUST_CHECK(services_.put_file(bucket, key, package.zip_path, "application/zip"));
    }
  }
  return {};
}

Result<void> Deploy::apply_functions() {
  for (const auto& function : desired_.functions) {
    auto& entry = after_.entries[function.logical_id];
    if (touches(function.logical_id)) {
      const auto action = change_of(function.logical_id)->action;
      GUST_CHECK(announce(fmt::format("{} the function {}", action_name(action), function.name)));
      if (action == Action::kUpdate)
        GUST_CHECK(update(function));
      else
        GUST_CHECK(create(function));
      GUST_CHECK(alias(function));
      GUST_CHECK(permissions(function));
      GUST_CHECK(settings(function));
      GUST_CHECK(event_sources(function));
    }
    entry.code_key = code_key(function.logical_id, function.code);
    entry.permissions.clear();
    for (const auto& permission : function.permissions) entry.permissions.push_back(recorded_id(permission));
    entry.alias = function.alias;
    entry.parts = parts_of(function, packages_.at(function.logical_id));
    entry.digest = digest_of(entry.parts);
  }
  return evaluate_with_urls();
}

Result<void> Deploy::create(const FunctionSpec& spec) {
  const auto it = before_.entries.find(spec.logical_id);
  const bool ours = it != before_.entries.end() && it->second.physical == spec.name;
  if (ours) {  // a deploy that was cut off may have made it
    GUST_TRY(const auto found, services_.function_configuration(spec.name));
    if (found) return update(spec);
  }
  const auto [bucket, key] = code_location(spec.logical_id, spec.code);
  GUST_CHECK(services_.create_function(spec, bucket, key));
  undo_.push_back({fmt::format("delete the function {}", spec.name),
                   [this, name = spec.name] { return services_.delete_function(name); }});
  return {};
}

// Nothing takes it away from a function that has it: without it a function runs one invocation at a time again.
static void keep_capacity(boost::json::object& settings, const boost::json::object& before) {
  constexpr auto kName = "CapacityProviderConfig";
  const auto* had = before.if_contains(kName);
  if (had == nullptr || settings.contains(kName)) return;
  auto kept = *had;
  kept.at("LambdaManagedInstancesCapacityProviderConfig").as_object()["PerExecutionEnvironmentMaxConcurrency"] = 1;
  settings[kName] = std::move(kept);
}

Result<void> Deploy::update(const FunctionSpec& spec) {
  GUST_TRY(const auto old, services_.function_configuration(spec.name));
  if (!old)
    return fail(Code::kConflict, fmt::format("the function {} vanished meanwhile; deploy again", spec.name),
                "function");
  boost::json::object previous;
  for (const auto name :
       {"Runtime", "Handler", "Role", "Timeout", "MemorySize", "Description", "EphemeralStorage", "SnapStart",
        "CapacityProviderConfig", "LoggingConfig"}) {
    if (const auto* value = old->if_contains(name)) previous[name] = *value;
  }
  const bool image = spec.code.from == CodeSource::From::kImage;
  if (const auto* type = old->if_contains("PackageType"); type && (*type == "Image") != image) {
    return fail(Code::kConflict,
                fmt::format("the function {} is there with another PackageType, which cannot be changed: give it "
                            "another name, or delete it first",
                            spec.name),
                "function");
  }
  if (image) previous["ImageConfig"] = image_config_of(*old);
  previous["Layers"] = layers_of(*old);
  const auto* environment = old->if_contains("Environment");
  previous["Environment"] =
      environment != nullptr ? *environment : boost::json::value{{"Variables", boost::json::object{}}};
  GUST_TRY(auto settings, function_settings(spec));
  keep_capacity(settings, *old);
  keep_capacity(previous, settings);
  // The configuration first: it is what can be refused, and it is taken back without the code.
  GUST_CHECK(services_.update_configuration(spec.name, std::move(settings)));
  undo_.push_back({fmt::format("restore the configuration of {}", spec.name),
                   [this, name = spec.name, previous] { return services_.update_configuration(name, previous); }});
  return update_code(spec, *old);
}

Result<void> Deploy::update_code(const FunctionSpec& spec, const boost::json::object& old) {
  const auto [bucket, key] = code_location(spec.logical_id, spec.code);
  const auto it = before_.entries.find(spec.logical_id);
  const auto old_key = it == before_.entries.end() ? std::string() : it->second.code_key;
  if (bucket == deploy_bucket() && old_key == key && has_code(old, packages_.at(spec.logical_id).digest)) return {};
  std::string old_image;
  if (bucket.empty()) {
    GUST_TRY(old_image, services_.image_of(spec.name));
  }
  GUST_CHECK(services_.update_code(spec.name, bucket, key));
  auto restore = [this, name = spec.name, old_key, old_image]() -> Result<void> {
    if (!old_image.empty()) return services_.update_code(name, "", old_image);
    if (!old_key.empty()) return services_.update_code(name, deploy_bucket(), old_key);
    return fail(Code::kNotFound, "the old code was not kept; deploy the old template again", "code");
  };
  undo_.push_back({fmt::format("restore the code of {}", spec.name), std::move(restore)});
  return {};
}

// An undo puts back every statement that this deploy touches.
Result<void> Deploy::permissions(const FunctionSpec& spec) {
  const auto it = before_.entries.find(spec.logical_id);
  const bool ours = it != before_.entries.end() && it->second.physical == spec.name;
  if (ours) {
    GUST_TRY(auto was, services_.permissions(spec.name, ""));
    for (const auto& alias : {spec.alias, it->second.alias}) {
      if (alias.empty()) continue;
      GUST_TRY(const auto of_alias, services_.permissions(spec.name, alias));
      was.insert(was.end(), of_alias.begin(), of_alias.end());
    }
    auto ids = it->second.permissions;
    for (const auto& permission : spec.permissions) ids.push_back(recorded_id(permission));
    undo_.push_back({fmt::format("restore the permissions of {}", spec.name),
                     [this, name = spec.name, was = std::move(was), ids]() -> Result<void> {
                       for (const auto& id : ids) GUST_CHECK(services_.remove_permission(name, id));
                       for (const auto& permission : was) {
                         if (contains(ids, recorded_id(permission)))
                           GUST_CHECK(services_.set_permission(name, permission));
                       }
                       return {};
                     }});
  }
  for (const auto& permission : spec.permissions) GUST_CHECK(services_.set_permission(spec.name, permission));
  if (!ours) return {};
  for (const auto& id : it->second.permissions) {
    if (contains(spec.permissions, id, recorded_id)) continue;
    GUST_CHECK(services_.remove_permission(spec.name, id));
  }
  return {};
}

// Without a value it is removed.
Result<void> Deploy::set(const Setting& setting, const std::optional<boost::json::object>& value) {
  GUST_TRY(auto was, services_.read(setting));
  if (!was && !value) return {};
  undo_.push_back({"restore " + setting.what, [this, setting, was = std::move(was)]() -> Result<void> {
                     GUST_CHECK(services_.write(setting, was));
                     return {};
                   }});
  GUST_CHECK(services_.write(setting, value));
  return {};
}

Result<void> Deploy::scale(const std::string& function, const std::string& alias,
                           const std::optional<boost::json::object>& value) {
  GUST_TRY(auto was, services_.read_scaling(function, alias));
  undo_.push_back({fmt::format("restore what scales {}:{}", function, alias),
                   [this, function, alias, was = std::move(was)] {
                     return services_.write_scaling(function, alias, was);
                   }});
  return services_.write_scaling(function, alias, value);
}

// Points the alias to a version of what the function is now.
Result<void> Deploy::alias(const FunctionSpec& spec) {
  if (spec.alias.empty()) return {};
  GUST_TRY(const auto version, services_.publish(spec.name, progress_));
  return set(alias_of(spec.name, spec.alias), boost::json::object{{"FunctionVersion", version}});
}

// Those of an alias that goes, go before it; what the template never named is not touched.
Result<void> Deploy::settings(const FunctionSpec& spec) {
  const auto it = before_.entries.find(spec.logical_id);
  const bool ours = it != before_.entries.end() && it->second.physical == spec.name;
  const auto had = [&](const char* part) { return ours && it->second.parts.contains(part); };
  const auto old_alias = ours ? it->second.alias : std::string();
  if (old_alias != spec.alias) {
    if (had("scaling")) GUST_CHECK(scale(spec.name, old_alias, std::nullopt));
    if (had("provisioned concurrency")) GUST_CHECK(set(provisioned_of(spec.name, old_alias), std::nullopt));
    if (had("URL")) GUST_CHECK(set(url_of(spec.name, old_alias), std::nullopt));
    if (had("retries")) GUST_CHECK(set(retries_of(spec.name, old_alias), std::nullopt));
    if (!old_alias.empty()) GUST_CHECK(set(alias_of(spec.name, old_alias), std::nullopt));
  }
  GUST_TRY(const auto retries, retries_value(spec.event_invoke));
  if (retries || ours) GUST_CHECK(set(retries_of(spec.name, spec.alias), retries));
  GUST_TRY(const auto reserved, count_value("ReservedConcurrentExecutions", spec.reserved));
  if (reserved || had("reserved concurrency")) GUST_CHECK(set(reserved_of(spec.name), reserved));
  GUST_CHECK(provisioning(spec));
  GUST_TRY(const auto url, url_value(spec.url));
  if (url || had("URL")) GUST_CHECK(set(url_of(spec.name, spec.alias), url));
  return {};
}

// How many instances of the alias stand ready, and what scales that.
Result<void> Deploy::provisioning(const FunctionSpec& spec) {
  constexpr auto kCount = "provisioned concurrency", kScaling = "scaling";
  const auto it = before_.entries.find(spec.logical_id);
  static const Parts kNone;
  const bool ours = it != before_.entries.end() && it->second.physical == spec.name && it->second.alias == spec.alias;
  const auto& had = ours ? it->second.parts : kNone;
  const bool has_alias = !spec.alias.empty();
  GUST_TRY(const auto count, count_value("ProvisionedConcurrentExecutions", spec.provisioned));
  GUST_TRY(const auto scaling, scaling_value(spec.scaling));
  // What scales the number may have changed it since it was set.
  const bool scaled = scaling && count && had.contains(kScaling) && had.contains(kCount) &&
                      had.at(kCount) == parts_of(spec, {}).at(kCount);
  if (!scaled && (count || (had.contains(kCount) && has_alias)))
    GUST_CHECK(set(provisioned_of(spec.name, spec.alias), count));
  if (scaling || (had.contains(kScaling) && has_alias)) return scale(spec.name, spec.alias, scaling);
  return {};
}

// Now that the URLs are known: outputs have them, and functions that were made with a stand-in.
Result<void> Deploy::evaluate_with_urls() {
  bool changed = false;
  for (const auto& function : desired_.functions) {
    if (function.url.absent()) continue;
    GUST_TRY(const auto found, services_.read(url_of(function.name, function.alias)));
    const auto* url = found ? found->if_contains("FunctionUrl") : nullptr;
    if (url == nullptr) continue;
    auto& known = around_.urls[function.logical_id];
    changed = changed || known != url->as_string();
    known = std::string(url->as_string());
  }
  if (!changed) return {};
  const auto before = desired_.functions;
  GUST_CHECK(evaluate_now());
  for (std::size_t i = 0; i < before.size(); ++i) {
    const auto& now = desired_.functions[i];
    if (to_canonical_json(now.configuration) == to_canonical_json(before[i].configuration)) continue;
    GUST_TRY(auto configuration, function_settings(now));
    GUST_CHECK(services_.update_configuration(now.name, std::move(configuration)));
    GUST_CHECK(alias(now));
    auto& entry = after_.entries[now.logical_id];
    entry.parts = parts_of(now, packages_.at(now.logical_id));
    entry.digest = digest_of(entry.parts);
  }
  return {};
}

}  // namespace gust::cli
