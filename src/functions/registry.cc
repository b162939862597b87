#include "functions/registry.h"

#include "base/log.h"
#include "functions/images.h"
#include "functions/layers.h"
#include "functions/registry_read.h"

#include <fmt/format.h>

#include <array>

namespace gust::functions {
namespace {

Package package_of(const Function& function) {
  return {function.code_sha256, function.code_size, function.code_blob, function.code_folder, function.unpacked};
}

Package package_of(const LayerUse& layer) { return {"", layer.code_size, layer.blob, layer.folder, layer.unpacked}; }

void use(Function& function, const Package& package) {
  function.code_sha256 = package.sha256;
  function.code_size = package.size;
  function.code_blob = package.blob;
  function.code_folder = package.folder;
  function.unpacked = package.unpacked;
}

Result<void> check_size(const Function& function) {
  if (function.image) return {};  // images have a limit of their own
  auto bytes = function.unpacked.bytes;
  for (const auto& layer : function.layers) bytes += layer.unpacked.bytes;
  if (bytes <= Registry::kMaxUnpackedBytes) return {};
  return fail(Code::kInvalid,
              fmt::format("Function code combined with layers exceeds the maximum allowed size of {} bytes. The actual "
                          "size is {} bytes.",
                          Registry::kMaxUnpackedBytes, bytes),
              "layer");
}

std::string place_of(const FunctionKey& key) { return fmt::format("{}/{}", key.account, key.name); }

// Of every function, and then of every version: a page at a time, since there may be a hundred thousand.
class EveryVersion {
 public:
  explicit EveryVersion(kv::Reader& reader) : reader_(reader) {}

  // Empty at the end.
  Result<std::vector<Function>> next() {
    std::vector<Function> out;
    while (out.empty() && prefix_ < kPrefixes.size()) {
      auto range = kv::Range::prefix(std::string(kPrefixes[prefix_]));
      if (!after_.empty()) range.begin = after_ + '\0';
      GUST_TRY(const auto found, reader_.scan(range));
      for (const auto& row : found) {
        GUST_TRY(auto function, rows::decode_function(row.value));
        out.push_back(std::move(function));
      }
      const bool last = found.size() < range.limit;
      after_ = last ? "" : found.back().key;
      if (last) ++prefix_;
    }
    return out;
  }

