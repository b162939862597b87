// StackRecord: what a stack has made, kept on the server so that any machine can deploy (docs/formats/stacks.md). Plain
// data with its JSON form.
#pragma once

#include "base/result.h"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace gust::cli {

using Parts = std::map<std::string, std::string>;  // "code", "routes", ... -> digest

struct RecordEntry {
  std::string type;                            // AWS::S3::Bucket, AWS::Lambda::Function, AWS::ApiGatewayV2::Api
  std::string physical;                        // name or id
  std::string digest;                          // of everything that the template says; empty while it is being made
  Parts parts;                                 // the same in parts, to tell what a change is about
  std::string code_key;                        // of a function: its zip in the deploy bucket
  std::map<std::string, std::string> content;  // of a bucket: key -> SHA-256 of what was uploaded
  std::vector<std::string> permissions;        // of a function: statement ids, "ALIAS:ID" of those of an alias
  std::set<std::string> retained;              // of a bucket: DeletionPolicy, UpdateReplacePolicy, as far as Retain
  std::string alias;                           // of a function: that deploys point to versions
  bool operator==(const RecordEntry&) const = default;
};

struct StackRecord {
  std::map<std::string, RecordEntry> entries;  // by logical id
  std::map<std::string, std::string> outputs;
};

std::string to_json(const StackRecord& record);
// kCorrupt "stack".
Result<StackRecord> parse_record(std::string_view text);

}  // namespace gust::cli
