#include "functions/images.h"

#include "async/testing.h"
#include "blobs/memory/memory_store.h"
#include "functions/image_testing.h"
#include "functions/registry.h"
#include "functions/registry_rows.h"
#include "kv/memory/memory_store.h"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace gust::functions {
namespace {

namespace fs = std::filesystem;

using testing::tar_of;
using testing::TestImage;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ImagesTest : public ::testing::Test {
 protected:
  ImagesTest() {
    std::string name = (fs::temp_directory_path() / "gust-images-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    registry_.emplace(store_, blobs_, clock_, random_, folder_.string());
    images_.emplace(store_, clock_, random_, folder_.string());
  }
  ~ImagesTest() override { fs::remove_all(folder_); }

  template <typename T>
  Result<T> run(async::Task<T> task) {
    return async::testing::run(loop_, [&]() { return std::move(task); });
  }
  static TestImage image(const std::string& text) {
    return {.settings = {{"Cmd", {"/hello"}}}, .layers = {{.items = {{"hello", text}}}}};
  }
  Result<Image> push(const std::string& name, const std::string& archive) {
    const auto source = async::from_string(archive);
    return run(images_->push(account_, parse_image_name(name).value(), *source));
  }
  Result<Image> push(const std::string& name, const TestImage& image) { return push(name, tar_of(image.oci())); }
  Result<Image> find(const std::string& name) { return run(images_->find(account_, parse_image_name(name).value())); }
  Result<void> remove(const std::string& name) {
    return run(images_->remove(account_, parse_image_name(name).value()));
  }
  // Below the folder of images.
  std::size_t kept() const {
    std::error_code none;
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_ / "000000000000/@images", none), {}));
  }

  async::asio::io_context loop_;
  kv::MemoryStore store_;
  blobs::MemoryStore blobs_;
  env::FakeClock clock_;
  env::SeededRandom random_{1};
  fs::path folder_;
  AccountId account_{"000000000000"};
  std::optional<Registry> registry_;
  std::optional<Images> images_;
};

TEST_F(ImagesTest, NamesAreThoseOfRegistries) {
  const std::string digest = "sha256:" + std::string(64, 'a');
  for (const auto& [given, text] : std::map<std::string, std::string>{{"hello", "hello:latest"},
                                                                     {"team/a-b_c.d:V1.0", "team/a-b_c.d:V1.0"},
                                                                     {"hello@" + digest, "hello@" + digest},
                                                                     {"hello:1@" + digest, "hello@" + digest}}) {
    const auto name = parse_image_name(given);
    ASSERT_TRUE(name) << given;
    EXPECT_EQ(name->text(), text);
  }
  for (const std::string bad : {"", "Hello", "a//b", "/a", "a/", "a:", "a:-x", "a@sha256:1", "a b", "../a", "a:b:c",
                                "localhost:5000/a"}) {
    const auto name = parse_image_name(bad);
    ASSERT_FALSE(name) << bad;
    EXPECT_THAT(name.error().message, HasSubstr("'" + bad + "'"));
  }
  EXPECT_FALSE(parse_image_name(std::string(256, 'a')));
}

TEST_F(ImagesTest, ATagMovesAndADigestStays) {
  const auto one = push("hello:1", image("one"));
  ASSERT_TRUE(one) << one.error().message;
  const auto two = push("hello:1", image("two"));
  ASSERT_TRUE(two) << two.error().message;
  EXPECT_NE(one->digest, two->digest);
  EXPECT_EQ(find("hello:1")->digest, two->digest);
  EXPECT_EQ(find("hello@" + one->digest)->folder, one->folder);
  EXPECT_THAT(find("hello:1")->settings.command, ElementsAre("/hello"));
  EXPECT_EQ(fs::file_size(folder_ / one->folder / "hello"), 3u);
  EXPECT_EQ(find("hello:2").error().code, Code::kNotFound);
  const auto all = run(images_->list(account_));
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 2u);
  for (const auto& each : *all) EXPECT_EQ(each.tags.size(), each.digest == two->digest ? 1u : 0u);
  EXPECT_TRUE(run(images_->list(AccountId("111111111111")))->empty());
}

