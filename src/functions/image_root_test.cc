#include "functions/image_root.h"

#include "functions/image_testing.h"
#include "sandbox/sandbox.h"

#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace gust::functions {
namespace {

namespace fs = std::filesystem;

using testing::make_tar;
using testing::Packed;
using testing::TarItem;
using Kind = testing::TarItem::Kind;
using ::testing::HasSubstr;

class ImageRootTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "gust-image-root-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    fs::create_directories(folder_ / "outside");
    std::ofstream(folder_ / "outside/secret") << "secret";
  }
  void TearDown() override { fs::remove_all(folder_); }

  ImageLayer layer(const std::vector<TarItem>& items, Packed packed = Packed::kPlain) {
    const auto file = (folder_ / fmt::format("layer-{}", count_++)).string();
    std::ofstream(file, std::ios::binary) << make_tar(items, packed);
    return {ImageLayer::Packing::kAny, file, codec::sha256_hex(make_tar(items))};
  }
  Result<void> make(const std::vector<ImageLayer>& layers, const ImageLimits& limits = {}) {
    return make_image_root(layers, root().string(), limits);
  }
  fs::path root() const { return folder_ / "root"; }
  std::string text(const std::string& name) const {
    std::ifstream in(root() / name);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  bool there(const std::string& name) const { return fs::exists(fs::symlink_status(root() / name)); }
  void expect_refused(const std::vector<TarItem>& items, std::string_view why, Code code = Code::kInvalid) {
    const auto done = make({layer(items)});
    ASSERT_FALSE(done) << why;
    EXPECT_EQ(done.error().code, code) << done.error().message;
    EXPECT_EQ(done.error().source, "image");
    EXPECT_THAT(done.error().message, HasSubstr(std::string(why)));
    EXPECT_FALSE(fs::exists(root())) << "something was left behind";
    expect_nothing_outside();
  }
  void expect_nothing_outside() const {
    EXPECT_EQ(std::distance(fs::directory_iterator(folder_ / "outside"), {}), 1);
    EXPECT_EQ(fs::file_size(folder_ / "outside/secret"), 6u);
  }

  fs::path folder_;
  int count_ = 0;
};

TEST_F(ImageRootTest, LaterLayersAreOverEarlierOnes) {
  const auto done = make({layer({{"app/a", "1"}, {"app/b", "1"}, {"x", "file"}, {"y/z", "1"}}),
                          layer({{"app/a", "2"}, {"x", "", Kind::kFolder}, {"x/in", "2"}, {"y", "now a file"}},
                                Packed::kGzip),
                          layer({{"app/c", "3"}}, Packed::kZstd)});
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(text("app/a") + text("app/b") + text("app/c"), "213");
  EXPECT_EQ(text("x/in"), "2");
  EXPECT_EQ(text("y"), "now a file");
}

TEST_F(ImageRootTest, WhiteoutsHideWhatIsBelow) {
  const auto done = make({layer({{"a/1", "x"}, {"a/2", "x"}, {"b/1", "x"}, {"b/deep/2", "x"}, {"c/1", "x"}}),
                          // The opaque one comes after what its own layer brings, and does not hide that.
                          layer({{"a/.wh.1", ""}, {"b/new", "y"}, {"b/deep/new", "y"}, {"b/.wh..wh..opq", ""},
                                 {".wh.c", ""}, {"none/.wh.x", ""}, {".wh..wh.plnk", ""}})});
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_FALSE(there("a/1"));
  EXPECT_TRUE(there("a/2"));
  EXPECT_FALSE(there("b/1"));
  EXPECT_FALSE(there("b/deep/2"));
  EXPECT_TRUE(there("b/new"));
  EXPECT_TRUE(there("b/deep/new"));
  EXPECT_FALSE(there("c"));
  EXPECT_FALSE(there("none"));
  EXPECT_FALSE(there("a/.wh.1"));
}

