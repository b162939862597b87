#include "cli/deploy/deploy.h"

#include "cli/deploy/handler.h"
#include "cli/given_text.h"

#include <fmt/format.h>

#include <filesystem>

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

std::string_view noun_of(std::string_view type) {
  return type == kBucketType ? "bucket" : type == kTableType ? "table" : "layer";
}

}  // namespace

std::string pushed_image(std::string_view stack, std::string_view logical_id, std::string_view digest) {
  std::string name;
  for (const char c : fmt::format("{}/{}", stack, logical_id)) {
    const char small = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    const bool plain = (small >= 'a' && small <= 'z') || (small >= '0' && small <= '9') || small == '/';
    name += plain ? small : '-';
  }
  while (name.starts_with('-')) name.erase(0, 1);
  return fmt::format("gust-deploy/{}:{}", name, digest.substr(0, 16));
}

std::string Deploy::code_key(const std::string& logical_id, const CodeSource& code) const {
  const auto [bucket, key] = code_location(logical_id, code);
  if (bucket == deploy_bucket()) return key;
  const bool pushed = code.from == CodeSource::From::kImage && !code.path.empty();
  return pushed ? fmt::format("{}{}", kImageKey, key) : "";
}

std::string deploy_bucket_name(std::string_view account) { return fmt::format("gust-deploy-{}", account); }

Deploy::Deploy(Remote& remote, std::string file, Surroundings around, Progress progress)
    : remote_(remote),
      services_(remote),
      file_(std::move(file)),
      around_(std::move(around)),
      progress_(std::move(progress)) {}

Deploy::~Deploy() {
  std::error_code ignored;
  for (const auto& [logical_id, package] : packages_) {
    if (package.kept == Package::Kept::kUntilDeployed) fs::remove(package.zip_path, ignored);
  }
}

std::string Deploy::deploy_bucket() const { return deploy_bucket_name(around_.account); }
std::string Deploy::record_key() const { return fmt::format("stacks/{}.json", around_.stack); }

Result<Node> check_template(const std::string& file, const Surroundings& around) {
  GUST_TRY(const auto text, read_file(file));
  GUST_TRY(auto root, parse_template(text, file));
  GUST_CHECK(evaluate(root, file, around));
  return root;
}

Result<void> Deploy::prepare() {
  GUST_TRY(root_, check_template(file_, around_));
  GUST_TRY(around_.account, services_.account());
  GUST_TRY(before_, read_record());
  GUST_CHECK(look());
  GUST_CHECK(evaluate_now());
  GUST_CHECK(check_tables());
  const auto folder = fs::absolute(file_).parent_path().string();
  GUST_CHECK(package_layers(folder));
  for (const auto& function : desired_.functions) {
    auto& made = packages_[function.logical_id];
    GUST_TRY(made, package(function, folder, progress_));
    if (!made.zip_path.empty()) GUST_CHECK(check_handler(function, made.zip_path, file_));
  }
  const auto digests = digests_of(content_);
  changes_ = make_plan({desired_, packages_, digests, before_, present_});
  return {};
}

Result<StackRecord> Deploy::read_record() {
  GUST_TRY(const auto text, services_.get_object(deploy_bucket(), record_key()));
  if (!text) return StackRecord();
  return parse_record(*text);
}

