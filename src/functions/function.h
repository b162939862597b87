// What is known of a function and how it is called: the types that registry, engine and api/lambda share. Any thread.
#pragma once

#include "base/ids.h"
#include "base/time.h"
#include "queue/retry_policy.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace gust::functions {

// Regular files and the bytes in them.
struct FolderSize {
  std::uint64_t files = 0, bytes = 0;
  auto operator<=>(const FolderSize&) const = default;
};

struct FunctionKey {
  AccountId account;
  FunctionName name;
  auto operator<=>(const FunctionKey&) const = default;
};

// One function as it is now ($LATEST): what CreateFunction takes and GetFunctionConfiguration answers.
struct Function {
  FunctionKey key;
  std::string region;
  std::string runtime;  // as given: python3.12, nodejs20.x, provided.al2023
  std::string handler;
  std::string role;
  std::string description;
  std::uint32_t timeout_s = 3;
  std::uint32_t memory_mb = 128;
  std::uint32_t tmp_mb = 512;
  std::map<std::string, std::string> environment;
  std::vector<std::string> architectures{"x86_64"};
  std::map<std::string, std::string> tags;
  std::string code_sha256;  // base64
  std::uint64_t code_size = 0;
  FolderSize unpacked;      // of code_folder; of no files: not known
  std::string code_blob;    // blob id of the zip
  std::string code_folder;  // unpacked, below Registry's folder: ACCOUNT/NAME/RANDOM; an update makes another
  std::string revision_id;  // a UUID, new with every change
  WallTime modified_at{};
  std::uint64_t generation = 0;  // grows with every change: instances of an older one are retired

  std::string arn() const;  // arn:aws:lambda:REGION:ACCOUNT:function:NAME
};

// One statement of a function's resource policy.
struct PolicyStatement {
  std::string sid;
  std::string action;     // lambda:InvokeFunction
  std::string principal;  // s3.amazonaws.com, an account id, an ARN, or *
  std::string source_arn;
  std::string source_account;
};

// PutFunctionEventInvokeConfig.
struct EventInvokeConfig {
  std::optional<std::uint32_t> max_retries;
  std::optional<std::uint32_t> max_age_s;
  WallTime modified_at{};

  queue::RetrySettings retry_settings() const;
};

enum class LogTail { kNone, kTail };

struct Invocation {
  std::string payload;  // JSON
  LogTail log_tail = LogTail::kNone;
  std::string client_context;  // base64, as the client sent it
  std::size_t max_payload_bytes = 6 << 20;
  std::size_t max_response_bytes = 6 << 20;
};

struct InvokeResult {
  std::string function_error;  // empty, or "Unhandled"
  std::string payload;
  std::string log_tail;  // the last 4 KiB, when asked for
  std::string executed_version = "$LATEST";
  std::string error_type;  // of `payload` when function_error is set
  std::uint64_t billed_ms = 0;
};

}  // namespace gust::functions
