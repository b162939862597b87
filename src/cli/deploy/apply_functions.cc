#include "cli/deploy/deploy.h"

#include "codec/base64.h"
#include "codec/hex.h"

#include <fmt/format.h>

namespace gust::cli {
namespace {

// Is the code that the service has the zip with this SHA-256?
bool has_code(const boost::json::object& configuration, const std::string& digest) {
  const auto* had = configuration.if_contains("CodeSha256");
  const auto bytes = codec::from_hex(digest);
  return had != nullptr && had->is_string() && bytes && codec::to_base64(*bytes) == had->get_string();
}

}  // namespace

Result<void> Deploy::upload_code() {
  for (const auto& function : desired_.functions) {
    const auto& package = packages_.at(function.logical_id);
    if (package.zip_path.empty() || !touches(function.logical_id)) continue;
    const auto [bucket, key] = code_location(function);
    const auto it = before_.entries.find(function.logical_id);
    if (it != before_.entries.end() && it->second.code_key == key) continue;
    GUST_CHECK(announce(fmt::format("uploading the code of {}", function.logical_id)));
    GUST_CHECK(services_.put_file(bucket, key, package.zip_path, "application/zip"));
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
      GUST_CHECK(permissions(function));
      const auto before = before_.entries.find(function.logical_id);
      if (!function.event_invoke.absent() || before != before_.entries.end()) {
        GUST_CHECK(event_invoke(function));
      }
    }
    const auto [bucket, key] = code_location(function);
    entry.code_key = bucket == deploy_bucket() ? key : "";
    entry.permissions.clear();
    for (const auto& permission : function.permissions) entry.permissions.push_back(permission.statement_id);
    entry.parts = parts_of(function, packages_.at(function.logical_id));
    entry.digest = digest_of(entry.parts);
  }
  return {};
}

Result<void> Deploy::create(const FunctionSpec& spec) {
  const auto it = before_.entries.find(spec.logical_id);
  const bool ours = it != before_.entries.end() && it->second.physical == spec.name;
  if (ours) {  // a deploy that was cut off may have made it
    GUST_TRY(const auto found, services_.function_configuration(spec.name));
    if (found) return update(spec);
  }
  const auto [bucket, key] = code_location(spec);
  GUST_CHECK(services_.create_function(spec, bucket, key));
  undo_.push_back({fmt::format("delete the function {}", spec.name),
                   [this, name = spec.name] { return services_.delete_function(name); }});
  return {};
}

Result<void> Deploy::update(const FunctionSpec& spec) {
  GUST_TRY(const auto old, services_.function_configuration(spec.name));
  if (!old)
    return fail(Code::kConflict, fmt::format("the function {} vanished meanwhile; deploy again", spec.name),
                "function");
  boost::json::object previous;
  for (const auto name : {"Runtime", "Handler", "Role", "Timeout", "MemorySize", "Description"}) {
    if (const auto* value = old->if_contains(name)) previous[name] = *value;
  }
  const auto* environment = old->if_contains("Environment");
  previous["Environment"] =
      environment != nullptr ? *environment : boost::json::value{{"Variables", boost::json::object{}}};
  GUST_TRY(auto settings, function_settings(spec));
  // The configuration first: it is what can be refused, and it is taken back without the code.
  GUST_CHECK(services_.update_configuration(spec.name, std::move(settings)));
  undo_.push_back({fmt::format("restore the configuration of {}", spec.name),
                   [this, name = spec.name, previous] { return services_.update_configuration(name, previous); }});
  const auto [bucket, key] = code_location(spec);
  const auto it = before_.entries.find(spec.logical_id);
  const auto old_key = it == before_.entries.end() ? std::string() : it->second.code_key;
  if (bucket == deploy_bucket() && old_key == key && has_code(*old, packages_.at(spec.logical_id).digest)) return {};
  GUST_CHECK(services_.update_code(spec.name, bucket, key));
  undo_.push_back(
      {fmt::format("restore the code of {}", spec.name), [this, name = spec.name, old_key]() -> Result<void> {
         if (!old_key.empty()) return services_.update_code(name, deploy_bucket(), old_key);
         return fail(Code::kNotFound, "the old code was not kept; deploy the old template again", "code");
       }});
  return {};
}

// An undo puts back every statement that this deploy touches.
Result<void> Deploy::permissions(const FunctionSpec& spec) {
  const auto it = before_.entries.find(spec.logical_id);
  const bool ours = it != before_.entries.end() && it->second.physical == spec.name;
  if (ours) {
    GUST_TRY(auto was, services_.permissions(spec.name));
    auto ids = it->second.permissions;
    for (const auto& permission : spec.permissions) ids.push_back(permission.statement_id);
    undo_.push_back({fmt::format("restore the permissions of {}", spec.name),
                     [this, name = spec.name, was = std::move(was), ids]() -> Result<void> {
                       for (const auto& id : ids) GUST_CHECK(services_.remove_permission(name, id));
                       for (const auto& permission : was) {
                         if (contains(ids, permission.statement_id))
                           GUST_CHECK(services_.set_permission(name, permission));
                       }
                       return {};
                     }});
  }
  for (const auto& permission : spec.permissions) GUST_CHECK(services_.set_permission(spec.name, permission));
  if (!ours) return {};
  for (const auto& id : it->second.permissions) {
    if (contains(spec.permissions, id, &Permission::statement_id)) continue;
    GUST_CHECK(services_.remove_permission(spec.name, id));
  }
  return {};
}

Result<void> Deploy::event_invoke(const FunctionSpec& spec) {
  GUST_TRY(auto was, services_.event_invoke(spec.name));
  undo_.push_back({fmt::format("restore the retries of {}", spec.name), [this, name = spec.name, was = std::move(was)] {
                     return services_.restore_event_invoke(name, was);
                   }});
  return services_.put_event_invoke(spec.name, spec.event_invoke);
}

}  // namespace gust::cli
