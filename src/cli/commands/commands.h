// The subcommands; each prints its result and answers an exit code. One thread.
#pragma once

#include "cli/session.h"

#include <map>
#include <vector>

namespace gust::cli {

struct DeployOptions {
  std::string path = ".";
  std::string stack;
  std::vector<std::string> parameters;  // NAME=VALUE
  bool yes = false;
  bool dry_run = false;
};
int deploy_command(Session& session, const DeployOptions& options);

// The same without a word and without a question: what would delete or replace is refused, but for options.yes.
struct Deployed {
  std::vector<std::string> functions;  // by their names
  std::vector<std::string> changed;    // a line for each resource
  std::vector<std::pair<std::string, std::string>> outputs;
};
Result<Deployed> deploy_stack(Session& session, const DeployOptions& options);
// The template at a path, or in the folder that it is. kInvalid "usage".
Result<std::string> find_template(const std::string& path);

struct InvokeOptions {
  std::string name;
  std::string payload = "{}";  // JSON, @file, or - for stdin
  bool asynchronous = false;
  bool log = false;
};
int invoke_command(Session& session, const InvokeOptions& options);

struct LogsOptions {
  std::string name;    // of a function or a /group, or a trace's id
  std::string filter;  // a filter pattern; empty: every line
  bool follow = false;
  std::string since;  // 90s, 15m, 2h or 1d
  int limit = 1000;
};
int logs_command(Session& session, const LogsOptions& options);

struct TracesOptions {
  std::string slow;  // milliseconds; empty: the usual, if `only_slow`
  bool only_slow = false, only_failed = false, follow = false;
  std::string since, function, service, text;
  int limit = 20;
};
int traces_command(Session& session, const TracesOptions& options);
int trace_command(Session& session, const std::string& id);

int status_command(Session& session);
int pools_command(Session& session);  // status --pools
int failed_list_command(Session& session);
int failed_show_command(Session& session, const std::string& id);
int failed_retry_command(Session& session, const std::vector<std::string>& ids);
int failed_drop_command(Session& session, const std::vector<std::string>& ids);

struct ImageOptions {
  std::string path, name;
};
int image_push_command(Session& session, const ImageOptions& options);
int image_list_command(Session& session);
int image_remove_command(Session& session, const ImageOptions& options);

struct Local;
struct BackupOptions {
  std::string folder;
  bool copy = false;
};
int fsck_command(Session& session, const Local& local);  // 0: clean, 1: something is wrong, 2: it could not be checked
int backup_command(Session& session, const BackupOptions& options);
int restore_command(Session& session, const Local& local, const BackupOptions& options);

enum class ConsoleOpen { kPrint, kBrowser };
int console_command(Session& session, ConsoleOpen open);

struct AccountOptions {
  std::string name, id, canonical_id, access_key, secret;
};
int account_create_command(Session& session, const AccountOptions& options);
int account_list_command(Session& session);

struct BucketListOptions {
  std::string uri;  // empty: the buckets
  bool recursive = false;
  bool human = false;    // sizes as people read them
  bool summary = false;  // number and bytes at the end
  bool uploads = false;  // those in parts that are neither completed nor aborted
};
int bucket_list_command(Session& session, const BucketListOptions& options);

struct BucketCopyOptions {
  std::string from, to;
  bool recursive = false;
  bool remove = false;  // what only the target has
  bool size_only = false;
  bool exact_times = false;
  bool dry_run = false;
  bool quiet = false;
  std::string content_type;
  int part_size_mb = 0;  // 0: as is usual
  int parallel = 4;
};
int bucket_copy_command(Session& session, const BucketCopyOptions& options);
int bucket_sync_command(Session& session, const BucketCopyOptions& options);

struct BucketRemoveOptions {
  std::string uri;
  bool recursive = false;
  bool uploads = false;
  bool dry_run = false;
  bool quiet = false;
};
int bucket_remove_command(Session& session, const BucketRemoveOptions& options);
int bucket_make_command(Session& session, const std::string& uri);
int bucket_drop_command(Session& session, const std::string& uri);

struct BucketPresignOptions {
  std::string uri;
  std::string method = "GET";
  int expires_s = 3600;
};
int bucket_presign_command(Session& session, const BucketPresignOptions& options);

struct TableOptions {
  std::string name;
  std::vector<std::string> conditions;  // of the key: NAME=VALUE
  std::string item;                     // JSON, @file, or - for stdin
  std::string index, filter;            // a condition of PartiQL
  std::string file;
  std::uint64_t limit = 0;  // 0: all
  bool descending = false;
  bool raw = false;  // the service's typed JSON
  bool yes = false;  // rm does not ask
};
int table_list_command(Session& session);
int table_describe_command(Session& session, const TableOptions& options);
int table_get_command(Session& session, const TableOptions& options);
int table_put_command(Session& session, const TableOptions& options);
int table_remove_command(Session& session, const TableOptions& options);
int table_query_command(Session& session, const TableOptions& options);
int table_scan_command(Session& session, const TableOptions& options);
int table_export_command(Session& session, const TableOptions& options);
int table_import_command(Session& session, const TableOptions& options);

// The function's name for a name or for a logical id of a deployed stack. kNotFound.
Result<std::string> find_function(Remote& remote, const std::string& name);
// Whether it says that the name it was asked for is no function's: it may be a logical id, for find_function().
bool names_no_function(const Answer& answer);

}  // namespace gust::cli
