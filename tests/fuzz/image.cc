// Any bytes as the archive of a container image, and as a layer of one: taken or refused, and nothing is ever made
// beside the folders that they are unpacked to.
#include "codec/digest.h"
#include "functions/image_archive.h"
#include "functions/image_root.h"
#include "fuzz/fuzz.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <stdlib.h>

namespace fs = std::filesystem;
using namespace gust::functions;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fs::path root = [] {
    std::string name = fs::temp_directory_path() / "gust-fuzz-image-XXXXXX";
    GUST_ASSERT(::mkdtemp(name.data()) != nullptr);
    return fs::path(name);
  }();
  const auto folder = root / "a" / "b";
  fs::create_directories(folder);
  std::ofstream(folder / "archive", std::ios::binary) << as_text(data, size);
  const ImageLimits limits{.total_bytes = 1 << 20, .entries = 100, .parts = 50};
  const auto image = read_image_archive(folder / "archive", folder / "parts", "any", "latest", limits);
  std::vector<ImageLayer> layers;
  if (image) layers = image->layers;
  // Mostly its digest is not that of a layer: the bytes themselves as one, too.
  const ImageLayer whole{ImageLayer::Packing::kAny, folder / "archive", gust::codec::sha256_hex(as_text(data, size))};
  for (const auto& each : {layers, std::vector<ImageLayer>{whole, whole}}) {
    const auto done = make_image_root(each, folder / "root", limits);
    GUST_ASSERT(done.has_value() == fs::exists(folder / "root"));
    if (done) GUST_ASSERT(fs::is_directory(fs::symlink_status(folder / "root/proc")));
    fs::remove_all(folder / "root");
  }
  fs::remove_all(folder / "parts");
  GUST_ASSERT(std::distance(fs::directory_iterator(folder), {}) == 1);
  GUST_ASSERT(std::distance(fs::directory_iterator(root / "a"), {}) == 1);
  GUST_ASSERT(std::distance(fs::directory_iterator(root), {}) == 1);
  return 0;
}
