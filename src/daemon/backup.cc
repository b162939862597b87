#include "daemon/backup.h"

#include "async/blocking_pool.h"
#include "base/log.h"
#include "codec/json.h"
#include "codec/time_format.h"
#include "daemon/whole_folder.h"
#include "functions/registry.h"
#include "objects/key_file.h"
#include "objects/object_store.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/array.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>

namespace gust::daemon {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
namespace json = boost::json;

constexpr const char* kDescription = "/backup.json";  // docs/formats/backup.md
constexpr int kFormat = 1;

// Holds the lock of a data folder, when it has one, so that no daemon starts on it.
class FolderLock {
 public:
  static Result<FolderLock> take(const std::string& data) {
    const auto path = data + "/lock";
    const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) return FolderLock(-1);  // of a backup
    if (fd < 0) return fail_errno(fmt::format("opening '{}'", path), errno);
    FolderLock lock(fd);
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0)
      return fail(Code::kUnavailable, fmt::format("a gust has the data folder '{}'", data), "data");
    return lock;
  }
  FolderLock(FolderLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ~FolderLock() {
    if (fd_ >= 0) ::close(fd_);
  }

 private:
  explicit FolderLock(int fd) : fd_(fd) {}
  int fd_;
};

template <typename T, typename F>
Result<T> run_here(F make_task) {
  asio::io_context loop(1);
  std::optional<Result<T>> out;
  asio::co_spawn(loop, std::move(make_task), [&](std::exception_ptr exception, Result<T> result) {
    if (exception) std::rethrow_exception(exception);
    out = std::move(result);
  });
  loop.run();
  return *std::move(out);
}

Result<json::object> check_store(const std::string& data) {
  std::error_code error;
  if (!fs::exists(data + "/kv/CURRENT", error) || !fs::is_directory(data + "/blobs", error))
    return fail(Code::kNotFound, fmt::format("there is no store in '{}'", data), "data");
  GUST_TRY(const auto rows, kv::RocksStore::open_read_only(data + "/kv"));
  env::SystemRandom random;
  GUST_TRY(const auto blobs, blobs::FileStore::open(data + "/blobs", random));
  GUST_TRY(const auto report, run_here<objects::CheckReport>([&]() -> async::Task<objects::CheckReport> {
    GUST_CO_TRY(auto there, co_await objects::list_blobs(*blobs));
    std::set<blobs::BlobId> of_functions;
    if (auto code = functions::Registry::referenced(*rows)) of_functions = *std::move(code);
    objects::CheckInput input{*rows, *blobs, std::move(there), std::move(of_functions)};
    const auto key = objects::read_key(*rows, env::system_files(), data);
    if (key) input.key = *key;
    GUST_CO_TRY(auto report, co_await objects::check_everything(std::move(input)));
    if (!key) report.problems.push_back({objects::Problem::Kind::kMissing, "objects.key", key.error().message});
    co_return report;
  }));
  return to_json(report);
}

}  // namespace

json::object to_json(const objects::CheckReport& report) {
  json::array problems;
  for (const auto& each : report.problems)
    problems.push_back(json::object{{"kind", objects::name_of(each.kind)}, {"what", each.what}, {"why", each.why}});
  return {{"buckets", report.buckets}, {"objects", report.objects}, {"uploads", report.uploads},
          {"parts", report.parts},     {"blobs", report.blobs},     {"bytes", report.bytes},
          {"problems", std::move(problems)}};
}

Result<NamedBlobs> named_blobs(kv::Reader& rows) {
  NamedBlobs out;
  GUST_TRY(out.all, objects::ObjectStore::referenced(rows));
  GUST_TRY(out.of_functions, functions::Registry::referenced(rows));
  out.of_functions.erase(blobs::BlobId());
  out.all.insert(out.of_functions.begin(), out.of_functions.end());
  return out;
}