TEST_F(ImageRootTest, LinksAreFollowedInsideOnly) {
  const auto outside = (folder_ / "outside").string();
  const auto done = make({layer({{"bin", "usr/bin", Kind::kLink},
                                 {"usr/bin/old", "1"},
                                 {"abs", outside, Kind::kLink},
                                 {"up", "../../../../../../../../" + outside.substr(1), Kind::kLink},
                                 {outside.substr(1) + "/own", "inside"}}),
                          layer({{"bin/new", "2"}, {"abs/evil", "x"}, {"up/evil2", "x"}, {"abs/.wh.secret", ""},
                                 {"bin/.wh.old", ""}})});
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(text("usr/bin/new"), "2");
  EXPECT_FALSE(there("usr/bin/old"));
  EXPECT_TRUE(there(outside.substr(1) + "/evil")) << "an absolute link leads to where it leads inside";
  EXPECT_TRUE(there(outside.substr(1) + "/evil2"));
  expect_nothing_outside();
}

TEST_F(ImageRootTest, WhatALayerReplacesIsNotWrittenThrough) {
  const auto secret = (folder_ / "outside/secret").string();
  const auto done = make({layer({{"f", secret, Kind::kLink}, {"d", folder_ / "outside", Kind::kLink}, {"h", "1"},
                                 {"same", "h", Kind::kHardLink}}),
                          layer({{"f", "own"}, {"d", "", Kind::kFolder}, {"d/x", "own"}, {"h", "2"}})});
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(text("f"), "own");
  EXPECT_EQ(text("d/x"), "own");
  EXPECT_EQ(text("h") + text("same"), "21") << "a hard link keeps what it was";
  expect_nothing_outside();
}

TEST_F(ImageRootTest, ModesAreThoseOfAZip) {
  const auto old = ::umask(077);
  const auto done = make({layer({{"tool", "x", Kind::kFile, 04711}, {"shadow", "x", Kind::kFile, 0600},
                                 {"locked", "", Kind::kFolder, 0}, {"locked/in", "x"}, {"made/up/f", "x"}})});
  ::umask(old);
  ASSERT_TRUE(done) << done.error().message;
  struct stat st{};
  for (const auto& [name, mode] : std::map<std::string, mode_t>{
           {"tool", 0755}, {"shadow", 0644}, {"locked", 0755}, {"made/up", 0755}, {"", 0755}, {"tmp", 0755}}) {
    ASSERT_EQ(::stat((root() / name).c_str(), &st), 0) << name;
    EXPECT_EQ(st.st_mode & 07777, mode) << name;
  }
  ASSERT_EQ(::stat((root() / "tool").c_str(), &st), 0);
  EXPECT_EQ(st.st_mtime, 1'700'000'000);
}

TEST_F(ImageRootTest, MountPointsAreItsOwn) {
  const auto outside = (folder_ / "outside").string();
  const auto done = make({layer({{"etc", outside, Kind::kLink}, {"proc", "/", Kind::kLink}, {"tmp", "a file"},
                                 {"dev", "", Kind::kFolder}, {"dev/null", "", Kind::kDevice}})});
  ASSERT_TRUE(done) << done.error().message;
  for (const auto* name : sandbox::kRootFolders)
    EXPECT_EQ(fs::symlink_status(root() / name).type(), fs::file_type::directory) << name;
  for (const auto* name : sandbox::kRootFiles)
    EXPECT_EQ(fs::symlink_status(root() / name).type(), fs::file_type::regular) << name;
  EXPECT_TRUE(fs::is_empty(root() / "dev")) << "devices are the sandbox's";
  expect_nothing_outside();
}

TEST_F(ImageRootTest, RefusesWhatLeavesTheFolder) {
  expect_refused({{"ok", "x"}, {"../evil", "x"}}, "leaves its folder");
  expect_refused({{"a/../../evil", "x"}}, "leaves its folder");
  expect_refused({{"/evil", "x"}}, "must be relative");
  expect_refused({{"h", "../outside/secret", Kind::kHardLink}}, "leaves its folder");
  expect_refused({{"h", folder_ / "outside/secret", Kind::kHardLink}}, "must be relative");
  // The link's target is looked for inside, where it is not.
  expect_refused({{"l", folder_ / "outside", Kind::kLink}, {"h", "l/secret", Kind::kHardLink}}, "no file before it");
}

TEST_F(ImageRootTest, RefusesWhatCannotBe) {
  expect_refused({{"d", "", Kind::kDevice}}, "is a device");
  expect_refused({{"p", "", Kind::kPipe}}, "is a device, a pipe or a socket");
  expect_refused({{"f", "x"}, {"f/below", "x"}}, "is no folder");
  expect_refused({{"l", "nowhere", Kind::kLink}, {"l/x", "x"}}, "leads nowhere");
  expect_refused({{"l", "l", Kind::kLink}, {"l/x", "x"}}, "is no folder");
  expect_refused({{std::string(300, 'x'), "x"}}, "255 bytes");
  expect_refused({{"a/.wh.", ""}, {"a", "", Kind::kFolder}, {"a/.wh..", ""}}, "names nothing");
  std::string deep = "d";
  for (int i = 0; i < 250; ++i) deep += "/d";
  expect_refused({{deep, "x"}}, "deep");
}

TEST_F(ImageRootTest, FoldersDoNotGetDeeperThroughLinks) {
  std::string deep = "d";
  for (int i = 0; i < 150; ++i) deep += "/d";
  std::vector<ImageLayer> layers{layer({{deep + "/x", "1"}, {"l", deep, Kind::kLink}})};
  layers.push_back(layer({{"l/" + deep + "/x", "1"}, {"m", "l/" + deep, Kind::kLink}}));
  layers.push_back(layer({{"m/" + deep + "/x", "1"}}));
  const auto done = make(layers);
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr("deep"));
  EXPECT_FALSE(fs::exists(root()));
}

