// The key is on the disk before anything is encrypted with it, and a store does not start without the one it had.
#include "objects/key_file.h"

#include "env/simulated_files.h"
#include "objects/testing.h"

#include <sys/stat.h>

#include <fstream>

namespace gust::objects::testing {
namespace {

class KeyFile : public ::testing::Test {
 protected:
  Result<std::string> open(env::Files& files, std::string folder) {
    return run(loop_, [&]() -> Task<std::string> {
      GUST_CO_TRY(const auto key, co_await open_key(*store_, files, folder, random_));
      co_return std::string(key.text());
    });
  }
  Result<std::string> open() { return open(env::system_files(), folder_.path); }
  std::string path() const { return folder_.path.string() + kKeyFile; }
  void write(const std::string& text) { std::ofstream(path(), std::ios::trunc) << text; }

  boost::asio::io_context loop_;
  Folder folder_;
  env::SystemRandom random_;
  std::unique_ptr<kv::MemoryStore> store_ = std::make_unique<kv::MemoryStore>();
};

TEST_F(KeyFile, IsMadeOnceForItsOwnerAlone) {
  const auto first = open();
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(open(), first);
  struct stat info{};
  ASSERT_EQ(::stat(path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_EQ(info.st_size, 65);
  EXPECT_EQ((*read_key(*store_->snapshot(), env::system_files(), folder_.path))->text(), *first);
}

TEST_F(KeyFile, AStoreThatHadOneDoesNotStartWithoutIt) {
  const auto first = open();
  fs::rename(path(), path() + ".away");
  const auto without = open();
  ASSERT_FALSE(without);
  EXPECT_EQ(without.error().source, "key file");
  EXPECT_NE(without.error().message.find("missing"), std::string::npos);
  EXPECT_FALSE(fs::exists(path()));
  EXPECT_FALSE(read_key(*store_->snapshot(), env::system_files(), folder_.path));
  fs::rename(path() + ".away", path());
  EXPECT_EQ(open(), first);
}

TEST_F(KeyFile, WhatIsNoKeyOrAnothersIsRefused) {
  ASSERT_TRUE(open());
  for (const std::string text : {std::string(), std::string("abc\n"), std::string(64, 'z') + "\n", std::string(64, 'a'),
                                 std::string(64, 'a') + "\n\n"}) {
    write(text);
    EXPECT_EQ(open().error().code, Code::kInvalid) << text;
  }
  write(std::string(64, 'a') + "\n");
  const auto other = open();
  ASSERT_FALSE(other);
  EXPECT_NE(other.error().message.find("another key"), std::string::npos);
}

TEST_F(KeyFile, AStoreWithoutOneHasNone) {
  EXPECT_FALSE(*read_key(*store_->snapshot(), env::system_files(), folder_.path));
}

// Cut after each call on the disk: the next start has a key, and the same as any start that ended before.
TEST_F(KeyFile, ACutLeavesAWholeKeyOrNone) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    env::SimulatedFiles files(seed);
    files.make_folder("/data").value();
    files.sync_folder("").value();
    store_ = std::make_unique<kv::MemoryStore>();
    files.plan({.power_off_at = seed % 12});
    const auto cut = open(files, "/data");
    files.power_off();
    files.power_on();
    files.plan({});
    const auto next = open(files, "/data");
    ASSERT_TRUE(next) << seed << ": " << next.error().message;
    if (cut) EXPECT_EQ(*next, *cut) << seed;
    files.power_off();
    files.power_on();
    EXPECT_EQ(open(files, "/data"), next) << seed;
  }
}

}  // namespace
}  // namespace gust::objects::testing
