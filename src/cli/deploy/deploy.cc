#include "cli/deploy/deploy.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace gust::cli {
namespace {

namespace fs = std::filesystem;

using Digests = std::map<std::string, std::map<std::string, std::string>>;

Digests digests_of(const std::map<std::string, std::map<std::string, ContentFile>>& content) {
  Digests out;
  for (const auto& [bucket, files] : content) {
    for (const auto& [key, file] : files) out[bucket][key] = file.sha256;
  }
  return out;
}

}  // namespace

std::string deploy_bucket_name(std::string_view account) { return fmt::format("gust-deploy-{}", account); }

Deploy::Deploy(Remote& remote, std::string file, Surroundings around, Progress progress)
    : services_(remote), file_(std::move(file)), around_(std::move(around)), progress_(std::move(progress)) {}

std::string Deploy::deploy_bucket() const { return deploy_bucket_name(around_.account); }
std::string Deploy::record_key() const { return fmt::format("stacks/{}.json", around_.stack); }

Result<Node> check_template(const std::string& file, const Surroundings& around) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(Code::kNotFound, fmt::format("{} cannot be read", file), "template");
  std::stringstream text;
  text << in.rdbuf();
  GUST_TRY(auto root, parse_template(text.str(), file));
  GUST_CHECK(evaluate(root, file, around));
  return root;
}

Result<void> Deploy::prepare() {
  GUST_TRY(root_, check_template(file_, around_));
  GUST_TRY(around_.account, services_.account());
  GUST_CHECK(read_record());
  GUST_CHECK(look());
  GUST_CHECK(evaluate_now());
  const auto folder = fs::absolute(file_).parent_path().string();
  for (const auto& function : desired_.functions) {
    GUST_TRY(packages_[function.logical_id], package(function, folder, progress_));
  }
  const auto digests = digests_of(content_);
  changes_ = make_plan({desired_, packages_, digests, before_, present_});
  return {};
}

Result<void> Deploy::read_record() {
  GUST_TRY(const auto text, services_.get_object(deploy_bucket(), record_key()));
  if (!text) return {};
  GUST_TRY(before_, parse_record(*text));
  return {};
}

Result<void> Deploy::look() {
  for (const auto& [logical_id, entry] : before_.entries) {
    bool there = false;
    if (entry.type == kBucketType) {
      GUST_TRY(there, services_.bucket_exists(entry.physical));
    } else if (entry.type == kFunctionType) {
      GUST_TRY(const auto found, services_.function_configuration(entry.physical));
      there = found.has_value();
    } else if (entry.type == kApiType && !entry.physical.empty()) {
      GUST_TRY(there, services_.api_exists(entry.physical));
      if (there) around_.api_ids[logical_id] = entry.physical;
    }
    if (there) present_.insert(logical_id);
  }
  return {};
}

Result<void> Deploy::evaluate_now() {
  GUST_TRY(desired_, evaluate(root_, file_, around_));
  content_.clear();
  for (const auto& bucket : desired_.buckets) {
    GUST_TRY(content_[bucket.logical_id], content_of(bucket));
  }
  return {};
}

const Change* Deploy::change_of(const std::string& logical_id) const {
  const auto it = std::ranges::find(changes_, logical_id, &Change::logical_id);
  return it == changes_.end() ? nullptr : &*it;
}

bool Deploy::touches(const std::string& logical_id) const {
  const auto* change = change_of(logical_id);
  return change != nullptr && change->action != Action::kNone && change->action != Action::kDelete;
}

std::pair<std::string, std::string> Deploy::code_location(const FunctionSpec& spec) const {
  if (spec.code.from == CodeSource::From::kObject) return {spec.code.bucket, spec.code.key};
  return {deploy_bucket(), fmt::format("code/{}.zip", packages_.at(spec.logical_id).digest)};
}

Result<void> Deploy::save(const StackRecord& record) {
  return services_.put_object(deploy_bucket(), record_key(), to_json(record), "application/json");
}

Result<void> Deploy::apply() {
  GUST_CHECK(services_.create_bucket(deploy_bucket()));
  after_ = before_;
  auto done = steps();
  if (done) return {};
  auto error = std::move(done).error();
  error.message += take_back();
  return std::unexpected(std::move(error));
}

