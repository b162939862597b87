// plan: what a deploy will change. A pure function of the desired state, the record and what is there.
#pragma once

#include "cli/deploy/package.h"
#include "cli/deploy/record.h"

#include <set>

namespace gust::cli {

inline constexpr std::string_view kBucketType = "AWS::S3::Bucket";
inline constexpr std::string_view kFunctionType = "AWS::Lambda::Function";
inline constexpr std::string_view kLayerType = "AWS::Lambda::LayerVersion";
inline constexpr std::string_view kTableType = "AWS::DynamoDB::Table";
inline constexpr std::string_view kApiType = "AWS::ApiGatewayV2::Api";

// Before the ARN of the source, among the parts of a function.
inline constexpr std::string_view kEventSourcePart = "event source ";

enum class Action { kNone, kCreate, kUpdate, kReplace, kDelete };

struct Change {
  Action action = Action::kNone;
  std::string logical_id, type, physical;
  std::string replaced;           // the physical name that goes, of kReplace
  std::vector<std::string> what;  // of kUpdate: "code", "Timeout", "routes", ...; empty when that is not known
  bool operator==(const Change&) const = default;
};

struct Inputs {
  const Desired& desired;
  const std::map<std::string, Package>& packages;                            // by logical id of the function or layer
  const std::map<std::string, std::map<std::string, std::string>>& content;  // by bucket: key -> SHA-256
  const StackRecord& record;
  const std::set<std::string>& present;  // logical ids of the record whose resource is still there
};

// In the order of the template, deletions last.
std::vector<Change> make_plan(const Inputs& inputs);

std::string_view action_name(Action action);

// What the template says about a resource, part by part, each as a digest; and all of them as one.
Parts parts_of(const BucketSpec& spec, const std::map<std::string, std::string>& content);
Parts parts_of(const TableSpec& spec);
Parts parts_of(const ApiSpec& spec);
Parts parts_of(const FunctionSpec& spec, const Package& package);
Parts parts_of(const LayerSpec& spec, const Package& package);
std::string digest_of(const Parts& parts);

}  // namespace gust::cli
