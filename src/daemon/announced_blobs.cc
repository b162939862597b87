#include "daemon/announced_blobs.h"

#include "functions/registry.h"
#include "functions/registry_rows.h"
#include "objects/object_store.h"

namespace gust::daemon {

constexpr std::string_view kNoted = "gust/announced";

async::Task<std::uint64_t> sweep_unannounced(kv::Store& store, blobs::Store& blobs) {
  GUST_CO_TRY(const auto noted, co_await store.get(std::string(kNoted)));
  if (noted) co_return 0;
  auto view = store.snapshot();
  GUST_CO_TRY(auto named, objects::ObjectStore::referenced(*view));
  GUST_CO_TRY(auto zips, functions::Registry::referenced(*view));
  view.reset();
  zips.erase(blobs::BlobId());  // of images
  named.insert(zips.begin(), zips.end());
  auto is_named = [named = std::move(named)](const blobs::BlobId& id) { return named.contains(id); };
  GUST_CO_TRY(const auto swept, co_await blobs.sweep(std::move(is_named)));
  kv::Store::Body body = [&zips](kv::Transaction& tx) -> Result<void> {
    for (const auto& zip : zips) tx.put(std::string(functions::rows::kZips) + zip.str(), "");
    tx.put(kNoted, "");
    return {};
  };
  GUST_CO_CHECK(co_await store.transact(std::move(body)));
  co_return swept;
}

}  // namespace gust::daemon