TEST_F(ImagesTest, TheSameImageIsKeptOnce) {
  const auto one = push("hello:1", image("one"));
  const auto again = push("hello:2", image("one"));
  ASSERT_TRUE(one && again);
  EXPECT_EQ(one->folder, again->folder);
  EXPECT_EQ(kept(), 1u);
  ASSERT_TRUE(remove("hello:1"));
  EXPECT_EQ(find("hello:2")->digest, one->digest) << "it has another tag";
  ASSERT_TRUE(remove("hello:2"));
  EXPECT_EQ(find("hello@" + one->digest).error().code, Code::kNotFound);
  EXPECT_EQ(remove("hello:2").error().code, Code::kNotFound);
  ASSERT_TRUE(push("hello:1", image("one")));
  ASSERT_TRUE(push("hello:2", image("one")));
  ASSERT_TRUE(remove("hello@" + one->digest));
  EXPECT_EQ(find("hello:1").error().code, Code::kNotFound) << "its tags go with it";
  EXPECT_EQ(find("hello:2").error().code, Code::kNotFound);
}

TEST_F(ImagesTest, WhatWasLostComesBackByBeingPushedAgain) {
  const auto first = push("hello:1", image("one"));
  ASSERT_TRUE(first);
  fs::remove_all(folder_ / first->folder);
  fs::create_directories(folder_ / (first->folder + ".new"));  // as a try that was cut off leaves
  const auto again = push("hello:2", image("one"));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->folder, first->folder) << "where its functions look for it";
  EXPECT_TRUE(fs::exists(folder_ / first->folder / "hello"));
  EXPECT_EQ(kept(), 1u);
}

TEST_F(ImagesTest, NothingIsLeftOfWhatIsRefused) {
  auto files = image("one").oci();
  for (auto& [name, text] : files) {
    if (name.starts_with("blobs/")) text += " ";
  }
  EXPECT_EQ(push("hello:1", tar_of(files)).error().code, Code::kInvalid);
  EXPECT_EQ(push("hello:1", "no tar").error().code, Code::kInvalid);
  auto hostile = image("one");
  hostile.layers[0].items.push_back({"../x", "x"});
  EXPECT_EQ(push("hello:1", hostile).error().code, Code::kInvalid);
  const auto digest = "hello@sha256:" + std::string(64, 'a');
  EXPECT_THAT(push(digest, image("one")).error().message, HasSubstr("push to a tag"));
  Images small(store_, clock_, random_, folder_.string(), {.total_bytes = 1000});
  const auto source = async::from_string(tar_of(image("one").oci()));
  const auto large = run(small.push(account_, {"hello", "1", ""}, *source));
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code, Code::kTooLarge);
  EXPECT_EQ(kept(), 0u);
  EXPECT_TRUE(run(images_->list(account_))->empty());
}

TEST_F(ImagesTest, AStartRemovesWhatNobodyNames) {
  const auto used = push("used:1", image("used")), tagged = push("tagged:1", image("tagged"));
  const auto dropped = push("dropped:1", image("dropped"));
  ASSERT_TRUE(used && tagged && dropped);
  Function function;
  function.key = {account_, FunctionName("f")};
  function.image = {"used:1", "used", used->digest, used->settings, std::vector<std::string>{"/x"}};
  function.code_folder = used->folder;
  ASSERT_TRUE(run(registry_->create_of_image(function)));
  ASSERT_TRUE(remove("used:1"));
  ASSERT_TRUE(remove("dropped:1"));
  // What a push that was cut off leaves.
  fs::create_directories(folder_ / "000000000000/@images/0123456789abcdef.new/etc");
  std::ofstream(folder_ / "000000000000/@images/0123456789abcdef.tar") << "half";
  ASSERT_TRUE(run(registry_->mend_code()));
  EXPECT_EQ(kept(), 2u);
  EXPECT_TRUE(fs::exists(folder_ / used->folder / "hello"));
  EXPECT_TRUE(fs::exists(folder_ / tagged->folder / "hello"));
  const auto back = run(registry_->get(function.key));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->image, function.image);
  ASSERT_TRUE(run(registry_->remove(function.key)));
  ASSERT_TRUE(run(registry_->mend_code()));
  EXPECT_FALSE(fs::exists(folder_ / used->folder));
}

}  // namespace
}  // namespace gust::functions