 private:
  static constexpr std::array kPrefixes = {rows::kFunctions, rows::kVersions};
  kv::Reader& reader_;
  std::size_t prefix_ = 0;
  std::string after_;
};

}  // namespace

Registry::Registry(kv::Store& store, blobs::Store& blobs, env::Clock& clock, env::Random& random,
                   std::string code_folder)
    : store_(store), clock_(clock), random_(random), code_(store, blobs, random, std::move(code_folder)) {}

void Registry::stamp(Function& function) {
  function.revision_id = random_.uuid();
  function.modified_at = clock_.now();
  ++function.generation;
}

static std::unexpected<Error> exists(const FunctionKey& key) {
  return fail(Code::kAlreadyExists, fmt::format("Function already exist: {}", key.name), "function");
}

async::Task<Function> Registry::create(Function function, std::string zip) {
  GUST_CO_TRY(const auto there, co_await store_.get(rows::function_key(function.key)));
  if (there) co_return exists(function.key);
  GUST_CO_TRY(const auto package, co_await code_.take(place_of(function.key), std::move(zip)));
  use(function, package);
  auto made = co_await insert(std::move(function));
  if (!made) [[maybe_unused]]
    const auto dropped = co_await code_.drop(package);
  co_return made;
}

async::Task<Function> Registry::create_of_image(Function function) { return insert(std::move(function)); }

async::Task<Function> Registry::insert(Function function) {
  // A function of this name that was deleted had a generation, too: never the same one again.
  function.generation = static_cast<std::uint64_t>(to_epoch_ms(clock_.now()));
  stamp(function);
  kv::Store::Body body = [&function](kv::Transaction& tx) -> Result<void> {
    GUST_CHECK(check_size(function));
    GUST_TRY(const auto row, tx.get(rows::function_key(function.key)));
    if (row) return exists(function.key);
    tx.put(rows::function_key(function.key), rows::encode(function));
    return {};
  };
  GUST_CO_CHECK(co_await store_.transact(std::move(body)));
  counted(function.key.account, 1);
  changed(function.key);
  co_return function;
}

async::Task<Function> Registry::get(FunctionKey key) {
  GUST_CO_TRY(const auto row, co_await store_.get(rows::function_key(key)));
  if (!row) co_return rows::no_function(key);
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
  const auto out = std::make_shared<Function>();
  kv::Store::Body body = [this, key, change, expected_revision, out](kv::Transaction& tx) -> Result<void> {
    GUST_TRY(*out, rows::read_function(tx, key));
    if (!expected_revision.empty() && expected_revision != out->revision_id) return rows::wrong_revision();
    GUST_CHECK(change(*out));
    GUST_CHECK(check_size(*out));
    stamp(*out);
    tx.put(rows::function_key(key), rows::encode(*out));
    return {};
  };
  GUST_CO_CHECK(co_await store_.transact(std::move(body)));
  changed(key);
  co_return *out;
}

async::Task<void> Registry::annotate(FunctionKey key, std::function<Result<void>(Function&)> change) {
  kv::Store::Body body = [key, change](kv::Transaction& tx) -> Result<void> {
    GUST_TRY(auto function, rows::read_function(tx, key));
    GUST_CHECK(change(function));
    tx.put(rows::function_key(key), rows::encode(function));
    return {};
  };
  GUST_CO_CHECK(co_await store_.transact(std::move(body)));
  changed(key);
  co_return Result<void>{};
}

async::Task<Function> Registry::update_code(FunctionKey key, std::string zip, std::string expected_revision,
                                            std::function<void(Function&)> also, CodeUpdate mode) {
  GUST_CO_TRY(const auto before, co_await get(key));
  if (!expected_revision.empty() && expected_revision != before.revision_id) co_return rows::wrong_revision();
  GUST_CO_TRY(const auto package, co_await code_.take(place_of(key), std::move(zip)));
  if (mode == CodeUpdate::kTry) {
    GUST_CO_CHECK(co_await code_.drop(package));
    auto tried = before;
    use(tried, package);
    if (also) also(tried);
    co_return tried;
  }
  const auto replaced = std::make_shared<std::string>();
  auto change = [package, replaced, also](Function& function) -> Result<void> {
    if (function.image)
      return fail(Code::kConflict, "the function became one of PackageType Image meanwhile", "function");
    if (also) also(function);
    *replaced = function.code_blob;
    use(function, package);
    return {};
  };
  auto updated = co_await update(key, std::move(change), std::move(expected_revision));
  if (!updated) {
    [[maybe_unused]] const auto dropped = co_await code_.drop(package);
    co_return updated;
  }
  // A published version goes on with it. The old folder stays until the next start: instances may still run from it.
  GUST_CO_TRY(const auto published, co_await store_.get(rows::published_key(key)));
  if (published != *replaced) [[maybe_unused]]
    const auto removed = co_await code_.drop_zip(*replaced);
  co_return updated;
}

async::Task<void> Registry::remove(FunctionKey key) {
  const auto blobs = std::make_shared<std::set<std::string>>();
  kv::Store::Body body = [key, blobs](kv::Transaction& tx) -> Result<void> {
    blobs->clear();
    GUST_TRY(const auto function, rows::read_function(tx, key));
    blobs->insert(function.code_blob);
    tx.erase(rows::function_key(key));
    tx.erase(rows::published_key(key));
    for (const auto& prefix : rows::prefixes_of(key)) {
      GUST_TRY(const auto found, tx.scan(kv::Range::prefix(prefix, 1'000'000)));
      for (const auto& row : found) {
        if (row.key.starts_with(rows::kVersions)) {
          GUST_TRY(const auto version, rows::decode_function(row.value));
          blobs->insert(version.code_blob);
        }
        tx.erase(row.key);
      }
    }
    return {};
  };
  GUST_CO_CHECK(co_await store_.transact(std::move(body)));
  counted(key.account, -1);
  changed(key);
  blobs->erase("");  // of an image
  for (const auto& blob : *blobs) GUST_CO_CHECK(co_await code_.drop_zip(blob));
  co_return Result<void>{};
}

async::Task<std::string> Registry::code_zip(FunctionRef ref) {
  GUST_CO_TRY(const auto function, co_await get_version(ref));
  co_return co_await code_.zip(package_of(function));
}

Result<std::set<blobs::BlobId>> Registry::referenced(kv::Reader& reader) {
  std::set<blobs::BlobId> out;
  for (EveryVersion versions(reader);;) {
    GUST_TRY(const auto page, versions.next());
    if (page.empty()) break;
    for (const auto& function : page) {
      out.insert(blobs::BlobId(function.code_blob));
      for (const auto& layer : function.layers) out.insert(blobs::BlobId(layer.blob));
    }
  }
  GUST_TRY(const auto layers, Layers::every(reader));
  for (const auto& layer : layers) out.insert(blobs::BlobId(layer.package.blob));
  return out;
}

async::Task<std::set<std::string>> Registry::mend_code() {
  const auto view = store_.snapshot();
  std::set<std::string> kept, zips, runtimes;
  for (EveryVersion versions(*view);;) {
    GUST_CO_TRY(const auto page, versions.next());
    if (page.empty()) break;
    for (const auto& function : page) {
      if (!function.image) runtimes.insert(function.runtime);
      kept.insert(function.code_folder);
      zips.insert(function.code_blob);
      for (const auto& layer : function.layers) {
        kept.insert(layer.folder);
        zips.insert(layer.blob);
      }
      if (!function.layers_folder.empty()) kept.insert(function.layers_folder);
    }
  }
  GUST_CO_TRY(const auto layers, Layers::every(*view));
  std::vector<CodeStore::Owned> of_layers;
  for (const auto& layer : layers) {
    kept.insert(layer.package.folder);
    zips.insert(layer.package.blob);
    of_layers.push_back({layer.package, layer.version_arn()});
  }
  GUST_CO_TRY(const auto images, Images::every(*view));
  for (const auto& image : images) {
    kept.insert(image.folder);
    if (!code_.has(image.folder))
      GUST_ERROR("functions: the image {}@{} is lost; push it again", image.name, image.digest);
  }
  GUST_CO_CHECK(co_await code_.sweep_zips(std::move(zips)));
  GUST_CO_CHECK(co_await code_.sweep(std::move(kept)));
  GUST_CO_CHECK(co_await code_.restore(std::move(of_layers)));
  for (EveryVersion versions(*view);;) {
    GUST_CO_TRY(const auto page, versions.next());
    if (page.empty()) break;
    GUST_CO_CHECK(co_await mend(page));
  }
  co_return runtimes;
}

async::Task<void> Registry::mend(const std::vector<Function>& functions) {
  std::vector<CodeStore::Owned> packages;
  for (const auto& function : functions) {
    if (!function.image) packages.push_back({package_of(function), function.qualified_arn()});
    for (const auto& layer : function.layers) packages.push_back({package_of(layer), layer.arn});
  }
  GUST_CO_CHECK(co_await code_.restore(std::move(packages)));
  for (const auto& function : functions) {
    if (function.layers.size() < 2) continue;
    if (const auto merged = co_await code_.merge(function.key.account, function.layers); !merged)
      GUST_ERROR("functions: the layers of {} are lost: {}", function.qualified_arn(), merged.error().message);
  }
  co_return Result<void>{};
}

async::Task<std::size_t> Registry::count(AccountId account) {
  if (const auto known = counts_.find(account); known != counts_.end()) co_return known->second;
  const auto changes = changes_;
  std::size_t count = 0;
  auto range = kv::Range::prefix(rows::functions_prefix(account));
  for (;;) {
    GUST_CO_TRY(const auto found, co_await store_.scan(range));
    count += found.size();
    if (found.size() < range.limit) break;
    range.begin = found.back().key + '\0';
  }
  if (changes == changes_) counts_.insert_or_assign(account, count);  // else it may be of before the change
  co_return count;
}

void Registry::counted(const AccountId& account, int change) {
  if (const auto known = counts_.find(account); known != counts_.end()) known->second += change;
}

}  // namespace gust::functions
