// What is known of a function and how it is called: the types that registry, engine and api/lambda share. Any thread.
#pragma once

#include "base/ids.h"
#include "base/time.h"
#include "functions/logging.h"
#include "queue/retry_policy.h"

#include <cstdint>
#include <map>
#include <memory>
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

inline constexpr std::string_view kLatest = "$LATEST";

// A function and what of it is meant: a version's number, an alias, or kLatest. Empty: none was named, which runs
// kLatest too, but has policies and settings of its own.
struct FunctionRef {
  FunctionKey key;
  std::string qualifier = {};
  auto operator<=>(const FunctionRef&) const = default;
  std::string arn(std::string_view region) const;  // with the qualifier, if there is one
};

// A layer version that a function uses.
struct LayerUse {
  std::string arn;  // arn:aws:lambda:REGION:ACCOUNT:layer:NAME:VERSION
  std::uint64_t code_size = 0;
  std::string blob;    // of its zip
  std::string folder;  // as Function::code_folder
  FolderSize unpacked;
  bool operator==(const LayerUse&) const = default;
};

// How the program of a container image is run, as the image says.
struct ImageSettings {
  std::vector<std::string> entry_point, command;
  std::map<std::string, std::string> environment;
  std::string working_dir;
  bool operator==(const ImageSettings&) const = default;
};

// The container image that a function of PackageType Image is of, and what of the image's settings it has another way.
struct ImageUse {
  std::string uri;         // as given
  std::string repository;  // the URI's, without tag and digest
  std::string digest;      // "sha256:" and 64 digits
  ImageSettings settings;
  std::optional<std::vector<std::string>> entry_point = {}, command = {};
  std::optional<std::string> working_dir = {};
  bool operator==(const ImageUse&) const = default;
};

// What SnapStart made of a published version.
struct Snapshot {
  enum class State {
    kNone,     // it has none and is to have none
    kPending,  // its init is to run, or runs
    kReady,
    kRefused,  // it starts without one, for `reason`
    kFailed,   // its init fails, for `reason`
  } state = State::kNone;
  std::string folder;       // of its image, below the snapshots'
  std::string token;        // with which the process asks for its keys
  std::string reason_code;  // of kFailed, as the API names it
  std::string reason;
  bool operator==(const Snapshot&) const = default;
};

// Sources of errors: a version that waits for its snapshot; whose init failed when it was to be taken; an instance that
// did not come out of its snapshot in time.
inline constexpr std::string_view kSnapshotPending = "snapshot-pending", kSnapshotFailed = "snapshot-failed",
                                  kSnapshotTimeout = "snapshot-timeout";

// CapacityProviderConfig: an instance runs several invocations at once. The provider is a name and nothing else.
struct Capacity {
  std::string provider_arn;
  std::optional<std::uint32_t> max_concurrency;  // none: as the runtime's family has it
  bool operator==(const Capacity&) const = default;
};
inline constexpr std::uint32_t kMaxConcurrencyOfInstance = 256;

// One version of a function: kLatest, which changes, or a published one. What CreateFunction takes and
// GetFunctionConfiguration answers.
struct Function {
  FunctionKey key;
  std::string version{kLatest};
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
  enum class Loops { kTerminate, kAllow } loops = Loops::kTerminate;  // see lineage.h
  std::string code_sha256;                                            // base64
  std::uint64_t code_size = 0;
  FolderSize unpacked;      // of code_folder; of no files: not known
  std::string code_blob;    // blob id of the zip
  std::string code_folder;  // unpacked, below Registry's folder: ACCOUNT/NAME/RANDOM; an update makes another
  std::optional<ImageUse> image;  // of PackageType Image: code_folder is its root, and there is no blob
  std::string revision_id;  // a UUID, new with every change
  WallTime modified_at{};
  std::uint64_t generation = 0;  // grows with every change: instances of an older one are retired
  std::vector<LayerUse> layers;  // the last wins where two have the same file
  std::string layers_folder;     // of all of them together, as code_folder; mounted at /opt
  bool snap_start = false;       // its versions are to have snapshots
  bool active_tracing = false;   // TracingConfig's mode; kept and told
  Snapshot snapshot;             // of a published version
  std::optional<Capacity> capacity;
  Logging logging;
  // Of the function, whatever the version: at most so many invocations at once, kept free for it.
  std::optional<std::uint32_t> reserved_concurrency;

  std::string arn() const;            // arn:aws:lambda:REGION:ACCOUNT:function:NAME
  std::string qualified_arn() const;  // ...:VERSION
  std::string log_group() const;      // where its log is
  std::uint32_t concurrency() const;  // invocations that one instance runs at once
};

// A name for a version, which can be moved; a share of the invocations may go to a second one.
struct Alias {
  std::string name;
  std::string version;
  std::string description;
  std::map<std::string, double> weights;  // of versions beside `version`: 0 to 1
  std::string revision_id;
};

// One statement of a function's resource policy.
struct PolicyStatement {
  std::string sid;
  std::string action;     // lambda:InvokeFunction
  std::string principal;  // s3.amazonaws.com, an account id, an ARN, or *
  std::string source_arn;
  std::string source_account;
  std::string url_auth_type = {};  // NONE or AWS_IAM: of function URLs with that only
  bool via_url = false;            // InvokeFunction, but only through a function URL
};

// PutProvisionedConcurrencyConfig: so many instances of a version, or of an alias's, stand ready.
struct Provision {
  FunctionRef ref;
  std::uint32_t requested = 0;
  WallTime modified_at{};
};

// PutFunctionEventInvokeConfig.
struct EventInvokeConfig {
  std::optional<std::uint32_t> max_retries;
  std::optional<std::uint32_t> max_age_s;
  std::string on_success;  // ARN of a function; empty: none
  std::string on_failure;  // ARN of a function or a bucket
  WallTime modified_at{};

  queue::RetrySettings retry_settings() const;
};

enum class LogTail { kNone, kTail };

struct ResponseStream;

// How an event came: its caller waits for the answer, or for a stream of it; it was queued; a poller brought a batch.
enum class Arrival : std::uint8_t { kRequest, kStream, kEvent, kBatch };

struct Invocation {
  std::string payload;  // JSON
  LogTail log_tail = LogTail::kNone;
  std::string client_context;    // JSON on one line
  std::string invoked_arn = {};  // as the caller named the function; set by the invoker
  std::size_t max_payload_bytes = 6 << 20;
  std::size_t max_response_bytes = 6 << 20;
  std::uint64_t queued_ms = 0;                  // of an asynchronous one, since it was accepted
  std::shared_ptr<ResponseStream> stream = {};  // where the answer goes as it is written; none: it is collected
  Arrival arrival = Arrival::kRequest;
  std::string replay_of = {};  // the request id of the invocation whose event this is again
};

struct InvokeResult {
  std::string function_error;  // empty, or "Unhandled"
  std::string payload;
  std::string log_tail;  // the last 4 KiB, when asked for
  std::string executed_version{kLatest};
  std::string error_type;  // of `payload` when function_error is set
  std::uint64_t billed_ms = 0;
  std::string content_type = {};  // of `payload`, as the runtime said
  bool streamed = false;          // `payload` went into the stream and is not here
};

}  // namespace gust::functions
