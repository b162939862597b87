// Deploy: from a template to running resources. prepare() only looks; apply() changes, in an order that keeps the old
// version serving until the new one is there, and takes back what it can when a step fails. Blocking.
#pragma once

#include "cli/deploy/content.h"
#include "cli/deploy/lock.h"
#include "cli/deploy/plan.h"
#include "cli/deploy/services.h"
#include "cli/template/evaluate.h"

namespace gust::cli {

class Deploy {
 public:
  // `file` is the template. `progress` hears what is being done, a line each.
  Deploy(Remote& remote, std::string file, Surroundings around, Progress progress);

  ~Deploy();  // removes what was built for it alone
  Deploy(const Deploy&) = delete;
  Deploy& operator=(const Deploy&) = delete;

  // Reads, builds and compares. Changes nothing on the server.
  Result<void> prepare();
  const std::vector<Change>& changes() const { return changes_; }
  const Desired& desired() const { return desired_; }

  // Makes the changes, alone on this stack. On an error: what was done was taken back, or the error's message says what
  // was not. kConflict "lock" when another deploy runs or ran since prepare().
  Result<void> apply();

 private:
  struct Undo {
    std::string what;
    std::function<Result<void>()> run;
  };

  Result<StackRecord> read_record();
  Result<void> look();
  Result<void> evaluate_now();
  Result<void> save(const StackRecord& record);
  StackRecord begun() const;
  Result<void> announce(const std::string& what);  // before each step
  Result<void> steps();
  Result<void> upload_code();
  Result<void> check_tables();
  Result<void> apply_tables();
  Result<void> apply_buckets();
  Result<void> apply_apis();
  Result<void> package_layers(const std::string& folder);
  Result<void> apply_layers();
  Result<void> apply_functions();
  Result<void> create(const FunctionSpec& spec);
  Result<void> update(const FunctionSpec& spec);
  Result<void> permissions(const FunctionSpec& spec);
  Result<void> settings(const FunctionSpec& spec);
  Result<void> set(const Setting& setting, const std::optional<boost::json::object>& value);
  Result<void> provisioning(const FunctionSpec& spec);
  Result<void> scale(const std::string& function, const std::string& alias,
                     const std::optional<boost::json::object>& value);
  Result<void> event_sources(const FunctionSpec& spec);
  Result<void> set_event_source(const std::string& function, const std::string& alias, const std::string& source_arn,
                                const std::optional<boost::json::object>& value);
  Result<void> alias(const FunctionSpec& spec);
  Result<void> evaluate_with_urls();
  Result<void> remember(const BucketSpec& bucket);
  Result<void> remember(const ApiSpec& api, const std::string& id);
  Result<void> upload_content(const BucketSpec& bucket);
  Result<void> remove_dropped();
  Result<void> remove(const std::string& type, const std::string& physical);
  std::string take_back();

  const Change* change_of(const std::string& logical_id) const;
  bool touches(const std::string& logical_id) const;  // it is created, updated or replaced
  std::pair<std::string, std::string> code_location(const std::string& logical_id, const CodeSource& code) const;
  // What a stack's record keeps of where a function's code is; empty for what is not this deploy's own.
  std::string code_key(const std::string& logical_id, const CodeSource& code) const;
  Result<void> update_code(const FunctionSpec& spec, const boost::json::object& old);
  std::string deploy_bucket() const;
  std::string record_key() const;

  Remote& remote_;
  Services services_;
  std::optional<StackLock> lock_;
  std::string file_;
  Surroundings around_;
  Progress progress_;
  Node root_;
  StackRecord before_, after_;
  std::set<std::string> present_;
  Desired desired_;
  std::map<std::string, Package> packages_;
  std::map<std::string, std::map<std::string, ContentFile>> content_;
  std::vector<Change> changes_;
  std::vector<Undo> undo_;
  std::set<std::string> half_uploaded_;  // buckets with files of both versions
  bool serving_ = false;  // the new version is in place
};

// Reads and evaluates a template without a server; the error of what is wrong with it.
Result<Node> check_template(const std::string& file, const Surroundings& around);

// The sources that a stack's record says of a function.
std::vector<std::string> recorded_sources(const RecordEntry& entry);

// Under which name the image of a function is pushed; small letters and digits, as names of images have them.
std::string pushed_image(std::string_view stack, std::string_view logical_id, std::string_view digest);
inline constexpr std::string_view kImageKey = "image:";  // before that name, in a stack's record

// The bucket of an account in which stacks' records and code are kept.
std::string deploy_bucket_name(std::string_view account);

}  // namespace gust::cli