TEST_F(ImageRootTest, LimitsHold) {
  const std::vector<TarItem> items{{"a", std::string(100'000, 'x')}};
  const auto packed = layer(items, Packed::kGzip);
  auto done = make({packed}, {.total_bytes = 50'000});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Code::kTooLarge) << done.error().message;
  done = make({layer({{"some/name", "1"}, {"another", "2"}})}, {.name_bytes = 10});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Code::kTooLarge) << done.error().message;
  ASSERT_TRUE(make({layer({{"some", "1"}, {"some", "2"}}), layer({{"other", "3"}})}, {.name_bytes = 5}));
  fs::remove_all(root());
  done = make({layer({{"a", "1"}, {"b", "2"}})}, {.entries = 1});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Code::kTooLarge) << done.error().message;
  EXPECT_FALSE(fs::exists(root()));
}

TEST_F(ImageRootTest, ALayerIsWhatItsDiffIdSays) {
  auto wrong = layer({{"a", "1"}});
  wrong.diff_id = codec::sha256_hex("another");
  auto done = make({wrong});
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr("does not match its diff_id"));
  // Packed in another way than its media type says.
  auto gzip = layer({{"a", "1"}}, Packed::kGzip);
  gzip.packing = ImageLayer::Packing::kPlain;
  EXPECT_FALSE(make({gzip}));
  auto cut = layer({{"a", std::string(100'000, 'x')}}, Packed::kGzip);
  fs::resize_file(cut.file, fs::file_size(cut.file) / 2);
  EXPECT_FALSE(make({cut}));
  EXPECT_FALSE(fs::exists(root()));
}

TEST_F(ImageRootTest, ProgramsAreFoundAsInside) {
  ASSERT_TRUE(make({layer({{"usr/bin/tool", "x", Kind::kFile, 0755}, {"bin", "/usr/bin", Kind::kLink},
                           {"opt/text", "x"}, {"opt/up", "/../../usr/bin/tool", Kind::kLink}})}));
  const auto found = [&](const std::string& name, std::string_view path, const std::string& folder = "/") {
    return find_program(root().string(), name, path, folder).value_or("none");
  };
  EXPECT_EQ(found("tool", "/opt:/bin"), "/bin/tool");
  EXPECT_EQ(found("up", "/bin:/opt"), "/opt/up");
  EXPECT_EQ(found("text", "/opt"), "none") << "it is no program";
  EXPECT_EQ(found("secret", "/" + (folder_ / "outside").string()), "none");
  EXPECT_EQ(found("./x/../y", "", "/app"), "/app/y");
  EXPECT_EQ(found("/a//b/", ""), "/a/b");
  EXPECT_EQ(found("", "/bin"), "none");
}

}  // namespace
}  // namespace gust::functions
