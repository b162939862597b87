#include "functions/registry.h"

#include "base/log.h"
#include "codec/base64.h"
#include "codec/digest.h"
#include "functions/registry_rows.h"
#include "functions/unpack.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>

namespace gust::functions {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxPolicyBytes = 20'480;
constexpr std::string_view kHex = "0123456789abcdef";

std::unexpected<Error> no_function(const FunctionKey& key) {
  return fail(
      Code::kNotFound,
      fmt::format("Function not found: arn:aws:lambda:{}:{}:function:{}", kDefaultRegion, key.account, key.name),
      "function");
}

std::unexpected<Error> wrong_revision() {
  return fail(Code::kPrecondition,
              "The RevisionId provided does not match the latest RevisionId. Call the GetFunction/GetAlias API to "
              "retrieve the latest RevisionId",
              "revision");
}

Result<Function> read_function(kv::Reader& reader, const FunctionKey& key) {
  GUST_TRY(const auto row, reader.get(rows::function_key(key)));
  if (!row) return no_function(key);
  return rows::decode_function(*row);
}

// "*" and "?" as in ARN conditions.
bool like(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p, ++t;
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

// The sandbox's user must be able to enter the folders of the account and of the function, whatever the umask is.
Result<void> open_parents(const fs::path& folder) {
  for (const auto& parent : {folder.parent_path(), folder.parent_path().parent_path()}) {
    if (::chmod(parent.c_str(), 0755) != 0) return fail_errno(fmt::format("opening '{}'", parent.native()), errno);
  }
  return {};
}

enum class Depth { kWhole, kNames };

Result<void> sync_folder(const std::string& folder, Depth depth) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool done = fd >= 0 && (depth == Depth::kWhole ? ::syncfs(fd) : ::fsync(fd)) == 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (!done) return fail_errno(fmt::format("syncing '{}'", folder), error);
  return {};
}

// All of it is in `folder`, on the disk, or nothing is, also after a loss of power; the row that names it comes later.
Result<FolderSize> unpack_whole(std::span<const std::byte> zip, const std::string& folder) {
  std::error_code error;
  fs::create_directories(fs::path(folder).parent_path(), error);
  if (error) return fail_errno(fmt::format("making '{}'", folder), error.value());
  GUST_CHECK(open_parents(folder));
  const auto unfinished = folder + ".new";
  GUST_CHECK(unpack(zip, unfinished));
  GUST_CHECK(sync_folder(unfinished, Depth::kWhole));
  if (::rename(unfinished.c_str(), folder.c_str()) != 0) return fail_errno(fmt::format("making '{}'", folder), errno);
  GUST_CHECK(sync_folder(fs::path(folder).parent_path(), Depth::kNames));
  return measure(folder);
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

}  // namespace

Result<FunctionKey> parse_function_name(std::string_view text, std::string_view qualifier, const AccountId& caller) {
  const auto wrong = [&] {
    return fail(Code::kInvalid, fmt::format("'{}' is not a function name, partial ARN or ARN", text), "function name");
  };
  FunctionKey key{caller, FunctionName()};
  std::string_view rest = text;
  if (rest.starts_with("arn:")) {
    const auto arn = Arn::parse(rest);
    if (!arn || arn->service != "lambda" || !arn->resource.starts_with("function:")) return wrong();
    key.account = AccountId(arn->account);
    rest = rest.substr(rest.find(":function:") + 10);
  } else if (const auto at = rest.find(":function:"); at != std::string_view::npos) {
    key.account = AccountId(std::string(rest.substr(0, at)));
    rest = rest.substr(at + 10);
  } else if (rest.starts_with("function:")) {
    rest.remove_prefix(9);
  }
  if (const auto colon = rest.find(':'); colon != std::string_view::npos) {
    if (!qualifier.empty() && qualifier != rest.substr(colon + 1)) {
      return fail(Code::kInvalid,
                  "The derived qualifier from the function name does not match the specified qualifier.", "qualifier");
    }
    qualifier = rest.substr(colon + 1);
    rest = rest.substr(0, colon);
  }
  if (!is_name(rest)) return wrong();
  key.name = FunctionName(std::string(rest));
  if (!qualifier.empty() && qualifier != "$LATEST") {
    return fail(Code::kNotFound,
                fmt::format("Function not found: arn:aws:lambda:{}:{}:function:{}:{}", kDefaultRegion, key.account,
                            key.name, qualifier),
                "function");
  }
  return key;
}

Registry::Registry(kv::Store& store, blobs::Store& blobs, env::Clock& clock, env::Random& random,
                   std::string code_folder)
    : store_(store), blobs_(blobs), clock_(clock), random_(random), code_folder_(std::move(code_folder)) {}

async::Task<void> Registry::take_code(Function& function, std::string zip) {
  const auto bytes = std::as_bytes(std::span(zip));
  GUST_CO_TRY(auto writer, co_await blobs_.create());
  GUST_CO_CHECK(co_await writer->write(bytes));
  const auto folder = fmt::format("{}/{}/{}", function.key.account, function.key.name, random_.pick(16, kHex));
  auto job = [&function, path = code_folder_ + "/" + folder, bytes]() -> Result<std::string> {
    GUST_TRY(function.unpacked, unpack_whole(bytes, path));
    return codec::to_base64(
        codec::digest(codec::DigestKind::kSha256, {reinterpret_cast<const char*>(bytes.data()), bytes.size()}));
  };
  GUST_CO_TRY(function.code_sha256, co_await unpackers_.run(std::move(job)));
  GUST_CO_TRY(const auto blob, co_await writer->commit());
  function.code_size = zip.size();
  function.code_blob = blob.str();
  function.code_folder = folder;
  co_return Result<void>{};
}

// What cannot be removed now is removed by the sweep at the next start.
async::Task<void> Registry::drop_code(Function unused) {
  [[maybe_unused]] const auto removed = co_await blobs_.remove(blobs::BlobId(unused.code_blob));
  auto job = [folder = code_folder_ + "/" + unused.code_folder]() -> Result<void> {
    std::error_code ignored;
    fs::remove_all(folder, ignored);
    return {};
  };
  co_return co_await unpackers_.run(std::move(job));
}

void Registry::stamp(Function& function) {
  function.revision_id = random_.uuid();
  function.modified_at = clock_.now();
  ++function.generation;
}

async::Task<Function> Registry::create(Function function, std::string zip) {
  GUST_CO_TRY(const auto there, co_await store_.get(rows::function_key(function.key)));
  const auto exists = [&] {
    return fail(Code::kAlreadyExists, fmt::format("Function already exist: {}", function.key.name), "function");
  };
  if (there) co_return exists();
  GUST_CO_CHECK(co_await take_code(function, std::move(zip)));
  // A function of this name that was deleted had a generation, too: never the same one again.
  function.generation = static_cast<std::uint64_t>(to_epoch_ms(clock_.now()));
  stamp(function);
  kv::Store::Body body = [&function, &exists](kv::Transaction& tx) -> Result<void> {
    GUST_TRY(const auto row, tx.get(rows::function_key(function.key)));
    if (row) return exists();
    tx.put(rows::function_key(function.key), rows::encode(function));
    return {};
  };
  const auto committed = co_await store_.transact(std::move(body));
  if (!committed) {
    [[maybe_unused]] const auto dropped = co_await drop_code(function);
    co_return std::unexpected(committed.error());
  }
  if (listener_) listener_(function.key);
  co_return function;
}

async::Task<Function> Registry::get(FunctionKey key) {
  GUST_CO_TRY(const auto row, co_await store_.get(rows::function_key(key)));
  if (!row) co_return no_function(key);
  co_return rows::decode_function(*row);
}

async::Task<std::vector<Function>> Registry::list(AccountId account, std::string after, std::size_t limit) {
  auto range = kv::Range::prefix(rows::functions_prefix(account), limit);
  if (!after.empty()) range.begin = rows::functions_prefix(account) + after + '\0';
  GUST_CO_TRY(const auto found, co_await store_.scan(range));
  std::vector<Function> out;
  for (const auto& row : found) {
    GUST_CO_TRY(auto function, rows::decode_function(row.value));
    out.push_back(std::move(function));
  }
  co_return out;
}

async::Task<Function> Registry::update(FunctionKey key, std::function<Result<void>(Function&)> change,
                                       std::string expected_revision) {
  const auto changed = std::make_shared<Function>();
  kv::Store::Body body = [this, key, change, expected_revision, changed](kv::Transaction& tx) -> Result<void> {
    GUST_TRY(*changed, read_function(tx, key));
    if (!expected_revision.empty() && expected_revision != changed->revision_id) return wrong_revision();
    GUST_CHECK(change(*changed));
    stamp(*changed);
    tx.put(rows::function_key(key), rows::encode(*changed));
    return {};
  };
  GUST_CO_CHECK(co_await store_.transact(std::move(body)));
  if (listener_) listener_(key);
  co_return *changed;
}

async::Task<Function> Registry::update_code(FunctionKey key, std::string zip, std::string expected_revision,
                                            std::function<void(Function&)> also, CodeUpdate mode) {
  GUST_CO_TRY(const auto before, co_await get(key));
  if (!expected_revision.empty() && expected_revision != before.revision_id) co_return wrong_revision();
  Function with_code = before;
  GUST_CO_CHECK(co_await take_code(with_code, std::move(zip)));
  if (mode == CodeUpdate::kTry) {
    GUST_CO_CHECK(co_await drop_code(with_code));
    if (also) also(with_code);
    co_return with_code;
  }
  const auto replaced = std::make_shared<std::string>();
  auto change = [with_code, replaced, also](Function& function) -> Result<void> {
    if (also) also(function);
    function.unpacked = with_code.unpacked;
    *replaced = function.code_blob;
    function.code_sha256 = with_code.code_sha256;
    function.code_size = with_code.code_size;
    function.code_blob = with_code.code_blob;
    function.code_folder = with_code.code_folder;
    return {};
  };
  auto updated = co_await update(key, std::move(change), std::move(expected_revision));
  if (!updated) {
    [[maybe_unused]] const auto dropped = co_await drop_code(with_code);
    co_return updated;
  }
  // The old folder stays until the next start: instances may still run from it.
  [[maybe_unused]] const auto removed = co_await blobs_.remove(blobs::BlobId(*replaced));
  co_return updated;
}

async::Task<void> Registry::remove(FunctionKey key) {
  const auto blob = std::make_shared<std::string>();
  kv::Store::Body body = [key, blob](kv::Transaction& tx) -> Result<void> {
    GUST_TRY(const auto function, read_function(tx, key));
    *blob = function.code_blob;
    tx.erase(rows::function_key(key));
    tx.erase(rows::event_invoke_key(key));
    GUST_TRY(const auto statements, tx.scan(kv::Range::prefix(rows::policy_prefix(key))));
    for (const auto& row : statements) tx.erase(row.key);
    return {};
  };
  GUST_CO_CHECK(co_await store_.transact(std::move(body)));
  if (listener_) listener_(key);
  co_return co_await blobs_.remove(blobs::BlobId(*blob));
}

async::Task<std::string> Registry::code_zip(FunctionKey key) {
  GUST_CO_TRY(const auto function, co_await get(key));
  GUST_CO_TRY(auto source, co_await blobs_.open(blobs::BlobId(function.code_blob), 0, function.code_size));
  co_return co_await async::read_all(*source, function.code_size);
}

Result<void> Registry::stamp_policy(kv::Transaction& tx, const FunctionKey& key, const std::string& expected_revision) {
  GUST_TRY(auto function, read_function(tx, key));
  if (!expected_revision.empty() && expected_revision != function.revision_id) return wrong_revision();
  function.revision_id = random_.uuid();  // and no new generation: instances serve on
  tx.put(rows::function_key(key), rows::encode(function));
  return {};
}

async::Task<void> Registry::add_statement(FunctionKey key, PolicyStatement statement, std::string expected_revision) {
  kv::Store::Body body = [this, key, statement, expected_revision](kv::Transaction& tx) -> Result<void> {
    GUST_CHECK(stamp_policy(tx, key, expected_revision));
    const auto row_key = rows::statement_key(key, statement.sid);
    GUST_TRY(const auto there, tx.get(row_key));
    if (there) {
      return fail(Code::kAlreadyExists,
                  fmt::format("The statement id ({}) provided already exists. Please provide a new statement id, or "
                              "remove the existing statement.",
                              statement.sid),
                  "statement");
    }
    const auto row = rows::encode(statement);
    GUST_TRY(const auto others, tx.scan(kv::Range::prefix(rows::policy_prefix(key))));
    std::size_t size = row.size();
    for (const auto& other : others) size += other.value.size();
    if (size > kMaxPolicyBytes) {
      return fail(Code::kTooLarge,
                  fmt::format("The final policy size ({}) is bigger than the limit ({}).", size, kMaxPolicyBytes),
                  "policy");
    }
    tx.put(row_key, row);
    return {};
  };
  co_return co_await store_.transact(std::move(body));
}

async::Task<void> Registry::remove_statement(FunctionKey key, std::string sid, std::string expected_revision) {
  kv::Store::Body body = [this, key, sid, expected_revision](kv::Transaction& tx) -> Result<void> {
    GUST_CHECK(stamp_policy(tx, key, expected_revision));
    GUST_TRY(const auto there, tx.get(rows::statement_key(key, sid)));
    if (!there)
      return fail(Code::kNotFound, fmt::format("Statement {} is not found in resource policy.", sid), "statement");
    tx.erase(rows::statement_key(key, sid));
    return {};
  };
  co_return co_await store_.transact(std::move(body));
}

async::Task<std::vector<PolicyStatement>> Registry::policy(FunctionKey key) {
  GUST_CO_CHECK(co_await get(key));
  GUST_CO_TRY(const auto found, co_await store_.scan(kv::Range::prefix(rows::policy_prefix(key))));
  std::vector<PolicyStatement> out;
  for (const auto& row : found) {
    GUST_CO_TRY(auto statement, rows::decode_statement(row.value));
    out.push_back(std::move(statement));
  }
  co_return out;
}

async::Task<bool> Registry::allows(FunctionKey key, std::string principal, std::string source_arn,
                                   std::string source_account) {
  GUST_CO_TRY(const auto statements, co_await policy(key));
  co_return std::ranges::any_of(statements, [&](const PolicyStatement& s) {
    const bool who =
        s.principal == "*" || s.principal == principal || s.principal == fmt::format("arn:aws:iam::{}:root", principal);
    const bool what = s.action == "*" || s.action == "lambda:*" || s.action == "lambda:InvokeFunction";
    const bool from = s.source_arn.empty() || like(s.source_arn, source_arn);
    const bool account = s.source_account.empty() || s.source_account == source_account;
    return who && what && from && account;
  });
}

async::Task<EventInvokeConfig> Registry::put_event_invoke_config(FunctionKey key, EventInvokeConfig config) {
  config.modified_at = clock_.now();
  kv::Store::Body body = [key, config](kv::Transaction& tx) -> Result<void> {
    GUST_CHECK(read_function(tx, key));
    tx.put(rows::event_invoke_key(key), rows::encode(config));
    return {};
  };
  GUST_CO_CHECK(co_await store_.transact(std::move(body)));
  co_return config;
}

async::Task<std::optional<EventInvokeConfig>> Registry::event_invoke_config(FunctionKey key) {
  GUST_CO_TRY(const auto row, co_await store_.get(rows::event_invoke_key(key)));
  if (!row) co_return std::nullopt;
  GUST_CO_TRY(auto config, rows::decode_event_invoke(*row));
  co_return config;
}

async::Task<void> Registry::remove_event_invoke_config(FunctionKey key) {
  kv::Store::Body body = [key](kv::Transaction& tx) -> Result<void> {
    GUST_TRY(const auto there, tx.get(rows::event_invoke_key(key)));
    if (!there)
      return fail(Code::kNotFound,
                  fmt::format("The function arn:aws:lambda:{}:{}:function:{}:$LATEST doesn't have an EventInvokeConfig",
                              kDefaultRegion, key.account, key.name),
                  "event-invoke-config");
    tx.erase(rows::event_invoke_key(key));
    return {};
  };
  co_return co_await store_.transact(std::move(body));
}

static Result<std::vector<Function>> every_function(kv::Reader& reader) {
  std::vector<Function> out;
  auto range = kv::Range::prefix(std::string(rows::kFunctions));
  for (;;) {
    GUST_TRY(const auto found, reader.scan(range));
    for (const auto& row : found) {
      GUST_TRY(auto function, rows::decode_function(row.value));
      out.push_back(std::move(function));
    }
    if (found.size() < range.limit) return out;
    range.begin = found.back().key + '\0';
  }
}

Result<std::set<blobs::BlobId>> Registry::referenced(kv::Reader& reader) {
  GUST_TRY(const auto functions, every_function(reader));
  std::set<blobs::BlobId> out;
  for (const auto& function : functions) out.insert(blobs::BlobId(function.code_blob));
  return out;
}

async::Task<void> Registry::mend_code() {
  const auto view = store_.snapshot();
  GUST_CO_TRY(const auto functions, every_function(*view));
  GUST_CO_CHECK(co_await sweep_code(functions));
  for (const auto& function : functions) {
    if (const auto restored = co_await restore_code(function); !restored)
      GUST_ERROR("functions: the code of {} is lost: {}", function.arn(), restored.error().message);
  }
  co_return Result<void>{};
}

async::Task<void> Registry::restore_code(Function function) {
  const auto folder = code_folder_ + "/" + function.code_folder;
  auto look = [folder]() -> Result<std::optional<FolderSize>> {
    if (!fs::exists(folder)) return std::nullopt;
    return measure(folder);
  };
  GUST_CO_TRY(const auto there, co_await unpackers_.run(std::move(look)));
  if (there && (function.unpacked.files == 0 || *there == function.unpacked)) co_return Result<void>{};
  GUST_WARN("functions: the unpacked code of {} is {} and is unpacked again", function.arn(),
            there ? "not whole" : "missing");
  GUST_CO_TRY(const auto zip, co_await code_zip(function.key));
  auto job = [&zip, &folder]() -> Result<FolderSize> {
    std::error_code error;
    fs::remove_all(folder, error);
    if (error) return fail_errno(fmt::format("removing '{}'", folder), error.value());
    return unpack_whole(std::as_bytes(std::span(zip)), folder);
  };
  GUST_CO_CHECK(co_await unpackers_.run(std::move(job)));
  co_return Result<void>{};
}

async::Task<void> Registry::sweep_code(std::vector<Function> functions) {
  std::set<std::string> kept;
  for (const auto& function : functions) kept.insert(code_folder_ + "/" + function.code_folder);
  auto job = [folder = code_folder_, kept]() -> Result<void> {
    std::error_code error;
    for (const auto& account : fs::directory_iterator(folder, error)) {
      for (const auto& name : fs::directory_iterator(account.path(), error)) {
        for (const auto& code : fs::directory_iterator(name.path(), error)) {
          if (!kept.contains(code.path().string())) fs::remove_all(code.path(), error);
        }
        if (fs::is_empty(name.path(), error)) fs::remove(name.path(), error);
      }
    }
    return {};
  };
  co_return co_await unpackers_.run(std::move(job));
}

}  // namespace gust::functions