Result<void> Deploy::steps() {
  // What is about to be made is written down first, so that a deploy that is cut off is taken up by the next one.
  for (const auto& change : changes_) {
    if (change.action == Action::kCreate || change.action == Action::kReplace) {
      auto& entry = after_.entries[change.logical_id];
      entry.type = change.type;
      if (!change.physical.empty()) entry.physical = change.physical;
      entry.digest.clear();
    }
  }
  GUST_CHECK(save(after_));
  GUST_CHECK(upload_code());
  GUST_CHECK(apply_buckets());
  GUST_CHECK(apply_apis());
  GUST_CHECK(apply_functions());
  for (const auto& api : desired_.apis) {
    if (touches(api.logical_id)) GUST_CHECK(services_.sync_routes(around_.api_ids[api.logical_id], api));
    after_.entries[api.logical_id].digest = digest_of(api);
  }
  const auto digests = digests_of(content_);
  for (const auto& bucket : desired_.buckets) {
    if (touches(bucket.logical_id)) {
      GUST_CHECK(services_.put_notifications(bucket.name, bucket.notifications));
      GUST_CHECK(upload_content(bucket));
    }
    const auto it = digests.find(bucket.logical_id);
    auto& entry = after_.entries[bucket.logical_id];
    entry.content = it == digests.end() ? std::map<std::string, std::string>() : it->second;
    entry.digest = digest_of(bucket, entry.content);
  }
  undo_.clear();
  serving_ = true;  // what follows only tidies up
  GUST_CHECK(remove_dropped());
  after_.outputs = {desired_.outputs.begin(), desired_.outputs.end()};
  return save(after_);
}

Result<void> Deploy::upload_code() {
  for (const auto& function : desired_.functions) {
    const auto& package = packages_.at(function.logical_id);
    if (package.zip_path.empty() || !touches(function.logical_id)) continue;
    const auto [bucket, key] = code_location(function);
    const auto it = before_.entries.find(function.logical_id);
    if (it != before_.entries.end() && it->second.code_key == key) continue;
    progress_(fmt::format("uploading the code of {}", function.logical_id));
    GUST_CHECK(services_.put_file(bucket, key, package.zip_path, "application/zip"));
  }
  return {};
}

Result<void> Deploy::apply_buckets() {
  for (const auto& bucket : desired_.buckets) {
    if (!touches(bucket.logical_id)) continue;
    const auto action = change_of(bucket.logical_id)->action;
    progress_(fmt::format("{} the bucket {}", action_name(action), bucket.name));
    if (action != Action::kUpdate) {
      GUST_TRY(const auto taken, services_.bucket_exists(bucket.name));
      const auto it = before_.entries.find(bucket.logical_id);
      const bool ours = it != before_.entries.end() && it->second.physical == bucket.name;
      if (taken && !ours) {
        return fail(Code::kAlreadyExists,
                    fmt::format("the bucket {} of {} exists and was not made by this stack; give it another "
                                "BucketName, or delete it",
                                bucket.name, bucket.logical_id),
                    "bucket");
      }
      GUST_CHECK(services_.create_bucket(bucket.name));
      if (!taken)
        undo_.push_back({fmt::format("delete the bucket {}", bucket.name),
                         [this, name = bucket.name] { return services_.delete_bucket(name); }});
    }
    if (action == Action::kUpdate || !bucket.cors.absent()) GUST_CHECK(services_.put_cors(bucket.name, bucket.cors));
    if (action == Action::kUpdate || !bucket.website.absent())
      GUST_CHECK(services_.put_website(bucket.name, bucket.website));
  }
  return {};
}

Result<void> Deploy::apply_apis() {
  bool made = false;
  for (const auto& api : desired_.apis) {
    if (!touches(api.logical_id)) continue;
    const auto action = change_of(api.logical_id)->action;
    progress_(fmt::format("{} the API {}", action_name(action), api.name));
    if (action == Action::kUpdate) {
      GUST_CHECK(services_.update_api(around_.api_ids[api.logical_id], api));
      continue;
    }
    GUST_TRY(const auto id, services_.create_api(api));
    undo_.push_back({fmt::format("delete the API {}", id), [this, id] { return services_.delete_api(id); }});
    around_.api_ids[api.logical_id] = id;
    after_.entries[api.logical_id].physical = id;
    made = true;
  }
  if (!made) return {};
  GUST_CHECK(save(after_));
  return evaluate_now();  // now that the ids are known
}