Result<void> Deploy::look() {
  for (const auto& [logical_id, entry] : before_.entries) {
    bool there = false;
    if (entry.type == kBucketType) {
      GUST_TRY(there, services_.bucket_exists(entry.physical));
    } else if (entry.type == kFunctionType) {
      GUST_TRY(const auto found, services_.function_configuration(entry.physical));
      there = found.has_value();
      if (there && entry.parts.contains("URL")) {
        GUST_TRY(const auto url, services_.read(url_of(entry.physical, entry.alias)));
        if (url && url->contains("FunctionUrl"))
          around_.urls[logical_id] = std::string(url->at("FunctionUrl").as_string());
      }
    } else if (entry.type == kTableType) {
      GUST_TRY(const auto found, services_.read_table(entry.physical));
      there = found.has_value();
      if (there && !found->stream_arn.empty()) around_.streams[logical_id] = found->stream_arn;
    } else if (entry.type == kLayerType && !entry.physical.empty()) {
      GUST_TRY(there, services_.layer_exists(entry.physical));
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

std::pair<std::string, std::string> Deploy::code_location(const std::string& logical_id, const CodeSource& code) const {
  if (code.from == CodeSource::From::kObject) return {code.bucket, code.key};
  if (code.from == CodeSource::From::kImage) {
    const auto& digest = packages_.at(logical_id).digest;
    return {"", code.path.empty() ? code.text : pushed_image(around_.stack, logical_id, digest)};
  }
  return {deploy_bucket(), fmt::format("code/{}/{}.zip", around_.stack, packages_.at(logical_id).digest)};
}

Result<void> Deploy::save(const StackRecord& record) {
  return services_.put_object(deploy_bucket(), record_key(), to_json(record), "application/json");
}

Result<void> Deploy::apply() {
  GUST_CHECK(services_.create_bucket(deploy_bucket()));
  lock_.emplace(remote_, deploy_bucket(), around_.stack);
  GUST_CHECK(lock_->take());
  GUST_TRY(const auto now, read_record());
  if (to_json(now) != to_json(before_)) {
    return fail(Code::kConflict,
                fmt::format("another deploy changed the stack {} meanwhile; this one changed nothing. Look at what is "
                            "there now and deploy again",
                            around_.stack),
                "lock");
  }
  after_ = before_;
  auto done = steps();
  if (!done) done.error().message += lock_->held() ? take_back() : std::string();
  lock_.reset();
  return done;
}

// What is about to be made or changed is written down first, with nothing said to be as the template has it, so that a
// deploy that is cut off is taken up by the next one.
StackRecord Deploy::begun() const {
  auto record = before_;
  for (const auto& change : changes_) {
    if (change.action == Action::kNone || change.action == Action::kDelete) continue;
    auto& entry = record.entries[change.logical_id];
    entry.type = change.type;
    if (!change.physical.empty()) entry.physical = change.physical;
    entry.digest.clear();
    if (change.action != Action::kUpdate) entry.content.clear();
    const auto files = content_.find(change.logical_id);
    if (files == content_.end()) continue;
    for (const auto& [key, file] : files->second) {
      auto& digest = entry.content[key];
      if (digest != file.sha256) digest.clear();
    }
  }
  return record;
}

Result<void> Deploy::announce(const std::string& what) {
  progress_(what);
  return lock_->renew();
}

Result<void> Deploy::steps() {
  after_ = begun();
  GUST_CHECK(save(after_));
  GUST_CHECK(upload_code());
  GUST_CHECK(apply_tables());
  GUST_CHECK(apply_buckets());
  GUST_CHECK(apply_apis());
  GUST_CHECK(apply_layers());
  GUST_CHECK(apply_functions());
  for (const auto& api : desired_.apis) {
    if (touches(api.logical_id)) GUST_CHECK(services_.sync_routes(around_.api_ids[api.logical_id], api));
    auto& entry = after_.entries[api.logical_id];
    entry.parts = parts_of(api);
    entry.digest = digest_of(entry.parts);
  }
  for (const auto& bucket : desired_.buckets) {
    if (touches(bucket.logical_id)) GUST_CHECK(services_.put_notifications(bucket.name, bucket.notifications));
  }
  const auto digests = digests_of(content_);
  for (const auto& bucket : desired_.buckets) {
    if (touches(bucket.logical_id)) GUST_CHECK(upload_content(bucket));
    const auto it = digests.find(bucket.logical_id);
    auto& entry = after_.entries[bucket.logical_id];
    entry.content = it == digests.end() ? std::map<std::string, std::string>() : it->second;
    entry.parts = parts_of(bucket, entry.content);
    entry.digest = digest_of(entry.parts);
    entry.retained = bucket.retained;
  }
  for (const auto& table : desired_.tables) {
    auto& entry = after_.entries[table.logical_id];
    entry.parts = parts_of(table);
    entry.digest = digest_of(entry.parts);
    entry.retained = table.retained;
  }
  undo_.clear();
  serving_ = true;  // what follows only tidies up
  GUST_CHECK(remove_dropped());
  after_.outputs = {desired_.outputs.begin(), desired_.outputs.end()};
  return save(after_);
}

Result<void> Deploy::remove(const std::string& type, const std::string& physical) {
  if (physical.empty()) return {};
  GUST_CHECK(announce(fmt::format("delete {} {}", type, physical)));
  if (type == kFunctionType) return services_.delete_function(physical);
  if (type == kTableType) return services_.delete_table(physical);
  if (type == kApiType) return services_.delete_api(physical);
  if (type == kLayerType) return services_.delete_layer(physical);
  return services_.delete_bucket(physical);
}

// Those whose version is as the template has it keep it; functions with another are to be updated.
Result<void> Deploy::package_layers(const std::string& folder) {
  if (desired_.layers.empty()) return {};
  for (const auto& layer : desired_.layers) {
    auto& made = packages_[layer.logical_id];
    GUST_TRY(made, package(layer, folder, progress_));
    const auto it = before_.entries.find(layer.logical_id);
    if (it != before_.entries.end() && present_.contains(layer.logical_id) &&
        it->second.digest == digest_of(parts_of(layer, made)))
      around_.layers[layer.logical_id] = it->second.physical;
  }
  return evaluate_now();
}

// Functions and APIs before buckets; a bucket with something in it stays, and stays in the record.
Result<void> Deploy::remove_dropped() {
  for (const auto& change : changes_) {
    const auto it = before_.entries.find(change.logical_id);
    const auto& now = after_.entries[change.logical_id].physical;
    // A layer's content is a version: another one replaces it.
    const bool other_version = change.action == Action::kUpdate && change.type == kLayerType &&
                               it != before_.entries.end() && it->second.physical != now;
    const bool replaced = (change.action == Action::kReplace && change.replaced != now) || other_version;
    if (!replaced && change.action != Action::kDelete) continue;
    const auto before = it->second;
    if (before.retained.contains(replaced ? "UpdateReplacePolicy" : "DeletionPolicy")) {
      desired_.notes.push_back(fmt::format("the {} {} is left as it is, for its template said Retain",
                                           noun_of(before.type), before.physical));
      if (!replaced) after_.entries.erase(change.logical_id);
      continue;
    }
    if (before.type == kBucketType) {
      const auto silenced = services_.put_notifications(before.physical, {});
      if (!silenced && silenced.error().code != Code::kNotFound) return silenced;
      for (const auto& [key, digest] : before.content) {
        if (silenced) GUST_CHECK(services_.delete_object(before.physical, key));
      }
    }
    if (before.type == kFunctionType && before.parts.contains("scaling"))
      GUST_CHECK(services_.write_scaling(before.physical, before.alias, std::nullopt));
    if (before.type == kFunctionType) {
      for (const auto& source : recorded_sources(before))
        GUST_CHECK(services_.write_event_source(before.physical, before.alias, source, std::nullopt));
    }
    const auto removed = remove(before.type, before.physical);
    if (!removed && removed.error().source == "BucketNotEmpty") {
      desired_.notes.push_back(fmt::format(
          "the bucket {} is not empty and was left; empty it and deploy again, or keep it", before.physical));
      if (change.action == Action::kDelete) continue;
    } else if (!removed && removed.error().source == "protected") {
      desired_.notes.push_back(fmt::format(
          "the table {} is protected against deletion and was left; take that off and deploy again", before.physical));
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
    if (entry.code_key.starts_with(kImageKey)) {
      GUST_CHECK(services_.remove_image(entry.code_key.substr(kImageKey.size())));
    } else {
      GUST_CHECK(services_.delete_object(deploy_bucket(), entry.code_key));
    }
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
      if (touches(logical_id)) record.entries[logical_id].digest.clear();
    }
  }
  for (const auto& logical_id : half_uploaded_) {  // so that the next deploy uploads all that may differ
    if (!record.entries.contains(logical_id)) continue;
    record.entries[logical_id].content = after_.entries[logical_id].content;
    record.entries[logical_id].digest.clear();
    said += fmt::format("\n  the files of {}: some may be the new ones; deploy again", logical_id);
  }
  if (const auto saved = save(record); !saved)
    said += fmt::format("\n  keep the stack's record: {}", saved.error().message);
  if (said.empty()) return "\nNothing had been changed; what was there serves on.";
  return "\nTaken back, so that what was there serves on:" + said;
}

}  // namespace gust::cli
