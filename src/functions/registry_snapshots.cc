// Which versions have snapshots, and what became of them.
#include "functions/registry.h"
#include "functions/registry_read.h"

namespace gust::functions {

static constexpr std::size_t kMany = 1'000'000;

static Result<std::vector<FunctionRef>> refs_below(kv::Reader& reader, const std::string& prefix) {
  GUST_TRY(const auto found, reader.scan(kv::Range::prefix(prefix, kMany)));
  std::vector<FunctionRef> out;
  for (const auto& row : found) {
    GUST_TRY(auto ref, rows::decode_snapshot_key(row.key));
    out.push_back(std::move(ref));
  }
  return out;
}

async::Task<std::vector<FunctionRef>> Registry::snapshot_versions(FunctionKey key) {
  const auto view = store_.snapshot();
  co_return refs_below(*view, rows::snapshots_prefix(key));
}

async::Task<std::vector<FunctionRef>> Registry::every_snapshot() {
  const auto view = store_.snapshot();
  co_return refs_below(*view, std::string(rows::kSnapshots));
}

async::Task<void> Registry::settle_snapshot(FunctionRef version, Snapshot snapshot) {
  kv::Store::Body body = [version, snapshot](kv::Transaction& tx) -> Result<void> {
    auto function = rows::read_version(tx, version.key, version.qualifier);
    if (!function && function.error().code == Code::kNotFound) return {};
    if (!function) return std::unexpected(function.error());
    function->snapshot = snapshot;
    tx.put(rows::row_key(*function), rows::encode(*function));
    return {};
  };
  GUST_CO_CHECK(co_await store_.transact(std::move(body)));
  changed(version.key);
  co_return Result<void>{};
}

}  // namespace gust::functions
