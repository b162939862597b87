#include "functions/image_archive.h"

#include "functions/image_testing.h"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace gust::functions {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

using testing::Packed;
using testing::sha256_of;
using testing::tar_of;
using testing::TestImage;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Files = std::map<std::string, std::string>;

class ImageArchiveTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "gust-image-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  Result<ImageArchive> read(const std::string& archive, const ImageLimits& limits = {}) {
    fs::remove_all(folder_ / "parts");
    std::ofstream(folder_ / "image.tar", std::ios::binary) << archive;
    return read_image_archive(folder_ / "image.tar", folder_ / "parts", "team/hello", "v1", limits);
  }
  Result<ImageArchive> read(const Files& files) { return read(tar_of(files)); }
  void expect_refused(const Result<ImageArchive>& result, std::string_view why, Code code = Code::kInvalid) {
    ASSERT_FALSE(result) << why;
    EXPECT_EQ(result.error().code, code) << result.error().message;
    EXPECT_EQ(result.error().source, "image");
    EXPECT_THAT(result.error().message, HasSubstr(std::string(why)));
  }

  static TestImage hello(const std::string& text = "hello") {
    return {.settings = {{"Entrypoint", {"/hello"}},
                         {"Cmd", {"a", "b"}},
                         {"Env", {"PATH=/bin", "EMPTY=", "EQUALS=a=b"}},
                         {"WorkingDir", "/app"}},
            .layers = {{.items = {{"hello", text}}}, {.items = {{"more", text}}, .packed = Packed::kGzip}}};
  }
  // The manifest of `files` changed; what names it is changed with it.
  static Files with_manifest(Files files, const std::function<void(json::object&)>& change) {
    auto index = codec::parse_json(files.at("index.json")).value().as_object();
    auto& descriptor = index.at("manifests").as_array().at(0).as_object();
    const auto name = "blobs/sha256/" + std::string(descriptor.at("digest").as_string()).substr(7);
    auto manifest = codec::parse_json(files.at(name)).value().as_object();
    change(manifest);
    descriptor = TestImage::put(files, "application/vnd.oci.image.manifest.v1+json", codec::to_json(manifest));
    files["index.json"] = codec::to_json(index);
    return files;
  }

  fs::path folder_;
};

TEST_F(ImageArchiveTest, ReadsAnOciLayout) {
  const auto files = hello().oci();
  const auto image = read(files);
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_EQ(image->architecture, own_architecture());
  EXPECT_TRUE(files.contains("blobs/sha256/" + image->digest.substr(7)));
  EXPECT_THAT(image->settings.entry_point, ElementsAre("/hello"));
  EXPECT_THAT(image->settings.command, ElementsAre("a", "b"));
  EXPECT_EQ(image->settings.environment,
            (std::map<std::string, std::string>{{"PATH", "/bin"}, {"EMPTY", ""}, {"EQUALS", "a=b"}}));
  EXPECT_EQ(image->settings.working_dir, "/app");
  ASSERT_EQ(image->layers.size(), 2u);
  EXPECT_EQ(image->layers[0].packing, ImageLayer::Packing::kPlain);
  EXPECT_EQ(image->layers[1].packing, ImageLayer::Packing::kGzip);
  std::ifstream layer(image->layers[0].file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(layer), {}};
  EXPECT_EQ(codec::sha256_hex(bytes), image->layers[0].diff_id);
}

TEST_F(ImageArchiveTest, ReadsADockerSave) {
  const auto files = hello().docker("hello:v1");
  const auto image = read(files);
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_TRUE(files.contains(image->digest.substr(7) + ".json"));
  EXPECT_EQ(image->layers.size(), 2u);
  EXPECT_THAT(image->settings.entry_point, ElementsAre("/hello"));
}

TEST_F(ImageArchiveTest, ADockerSaveMayHaveALayerTwiceAsALink) {
  auto image = hello();
  image.layers[1] = image.layers[0];
  auto files = image.docker("hello:v1");
  files.erase("1/layer.tar");
  std::vector<testing::TarItem> items{{"1/layer.tar", "../0/layer.tar", testing::TarItem::Kind::kLink}};
  for (const auto& [name, text] : files) items.push_back({name, text});
  const auto found = read(testing::make_tar(items));
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->layers[0].file, found->layers[1].file);
}

TEST_F(ImageArchiveTest, APackedArchiveIsReadToo) {
  std::vector<testing::TarItem> items;
  for (const auto& [name, text] : hello().oci()) items.push_back({name, text});
  EXPECT_TRUE(read(testing::make_tar(items, Packed::kGzip)));
}

TEST_F(ImageArchiveTest, OfSeveralTheOneThatIsForThisMachine) {
  Files files;
  auto other = hello("other");
  other.architecture = own_architecture() == "amd64" ? "arm64" : "amd64";
  auto theirs = other.add_to(files);
  theirs["platform"] = {{"os", "linux"}, {"architecture", other.architecture}};
  auto ours = hello().add_to(files);
  ours["platform"] = {{"os", "linux"}, {"architecture", own_architecture()}};
  const auto inner = TestImage::put(files, "application/vnd.oci.image.index.v1+json",
                                    codec::to_json(json::object{{"manifests", {theirs, ours}}}));
  files["index.json"] = codec::to_json(json::object{{"manifests", {inner}}});
  const auto image = read(files);
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_EQ(image->digest, std::string(ours.at("digest").as_string()));
  files["index.json"] = codec::to_json(json::object{{"manifests", {theirs}}});
  expect_refused(read(files), "it is for linux/" + other.architecture);
  // Where no platform is said, the configuration tells.
  theirs.erase("platform");
  files["index.json"] = codec::to_json(json::object{{"manifests", {theirs}}});
  expect_refused(read(files), "the image is for linux/" + other.architecture);
}

