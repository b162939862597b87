#include "blobs/files/early_sync.h"

#include "env/simulated_files.h"

#include <gtest/gtest.h>

#include <array>
#include <future>

namespace gust::blobs {
namespace {

// A file whose syncs last until they are told how they went.
class SlowFile final : public env::File {
 public:
  struct Sync {
    std::promise<void> began;
    std::promise<Result<void>> ends;
  };
  explicit SlowFile(std::shared_ptr<std::array<Sync, 2>> syncs) : syncs_(std::move(syncs)) {}

  Result<void> append(std::span<const std::span<const std::byte>>) override { return {}; }
  Result<std::size_t> read(std::uint64_t, std::span<const std::span<std::byte>>) override { return 0; }
  Result<std::uint64_t> size() override { return 0; }
  Result<void> sync() override {
    auto& sync = syncs_->at(next_++);
    sync.began.set_value();
    return sync.ends.get_future().get();
  }

 private:
  std::shared_ptr<std::array<Sync, 2>> syncs_;
  std::size_t next_ = 0;
};

TEST(EarlySync, TheEndFailsWhereAnEarlySyncHas) {
  env::SimulatedFiles disk(1);
  ASSERT_TRUE(disk.make_folder("/d"));
  async::BlockingPool here("here", 0);
  EarlySync file(*disk.create("/d/f"), here);
  const std::array<std::byte, 4> bytes{};
  const std::array pieces{std::span<const std::byte>(bytes)};
  ASSERT_TRUE(file.file().append(pieces));
  disk.plan({.fail_at = 0});
  file.start();
  EXPECT_EQ(disk.failed(), 1u);
  ASSERT_TRUE(file.file().append(pieces));
  EXPECT_FALSE(file.finish());  // although a sync would succeed now
}

TEST(EarlySync, TheEndWaitsForTheOneThatGoesOn) {
  auto syncs = std::make_shared<std::array<SlowFile::Sync, 2>>();
  async::BlockingPool pool("syncs", 1);
  EarlySync file(std::make_unique<SlowFile>(syncs), pool);
  file.start();
  syncs->at(0).began.get_future().wait();
  file.start();  // does nothing: one goes on
  auto end = std::async(std::launch::async, [&] { return file.finish(); });
  syncs->at(0).ends.set_value(fail(Code::kInternal, "the disk is broken"));
  EXPECT_FALSE(end.get());
}

TEST(EarlySync, TheEndDoesNotWaitForAThread) {
  auto syncs = std::make_shared<std::array<SlowFile::Sync, 2>>();
  std::promise<void> free, busy;
  async::BlockingPool pool("busy", 1);
  ASSERT_TRUE(pool.submit([&] { busy.set_value(), free.get_future().wait(); }));
  busy.get_future().wait();
  {
    EarlySync file(std::make_unique<SlowFile>(syncs), pool);
    file.start();
    syncs->at(0).ends.set_value({});
    EXPECT_TRUE(file.finish());  // the first sync that is made
    file.start();
  }
  free.set_value();
}

}  // namespace
}  // namespace gust::blobs
