#include "functions/code_store.h"

#include "async/both.h"
#include "base/log.h"
#include "codec/base64.h"
#include "codec/digest.h"
#include "codec/hex.h"
#include "functions/registry_rows.h"
#include "functions/unpack.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

namespace gust::functions {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kHex = "0123456789abcdef";

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

Result<FolderSize> unpack_whole(std::span<const std::byte> zip, const std::string& folder) {
  return make_whole(folder, [&](const std::string& unfinished) { return unpack(zip, unfinished); });
}

// Hard links to every file below `from`, over what `to` has.
Result<void> link_all(const std::string& from, const std::string& to) {
  std::error_code error;
  fs::create_directories(to, error);
  for (fs::recursive_directory_iterator it(from, error), end; !error && it != end; it.increment(error)) {
    const auto target = fs::path(to) / fs::relative(it->path(), from, error);
    if (error) break;
    const auto there = fs::symlink_status(target);
    if (it->symlink_status(error).type() == fs::file_type::directory) {
      if (fs::exists(there) && there.type() != fs::file_type::directory) fs::remove(target, error);
      fs::create_directories(target, error);
    } else {
      if (fs::exists(there) || there.type() == fs::file_type::symlink) fs::remove_all(target, error);
      if (it->is_symlink()) {
        fs::copy_symlink(it->path(), target, error);
      } else {
        fs::create_hard_link(it->path(), target, error);
      }
    }
    if (error) break;
  }
  if (error) return fail_errno(fmt::format("merging the layer in '{}'", from), error.value());
  return {};
}

}  // namespace

Result<FolderSize> make_whole(const std::string& folder, const std::function<Result<void>(const std::string&)>& fill) {
  std::error_code error;
  fs::create_directories(fs::path(folder).parent_path(), error);
  if (error) return fail_errno(fmt::format("making '{}'", folder), error.value());
  GUST_CHECK(open_parents(folder));
  const auto unfinished = folder + ".new";
  GUST_CHECK(fill(unfinished));
  GUST_CHECK(sync_folder(unfinished, Depth::kWhole));
  if (::rename(unfinished.c_str(), folder.c_str()) != 0) return fail_errno(fmt::format("making '{}'", folder), errno);
  GUST_CHECK(sync_folder(fs::path(folder).parent_path(), Depth::kNames));
  return measure(folder);
}

async::Task<Package> CodeStore::take(std::string place, std::string zip) {
  const auto bytes = std::as_bytes(std::span(zip));
  GUST_CO_TRY(auto writer, co_await blobs_.create());
  GUST_CO_CHECK(co_await writer->write(bytes));
  Package out;
  out.size = zip.size();
  out.folder = fmt::format("{}/{}", place, random_.pick(16, kHex));
  auto job = [&out, path = folder_ + "/" + out.folder, bytes]() -> Result<void> {
    GUST_TRY(out.unpacked, unpack_whole(bytes, path));
    out.sha256 = codec::to_base64(
        codec::digest(codec::DigestKind::kSha256, {reinterpret_cast<const char*>(bytes.data()), bytes.size()}));
    return {};
  };
  GUST_CO_CHECK(co_await unpackers_.run(std::move(job)));
  GUST_CO_CHECK(co_await async::both(writer->sync(), announce(writer->id())));
  GUST_CO_TRY(const auto blob, co_await writer->commit());
  out.blob = blob.str();
  co_return out;
}

async::Task<void> CodeStore::announce(blobs::BlobId zip) {
  kv::Store::Body body = [zip](kv::Transaction& tx) -> Result<void> {
    tx.put(std::string(rows::kZips) + zip.str(), "");
    return {};
  };
  co_return co_await store_.transact(std::move(body));
}

async::Task<void> CodeStore::sweep_zips(std::set<std::string> kept) {
  auto range = kv::Range::prefix(std::string(rows::kZips));
  for (bool last = false; !last;) {
    GUST_CO_TRY(const auto found, co_await store_.scan(range));
    last = found.size() < range.limit;
    std::set<blobs::BlobId> going;
    for (const auto& row : found) {
      range.begin = row.key + '\0';
      if (auto zip = row.key.substr(rows::kZips.size()); !kept.contains(zip)) going.insert(blobs::BlobId(zip));
    }
    if (going.empty()) continue;
    for (const auto& zip : going) GUST_CO_CHECK(co_await blobs_.remove(zip));
    GUST_CO_TRY(going, co_await blobs_.settle(std::move(going)));
    kv::Store::Body body = [&going](kv::Transaction& tx) -> Result<void> {
      for (const auto& zip : going) tx.erase(std::string(rows::kZips) + zip.str());
      return {};
    };
    GUST_CO_CHECK(co_await store_.transact(std::move(body)));
  }
  co_return Result<void>{};
}

