#include "config/layout.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>

namespace gust::config {
namespace {

namespace fs = std::filesystem;

class LayoutTest : public testing::Test {
 protected:
  LayoutTest() {
    std::string name = (fs::temp_directory_path() / "gust-layout-XXXXXX").string();
    prefix_ = ::mkdtemp(name.data());
  }
  ~LayoutTest() override { fs::remove_all(prefix_); }
  void add(const fs::path& program) const {
    fs::create_directories((prefix_ / program).parent_path());
    std::ofstream(prefix_ / program) << "x";
  }
  Layout found() const { return find_layout(prefix_ / "bin"); }

  fs::path prefix_;
};

TEST_F(LayoutTest, ABuildHasItsLauncherBesideIt) {
  add("bin/gust-launcher");
  add("lib/gust/gust-launcher");  // of a package: not this build's
  EXPECT_EQ(found().tools, prefix_ / "bin");
  EXPECT_EQ(found().runtimes, prefix_ / "runtimes");
}

TEST_F(LayoutTest, APackageHasAllInTheLibraryFolder) {
  add("lib/gust/gust-launcher");
  EXPECT_EQ(found().tools, prefix_ / "lib/gust");
  EXPECT_EQ(found().runtimes, prefix_ / "lib/gust/runtimes");
}

TEST_F(LayoutTest, NeitherIsToldAsABuildThatLacksIt) {
  EXPECT_EQ(found().tools, prefix_ / "bin");
  EXPECT_EQ(found().runtimes, prefix_ / "runtimes");
}

}  // namespace
}  // namespace gust::config