async::Task<BackupSummary> back_up(kv::RocksStore& store, blobs::FileStore& blobs, std::string key_file,
                                   std::string folder, blobs::FileStore::Way way, WallTime now) {
  async::BlockingPool pool("backup", 1);
  auto begin = [folder = std::move(folder)] { return WholeFolder::begin(folder); };
  GUST_CO_TRY(auto whole, co_await pool.run(std::move(begin)));
  const auto hold = blobs.hold();  // what the rows' copy names stays until it is copied, too
  const auto rows_folder = whole.path() + "/kv", blobs_folder = whole.path() + "/blobs";
  GUST_CO_CHECK(co_await store.copy_to(rows_folder));
  auto look = [&rows_folder]() -> Result<NamedBlobs> {
    GUST_TRY(const auto rows, kv::RocksStore::open_read_only(rows_folder));
    return named_blobs(*rows);
  };
  GUST_CO_TRY(const auto named, co_await pool.run(std::move(look)));
  GUST_CO_CHECK(co_await blobs.make_folders(blobs_folder));
  BackupSummary out;
  for (const auto& id : named.all) {
    const auto bytes = co_await blobs.put_into(blobs_folder, id, way);
    if (!bytes && bytes.error().code == Code::kNotFound) {
      GUST_ERROR("backup: blob {} is named by a row and is not there", id);
      out.missing.push_back(id.str());
      continue;
    }
    if (!bytes) co_return std::unexpected(bytes.error());
    ++out.blobs;
    out.bytes += *bytes;
  }
  GUST_CO_CHECK(co_await blobs.sync_folders(blobs_folder));
  const json::object description{{"format", kFormat},
                                 {"version", GUST_VERSION},
                                 {"taken_at", codec::to_iso8601(now)},
                                 {"blobs", out.blobs},
                                 {"bytes", out.bytes}};
  auto finish = [&whole, &key_file, text = codec::to_json(description) + "\n"]() -> Result<void> {
    GUST_CHECK(copy_synced(key_file, whole.path() + objects::kKeyFile));
    GUST_CHECK(write_synced(whole.path() + kDescription, text));
    return whole.finish();
  };
  GUST_CO_CHECK(co_await pool.run(std::move(finish)));
  co_return out;
}

Result<json::object> check_folder(const std::string& data) {
  GUST_TRY(const auto lock, FolderLock::take(data));
  return check_store(data);
}

Result<json::object> restore_folder(const std::string& backup, const std::string& data) {
  std::ifstream in(backup + kDescription);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  const auto description = codec::parse_json(text);
  if (!in.is_open() || !description || !description->is_object())
    return fail(Code::kInvalid, fmt::format("'{}' is not a backup: it has no backup.json", backup), "backup");
  const auto* format = description->get_object().if_contains("format");
  if (format == nullptr || *format != kFormat)
    return fail(Code::kInvalid, fmt::format("'{}' has a format that this gust does not know", backup), "backup");
  GUST_TRY(auto whole, WholeFolder::begin(data));
  auto& files = env::system_files();
  std::error_code error;
  for (fs::recursive_directory_iterator it(backup, error), end; !error && it != end; it.increment(error)) {
    const auto relative = it->path().lexically_relative(backup).string();
    const auto to = whole.path() + "/" + relative;
    if (it->is_directory(error)) {
      GUST_CHECK(files.make_folder(to));
    } else if ("/" + relative != kDescription) {
      GUST_CHECK(copy_synced(it->path().string(), to));
    }
  }
  for (fs::recursive_directory_iterator it(whole.path(), error), end; !error && it != end; it.increment(error)) {
    if (it->is_directory(error)) GUST_CHECK(files.sync_folder(it->path().string()));
  }
  if (error) return fail_errno(fmt::format("copying '{}'", backup), error.value());
  GUST_TRY(auto report, check_store(whole.path()));
  GUST_CHECK(whole.finish());
  return report;
}

}  // namespace gust::daemon
