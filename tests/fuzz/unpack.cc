// Any bytes as a function's zip: unpacked into its folder or refused, and nothing is ever made beside it.
#include "functions/unpack.h"
#include "fuzz/fuzz.h"

#include <filesystem>
#include <span>
#include <string>

#include <stdlib.h>

namespace fs = std::filesystem;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fs::path root = [] {
    std::string name = fs::temp_directory_path() / "gust-fuzz-unpack-XXXXXX";
    GUST_ASSERT(::mkdtemp(name.data()) != nullptr);
    return fs::path(name);
  }();
  const auto folder = root / "a" / "b" / "code";
  fs::create_directories(folder.parent_path());
  const auto done = gust::functions::unpack(std::as_bytes(std::span(data, size)), folder.string(),
                                            {.total_bytes = 1 << 20, .entries = 100});
  GUST_ASSERT(done.has_value() == fs::exists(folder));
  fs::remove_all(folder);
  GUST_ASSERT(fs::is_empty(root / "a" / "b"));
  GUST_ASSERT(std::distance(fs::directory_iterator(root / "a"), {}) == 1);
  GUST_ASSERT(std::distance(fs::directory_iterator(root), {}) == 1);
  return 0;
}
