#include "daemon/announced_blobs.h"

#include "async/testing.h"
#include "blobs/memory/memory_store.h"
#include "functions/registry_rows.h"
#include "kv/memory/memory_store.h"

#include <gtest/gtest.h>

namespace gust::daemon {
namespace {

using async::Task;
using async::testing::run;

TEST(AnnouncedBlobs, AFolderFromBeforeIsLookedThroughOnce) {
  kv::MemoryStore store;
  blobs::MemoryStore blobs;
  const auto put = [&] {
    return run([&]() -> Task<blobs::BlobId> {
      GUST_CO_TRY(auto writer, co_await blobs.create());
      co_return co_await writer->commit();
    });
  };
  functions::Function function;
  function.key = {AccountId("000000000000"), FunctionName("f")};
  function.code_blob = put()->str();
  ASSERT_TRUE(put());
  ASSERT_TRUE(run([&]() -> Task<void> {
    kv::Store::Body body = [&](kv::Transaction& tx) -> Result<void> {
      tx.put(functions::rows::function_key(function.key), functions::rows::encode(function));
      return {};
    };
    co_return co_await store.transact(std::move(body));
  }));
  EXPECT_EQ(run([&]() -> Task<std::uint64_t> { return sweep_unannounced(store, blobs); }), 1U);
  EXPECT_EQ(blobs.count(), 1U);
  const auto zips = store.snapshot()->scan(kv::Range::prefix(std::string(functions::rows::kZips)));
  ASSERT_EQ(zips->size(), 1U);
  EXPECT_EQ(zips->at(0).key, std::string(functions::rows::kZips) + function.code_blob);
  ASSERT_TRUE(put());  // announced elsewhere: not for this to judge
  EXPECT_EQ(run([&]() -> Task<std::uint64_t> { return sweep_unannounced(store, blobs); }), 0U);
  EXPECT_EQ(blobs.count(), 2U);
}

}  // namespace
}  // namespace gust::daemon