async::Task<std::string> CodeStore::zip(Package package) {
  GUST_CO_TRY(auto source, co_await blobs_.open(blobs::BlobId(package.blob), 0, package.size));
  co_return co_await async::read_all(*source, package.size);
}

async::Task<void> CodeStore::drop(Package package) {
  [[maybe_unused]] const auto removed = co_await drop_zip(package.blob);
  auto job = [folder = folder_ + "/" + package.folder]() -> Result<void> {
    std::error_code ignored;
    fs::remove_all(folder, ignored);
    return {};
  };
  co_return co_await unpackers_.run(std::move(job));
}

bool CodeStore::has(const std::string& folder) const {
  std::error_code ignored;
  return fs::is_directory(folder_ + "/" + folder, ignored);
}

async::Task<std::string> CodeStore::merge(AccountId account, std::vector<LayerUse> layers) {
  if (layers.empty()) co_return std::string();
  if (layers.size() == 1) co_return layers[0].folder;
  std::string names;
  for (const auto& layer : layers) names += layer.folder + "\n";
  const auto digest = codec::to_hex(codec::digest(codec::DigestKind::kSha256, names)).substr(0, 32);
  const auto merged = fmt::format("{}/@layers/merged-{}", account, digest);
  auto job = [folder = folder_, merged, layers]() -> Result<void> {
    const auto path = folder + "/" + merged;
    if (fs::exists(path)) return {};
    std::error_code ignored;
    fs::remove_all(path + ".new", ignored);
    GUST_CHECK(make_whole(path, [&](const std::string& unfinished) -> Result<void> {
      for (const auto& layer : layers) GUST_CHECK(link_all(folder + "/" + layer.folder, unfinished));
      return {};
    }));
    return {};
  };
  GUST_CO_CHECK(co_await unpackers_.run(std::move(job)));
  co_return merged;
}

async::Task<void> CodeStore::restore(std::vector<Owned> packages) {
  enum class Found { kWhole, kDamaged, kMissing };
  auto look = [&packages, root = folder_]() -> Result<std::vector<Found>> {
    std::vector<Found> out;
    std::set<std::string_view> seen;  // versions share their folders
    for (const auto& [package, owner] : packages) {
      const auto folder = root + "/" + package.folder;
      if (!seen.insert(package.folder).second) {
        out.push_back(Found::kWhole);
        continue;
      }
      if (!fs::exists(folder)) {
        out.push_back(Found::kMissing);
        continue;
      }
      const auto size = measure(folder);
      const bool whole = size && (package.unpacked.files == 0 || *size == package.unpacked);
      out.push_back(whole ? Found::kWhole : Found::kDamaged);
    }
    return out;
  };
  GUST_CO_TRY(const auto found, co_await unpackers_.run(std::move(look)));
  for (std::size_t i = 0; i < packages.size(); ++i) {
    if (found[i] == Found::kWhole) continue;
    const auto& owner = packages[i].owner;
    GUST_WARN("functions: the unpacked code of {} is {} and is unpacked again", owner,
              found[i] == Found::kDamaged ? "not whole" : "missing");
    const auto restored = co_await unpack_again(packages[i].package);
    if (!restored) GUST_ERROR("functions: the code of {} is lost: {}", owner, restored.error().message);
  }
  co_return Result<void>{};
}

async::Task<void> CodeStore::unpack_again(Package package) {
  const auto folder = folder_ + "/" + package.folder;
  GUST_CO_TRY(const auto bytes, co_await zip(std::move(package)));
  auto job = [&bytes, &folder]() -> Result<FolderSize> {
    std::error_code error;
    fs::remove_all(folder, error);
    if (error) return fail_errno(fmt::format("removing '{}'", folder), error.value());
    return unpack_whole(std::as_bytes(std::span(bytes)), folder);
  };
  GUST_CO_CHECK(co_await unpackers_.run(std::move(job)));
  co_return Result<void>{};
}

async::Task<void> CodeStore::sweep(std::set<std::string> kept) {
  auto job = [root = folder_, kept = std::move(kept)]() -> Result<void> {
    std::error_code error;
    for (const auto& account : fs::directory_iterator(root, error)) {
      for (const auto& name : fs::directory_iterator(account.path(), error)) {
        for (const auto& code : fs::directory_iterator(name.path(), error)) {
          if (!kept.contains(code.path().lexically_relative(root).string())) fs::remove_all(code.path(), error);
        }
        if (fs::is_empty(name.path(), error)) fs::remove(name.path(), error);
      }
    }
    return {};
  };
  co_return co_await unpackers_.run(std::move(job));
}

}  // namespace gust::functions