Result<void> Deploy::apply_functions() {
  for (const auto& function : desired_.functions) {
    auto& entry = after_.entries[function.logical_id];
    if (touches(function.logical_id)) {
      const auto action = change_of(function.logical_id)->action;
      progress_(fmt::format("{} the function {}", action_name(action), function.name));
      if (action == Action::kUpdate) GUST_CHECK(update(function));
      else GUST_CHECK(create(function));
      GUST_CHECK(permissions(function));
      const auto before = before_.entries.find(function.logical_id);
      if (!function.event_invoke.absent() || before != before_.entries.end()) {
        GUST_CHECK(services_.put_event_invoke(function.name, function.event_invoke));
      }
    }
    const auto [bucket, key] = code_location(function);
    entry.code_key = bucket == deploy_bucket() ? key : "";
    entry.permissions.clear();
    for (const auto& permission : function.permissions) entry.permissions.push_back(permission.statement_id);
    entry.digest = digest_of(function, packages_.at(function.logical_id));
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
  if (bucket == deploy_bucket() && old_key == key) return {};
  GUST_CHECK(services_.update_code(spec.name, bucket, key));
  if (!old_key.empty()) {
    undo_.push_back({fmt::format("restore the code of {}", spec.name), [this, name = spec.name, old_key] {
                       return services_.update_code(name, deploy_bucket(), old_key);
                     }});
  }
  return {};
}

Result<void> Deploy::permissions(const FunctionSpec& spec) {
  for (const auto& permission : spec.permissions) GUST_CHECK(services_.set_permission(spec.name, permission));
  const auto it = before_.entries.find(spec.logical_id);
  if (it == before_.entries.end() || it->second.physical != spec.name) return {};
  for (const auto& id : it->second.permissions) {
    if (contains(spec.permissions, id, &Permission::statement_id)) continue;
    GUST_CHECK(services_.remove_permission(spec.name, id));
  }
  return {};
}

Result<void> Deploy::upload_content(const BucketSpec& bucket) {
  const auto& files = content_[bucket.logical_id];
  const auto it = before_.entries.find(bucket.logical_id);
  static const std::map<std::string, std::string> kNone;
  const bool same_bucket =
      it != before_.entries.end() && it->second.physical == bucket.name && present_.contains(bucket.logical_id);
  const auto& old = same_bucket ? it->second.content : kNone;
  for (const auto& [key, file] : files) {
    const auto known = old.find(key);
    if (known != old.end() && known->second == file.sha256) continue;
    progress_(fmt::format("uploading {} to {}", key, bucket.name));
    const std::string type(content_type(key));
    if (file.path.empty()) GUST_CHECK(services_.put_object(bucket.name, key, file.text, type));
    else GUST_CHECK(services_.put_file(bucket.name, key, file.path, type));
  }
  for (const auto& [key, digest] : old) {
    if (!files.contains(key)) GUST_CHECK(services_.delete_object(bucket.name, key));
  }
  return {};
}

Result<void> Deploy::remove(const std::string& type, const std::string& physical) {
  if (physical.empty()) return {};
  progress_(fmt::format("delete {} {}", type, physical));
  if (type == kFunctionType) return services_.delete_function(physical);
  if (type == kApiType) return services_.delete_api(physical);
  return services_.delete_bucket(physical);
}

// Functions and APIs before buckets; a bucket with something in it stays, and stays in the record.
Result<void> Deploy::remove_dropped() {
  for (const auto& change : changes_) {
    const bool replaced =
        change.action == Action::kReplace && change.replaced != after_.entries[change.logical_id].physical;
    if (!replaced && change.action != Action::kDelete) continue;
    const auto before = before_.entries.at(change.logical_id);
    if (before.type == kBucketType) {
      const auto silenced = services_.put_notifications(before.physical, {});
      if (!silenced && silenced.error().code != Code::kNotFound) return silenced;
      for (const auto& [key, digest] : before.content) {
        if (silenced) GUST_CHECK(services_.delete_object(before.physical, key));
      }
    }
    const auto removed = remove(before.type, before.physical);
    if (!removed && removed.error().source == "BucketNotEmpty") {
      desired_.notes.push_back(fmt::format(
          "the bucket {} is not empty and was left; empty it and deploy again, or keep it", before.physical));
      if (change.action == Action::kDelete) continue;
    } else if (!removed) {
      return removed;
    }
    if (change.action == Action::kDelete) after_.entries.erase(change.logical_id);
  }
  std::set<std::string> used;
  for (const auto& [logical_id, entry] : after_.entries) used.insert(entry.code_key);
  for (const auto& [logical_id, entry] : before_.entries) {
    if (entry.code_key.empty() || used.contains(entry.code_key)) continue;
    GUST_CHECK(services_.delete_object(deploy_bucket(), entry.code_key));
  }
  return {};
}

std::string Deploy::take_back() {
  std::string said;
  if (serving_) {
    const auto saved = save(after_);
    return fmt::format("\nThe new version serves; only tidying up failed{}. Deploy again to finish it.",
                       saved ? "" : " and the record could not be kept");
  }
  StackRecord record = before_;
  while (!undo_.empty()) {
    const auto step = std::move(undo_.back());
    undo_.pop_back();
    const auto undone = step.run();
    said += fmt::format("\n  {}: {}", step.what, undone ? "done" : undone.error().message);
    if (undone) continue;
    for (const auto& [logical_id, entry] : after_.entries) {  // keep track of what could not be taken back
      if (!record.entries.contains(logical_id)) record.entries[logical_id] = entry;
    }
  }
  if (const auto saved = save(record); !saved)
    said += fmt::format("\n  keep the stack's record: {}", saved.error().message);
  if (said.empty()) return "\nNothing had been changed; what was there serves on.";
  return "\nTaken back, so that what was there serves on:" + said;
}

}  // namespace gust::cli