TEST_F(ImageArchiveTest, OfSeveralTheOneOfThatName) {
  Files files;
  auto one = hello("one").add_to(files), two = hello("two").add_to(files);
  one["annotations"] = {{"org.opencontainers.image.ref.name", "v1"}};
  two["annotations"] = {{"org.opencontainers.image.ref.name", "v2"}};
  files["index.json"] = codec::to_json(json::object{{"manifests", {two, one}}});
  const auto image = read(files);
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_EQ(image->digest, std::string(one.at("digest").as_string()));
  one.erase("annotations");
  files["index.json"] = codec::to_json(json::object{{"manifests", {two, one}}});
  expect_refused(read(files), "several images");
}

TEST_F(ImageArchiveTest, ABlobIsWhatItsDigestSays) {
  auto files = hello().oci();
  for (const auto& [name, text] : hello().oci()) {
    if (!name.starts_with("blobs/")) continue;
    auto changed = files;
    changed[name].back() ^= 1;
    expect_refused(read(changed), "does not match its digest");
    changed.erase(name);
    expect_refused(read(changed), "lacks the blob");
  }
  const auto sized = with_manifest(files, [](json::object& m) { m["config"].as_object()["size"] = 1; });
  expect_refused(read(sized), "is not what its descriptor says");
  const auto strange = with_manifest(files, [](json::object& m) { m["config"].as_object()["digest"] = "md5:1"; });
  expect_refused(read(strange), "is not sha256");
  auto docker = hello().docker("hello:v1");
  for (auto& [name, text] : docker) {
    if (name.ends_with(".json") && name != "manifest.json") text += " ";
  }
  expect_refused(read(docker), "does not match its digest");
}

TEST_F(ImageArchiveTest, MediaTypesAreThoseOfImages) {
  const auto files = hello().oci();
  const auto layer = [](const char* type) {
    return [type](json::object& m) { m["layers"].as_array()[0].as_object()["mediaType"] = type; };
  };
  expect_refused(read(with_manifest(files, layer("application/vnd.oci.image.layer.nondistributable.v1.tar"))),
                 "not supported");
  expect_refused(read(with_manifest(files, layer("application/octet-stream"))), "layer has the media type");
  expect_refused(read(with_manifest(files,
                                    [](json::object& m) {
                                      m["config"].as_object()["mediaType"] = "application/vnd.unknown+json";
                                    })),
                 "configuration has the media type");
  expect_refused(read(with_manifest(files, [](json::object& m) { m["mediaType"] = "text/plain"; })),
                 "manifest has the media type");
  EXPECT_TRUE(read(with_manifest(files, layer("application/vnd.docker.image.rootfs.diff.tar"))));
}

TEST_F(ImageArchiveTest, RefusesWhatIsNoImage) {
  expect_refused(read(std::string()), "cannot be read");
  expect_refused(read("no tar at all, but long enough for one" + std::string(1024, 'x')), "cannot be read");
  expect_refused(read(Files{{"readme", "x"}}), "neither an index.json");
  expect_refused(read(Files{{"index.json", "{"}}), "index.json");
  expect_refused(read(Files{{"index.json", "[]"}}), "not that of an image");
  expect_refused(read(Files{{"index.json", R"({"manifests":[]})"}}), "holds no image");
  expect_refused(read(Files{{"index.json", R"({"manifests":[{"mediaType":7}]})"}}), "not that of an image");
  expect_refused(read(Files{{"manifest.json", "[]"}}), "holds no image");
  expect_refused(read(Files{{"../x", "x"}}), "leaves its folder");
  const auto whole = tar_of(hello().oci());
  expect_refused(read(whole.substr(0, whole.size() / 2)), "");
  auto fewer = hello();
  auto files = with_manifest(fewer.oci(), [](json::object& m) { m["layers"].as_array().pop_back(); });
  expect_refused(read(files), "has 1 layers, and its configuration names 2");
}

TEST_F(ImageArchiveTest, LimitsHold) {
  auto image = hello(std::string(100'000, 'x'));
  expect_refused(read(tar_of(image.oci()), {.total_bytes = 50'000}), "larger than 50000", Code::kTooLarge);
  expect_refused(read(tar_of(image.oci()), {.parts = 2}), "more than 2 files", Code::kTooLarge);
  image.settings["Env"] = json::array{json::value("X=" + std::string(70'000, 'x'))};
  expect_refused(read(image.oci()), "more than 65536 bytes");
  image.settings["Env"] = json::array{"no value"};
  expect_refused(read(image.oci()), "not NAME=VALUE");
  image.settings["Env"] = json::array{json::value(std::string("A=\0", 3))};
  expect_refused(read(image.oci()), "zero byte");
}

}  // namespace
}  // namespace gust::functions
