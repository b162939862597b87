#include "cli/given_text.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace gust::cli {
namespace {

TEST(GivenText, ItselfOrAFile) {
  const auto path = ::testing::TempDir() + "gust-given-text";
  const std::string content(200'001, 'x');
  std::ofstream(path) << content;
  EXPECT_EQ(given_text("{}").value(), "{}");
  EXPECT_EQ(given_text("@" + path).value(), content);
  std::filesystem::remove(path);
  EXPECT_EQ(given_text("@" + path).error().message, path + " cannot be read: No such file or directory");
}

TEST(GivenText, AFolderIsNoFile) {
  EXPECT_EQ(given_text("@/").error().message, "/ cannot be read: Is a directory");
  EXPECT_EQ(read_file("").error().message, " cannot be read: No such file or directory");
}

}  // namespace
}  // namespace gust::cli
