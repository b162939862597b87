#include "cli/deploy/plan.h"

#include "codec/digest.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace gust::cli {
namespace {

// Nothing where the old parts are not known.
std::vector<std::string> differing(const Parts& before, const Parts& after) {
  std::set<std::string> out;
  if (before.empty()) return {};
  for (const auto& [name, digest] : after) {
    const auto at = before.find(name);
    if (at == before.end() || at->second != digest) out.insert(name);
  }
  for (const auto& [name, digest] : before) {
    if (!after.contains(name)) out.insert(name);
  }
  return {out.begin(), out.end()};
}

class Planner {
 public:
  explicit Planner(const Inputs& in) : in_(in) {}

  void want(const std::string& logical_id, std::string_view type, const std::string& physical, const Parts& parts) {
    wanted_.insert(logical_id);
    Change change{Action::kCreate, logical_id, std::string(type), physical, {}, {}};
    const auto it = in_.record.entries.find(logical_id);
    if (it != in_.record.entries.end() && it->second.type == type) {
      const auto& entry = it->second;
      // An API has no name to keep: what is there stays.
      if (physical.empty()) change.physical = entry.physical;
      if (!physical.empty() && entry.physical != physical) {
        change.action = Action::kReplace;
        change.replaced = entry.physical;
      } else if (in_.present.contains(logical_id)) {
        change.action = entry.digest == digest_of(parts) ? Action::kNone : Action::kUpdate;
        if (change.action == Action::kUpdate) change.what = differing(entry.parts, parts);
      }
    } else if (it != in_.record.entries.end()) {
      change.action = Action::kReplace;
      change.replaced = it->second.physical;
    }
    changes_.push_back(std::move(change));
  }

  std::vector<Change> finish() {
    for (const auto& [logical_id, entry] : in_.record.entries) {
      if (!wanted_.contains(logical_id))
        changes_.push_back({Action::kDelete, logical_id, entry.type, entry.physical, {}, {}});
    }
    return std::move(changes_);
  }

 private:
  const Inputs& in_;
  std::set<std::string> wanted_;
  std::vector<Change> changes_;
};

std::string text_of(const Notification& n) {
  std::string rules;
  for (const auto& [name, value] : n.rules) rules += fmt::format("{}={};", name, value);
  return fmt::format("{}|{}|{}|{}", n.id, n.function_arn, fmt::join(n.events, ","), rules);
}

std::string part(std::string_view text) { return codec::sha256_hex(text).substr(0, 16); }

}  // namespace

Parts parts_of(const BucketSpec& spec, const std::map<std::string, std::string>& content) {
  std::string notifications, files, policies;
  for (const auto& notification : spec.notifications) notifications += text_of(notification) + "\n";
  for (const auto& [key, digest] : content) files += fmt::format("{}={}\n", key, digest);
  for (const auto& policy : spec.retained) policies += policy + "\n";
  return {{"CORS", part(to_canonical_json(spec.cors))},
          {"website", part(to_canonical_json(spec.website))},
          {"notifications", part(notifications)},
          {"files", part(files)},
          {"deletion policy", part(policies)}};
}

Parts parts_of(const TableSpec& spec) {
  std::string policies, tags;
  for (const auto& policy : spec.retained) policies += policy + "\n";
  for (const auto& [key, value] : spec.tags) tags += part(key) + part(value) + "\n";
  Parts out{{"Tags", part(tags)}, {"deletion policy", part(policies)}};
  for (const auto& [name, value] : spec.settings.fields) out[name] = part(to_canonical_json(value));
  return out;
}

Parts parts_of(const ApiSpec& spec) {
  std::string routes;
  for (const auto& route : spec.routes) {
    routes += fmt::format("{}|{}|{}|{}\n", route.key, route.function_arn, route.payload_version, route.timeout_ms);
  }
  return {{"name", part(spec.name)},
          {"description", part(spec.description)},
          {"CORS", part(to_canonical_json(spec.cors))},
          {"stage", part(spec.stage + "\n" + to_canonical_json(spec.stage_variables))},
          {"routes", part(routes)}};
}

Parts parts_of(const FunctionSpec& spec, const Package& package) {
  std::string permissions;
  for (const auto& p : spec.permissions) {
    permissions += fmt::format("{}|{}|{}|{}|{}", p.statement_id, p.action, p.principal, p.source_arn, p.source_account);
    if (!p.url_auth_type.empty() || !p.qualifier.empty())
      permissions += fmt::format("|{}|{}", p.url_auth_type, p.qualifier);
    permissions += "\n";
  }
  Parts out{{"code", part(package.digest)},
            {"permissions", part(permissions)},
            {"retries", part(to_canonical_json(spec.event_invoke))}};
  if (!spec.url.absent()) out["URL"] = part(to_canonical_json(spec.url) + spec.alias);
  for (const auto& source : spec.event_sources)
    out[std::string(kEventSourcePart) + source.source_arn] = part(to_canonical_json(source.settings) + spec.alias);
  if (!spec.alias.empty()) out["alias"] = part(spec.alias);
  if (!spec.provisioned.absent()) out["provisioned concurrency"] = part(spec.provisioned.text);
  if (!spec.scaling.absent()) out["scaling"] = part(to_canonical_json(spec.scaling) + spec.alias);
  if (!spec.reserved.absent()) out["reserved concurrency"] = part(spec.reserved.text);
  for (const auto& [name, value] : spec.configuration.fields) out[name] = part(to_canonical_json(value));
  return out;
}

Parts parts_of(const LayerSpec& spec, const Package& package) {
  std::string policies;
  for (const auto& policy : spec.retained) policies += policy + "\n";
  return {{"content", part(package.digest)},
          {"name", part(spec.name)},
          {"settings", part(to_canonical_json(spec.settings))},
          {"deletion policy", part(policies)}};
}

std::string digest_of(const Parts& parts) {
  std::string text;
  for (const auto& [name, digest] : parts) text += fmt::format("{}={}\n", name, digest);
  return codec::sha256_hex(text);
}

std::vector<Change> make_plan(const Inputs& in) {
  Planner planner(in);
  static const std::map<std::string, std::string> kNothing;
  for (const auto& table : in.desired.tables) planner.want(table.logical_id, kTableType, table.name, parts_of(table));
  for (const auto& bucket : in.desired.buckets) {
    const auto it = in.content.find(bucket.logical_id);
    planner.want(bucket.logical_id, kBucketType, bucket.name,
                 parts_of(bucket, it == in.content.end() ? kNothing : it->second));
  }
  for (const auto& api : in.desired.apis) planner.want(api.logical_id, kApiType, "", parts_of(api));
  for (const auto& layer : in.desired.layers)
    planner.want(layer.logical_id, kLayerType, "", parts_of(layer, in.packages.at(layer.logical_id)));
  for (const auto& function : in.desired.functions) {
    planner.want(function.logical_id, kFunctionType, function.name,
                 parts_of(function, in.packages.at(function.logical_id)));
  }
  return planner.finish();
}

std::string_view action_name(Action action) {
  switch (action) {
    case Action::kNone:
      return "none";
    case Action::kCreate:
      return "create";
    case Action::kUpdate:
      return "update";
    case Action::kReplace:
      return "replace";
    case Action::kDelete:
      return "delete";
  }
  return "none";
}

}  // namespace gust::cli
