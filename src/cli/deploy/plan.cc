#include "cli/deploy/plan.h"

#include "codec/digest.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace gust::cli {
namespace {

class Planner {
 public:
  explicit Planner(const Inputs& in) : in_(in) {}

  void want(const std::string& logical_id, std::string_view type, const std::string& physical,
            const std::string& digest) {
    wanted_.insert(logical_id);
    Change change{Action::kCreate, logical_id, std::string(type), physical, {}};
    const auto it = in_.record.entries.find(logical_id);
    if (it != in_.record.entries.end() && it->second.type == type) {
      const auto& entry = it->second;
      // An API has no name to keep: what is there stays.
      if (physical.empty()) change.physical = entry.physical;
      if (!physical.empty() && entry.physical != physical) {
        change.action = Action::kReplace;
        change.replaced = entry.physical;
      } else if (in_.present.contains(logical_id)) {
        change.action = entry.digest == digest ? Action::kNone : Action::kUpdate;
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
        changes_.push_back({Action::kDelete, logical_id, entry.type, entry.physical, {}});
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

}  // namespace

std::string digest_of(const BucketSpec& spec, const std::map<std::string, std::string>& content) {
  std::string text = fmt::format("{}\n{}\n", to_canonical_json(spec.cors), to_canonical_json(spec.website));
  for (const auto& policy : spec.retained) text += policy + "\n";
  for (const auto& notification : spec.notifications) text += text_of(notification) + "\n";
  for (const auto& [key, digest] : content) text += fmt::format("{}={}\n", key, digest);
  return codec::sha256_hex(text);
}

std::string digest_of(const ApiSpec& spec) {
  std::string text = fmt::format("{}\n{}\n{}\n{}\n{}\n", spec.name, to_canonical_json(spec.cors), spec.description,
                                 spec.stage, to_canonical_json(spec.stage_variables));
  for (const auto& route : spec.routes) {
    text += fmt::format("{}|{}|{}|{}\n", route.key, route.function_arn, route.payload_version, route.timeout_ms);
  }
  return codec::sha256_hex(text);
}

std::string digest_of(const FunctionSpec& spec, const Package& package) {
  std::string text = fmt::format("{}\n{}\n{}\n", to_canonical_json(spec.configuration),
                                 to_canonical_json(spec.event_invoke), package.digest);
  for (const auto& p : spec.permissions) {
    text += fmt::format("{}|{}|{}|{}|{}\n", p.statement_id, p.action, p.principal, p.source_arn, p.source_account);
  }
  return codec::sha256_hex(text);
}

std::vector<Change> make_plan(const Inputs& in) {
  Planner planner(in);
  static const std::map<std::string, std::string> kNothing;
  for (const auto& bucket : in.desired.buckets) {
    const auto it = in.content.find(bucket.logical_id);
    planner.want(bucket.logical_id, kBucketType, bucket.name,
                 digest_of(bucket, it == in.content.end() ? kNothing : it->second));
  }
  for (const auto& api : in.desired.apis) planner.want(api.logical_id, kApiType, "", digest_of(api));
  for (const auto& function : in.desired.functions) {
    planner.want(function.logical_id, kFunctionType, function.name,
                 digest_of(function, in.packages.at(function.logical_id)));
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
