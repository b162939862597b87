#include "functions/unpack.h"

#include "functions/testing.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <vector>

namespace gust::functions {
namespace {

namespace fs = std::filesystem;

using testing::make_zip;

class UnpackTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "gust-unpack-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    root_ = name;
  }
  void TearDown() override { fs::remove_all(root_); }

  Result<void> run(const std::string& zip, const UnpackLimits& limits = {}) {
    return unpack(std::as_bytes(std::span(zip)), (root_ / "code").string(), limits);
  }
  void expect_refused(const Result<void>& result, Code code) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, code) << result.error().message;
    EXPECT_EQ(result.error().source, "zip");
    EXPECT_TRUE(fs::is_empty(root_)) << "something was left behind";
  }

  fs::path root_;
};

TEST_F(UnpackTest, WritesFilesAndKeepsExecutables) {
  ASSERT_TRUE(run(make_zip({{"a/b.py", "text", 0600, ""}, {"bootstrap", "#!", 0700, ""}})));
  std::ifstream in(root_ / "code/a/b.py");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), "text");
  struct stat st{};
  ASSERT_EQ(::stat((root_ / "code/a/b.py").c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0777, 0644U);
  ASSERT_EQ(::stat((root_ / "code/bootstrap").c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0777, 0755U);
}

TEST_F(UnpackTest, RefusesWhatLeavesTheFolder) {
  expect_refused(run(make_zip({{"ok", "x"}, {"../evil", "x"}})), Code::kInvalid);
  expect_refused(run(make_zip({{"a/../../evil", "x"}})), Code::kInvalid);
  expect_refused(run(make_zip({{"/evil", "x"}})), Code::kInvalid);
}

TEST_F(UnpackTest, KeepsLinksThatStayInside) {
  const auto old = ::umask(077);
  const auto done = run(make_zip({{"bin/tool", "", 0777, "../lib/tool.js"}, {"lib/tool.js", "text"}}));
  ::umask(old);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(fs::read_symlink(root_ / "code/bin/tool"), "../lib/tool.js");
  EXPECT_EQ(fs::file_size(root_ / "code/bin/tool"), 4U);
  struct stat st{};
  ASSERT_EQ(::stat((root_ / "code/lib").c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0777, 0755U);
}

TEST_F(UnpackTest, RefusesLinksThatLeaveTheFolder) {
  expect_refused(run(make_zip({{"a/l", "", 0777, "../../x"}})), Code::kInvalid);
  // p/q/d is the root, so that ".." after it would be outside, although the text of the path is not.
  expect_refused(run(make_zip({{"p/q/d", "", 0777, "../.."}, {"l", "", 0777, "p/q/d/.."}})), Code::kInvalid);
  expect_refused(run(make_zip({{"l", "", 0777, "d"}, {"l/x", "text"}})), Code::kInvalid);
}

TEST_F(UnpackTest, RefusesLinksAndDoubles) {
  expect_refused(run(make_zip({{"l", "", 0777, "/etc/passwd"}})), Code::kInvalid);
  expect_refused(run(make_zip({{"a", "1"}, {"./a", "2"}})), Code::kInvalid);
  expect_refused(run(make_zip({{"a", "1"}, {"a/b", "2"}})), Code::kInvalid);
}

TEST_F(UnpackTest, RefusesBombs) {
  expect_refused(run(make_zip({{"a", std::string(100'000, 'x')}}), {.total_bytes = 99'999}), Code::kTooLarge);
  expect_refused(run(make_zip({{"a", "1"}, {"b", "2"}}), {.entries = 1}), Code::kTooLarge);
}

TEST_F(UnpackTest, RefusesWhatIsNoZip) {
  expect_refused(run(""), Code::kInvalid);
  expect_refused(run("this is no zip"), Code::kInvalid);
  const auto whole = make_zip({{"a", std::string(5000, 'x')}});
  expect_refused(run(whole.substr(0, whole.size() / 2)), Code::kInvalid);
}

}  // namespace
}  // namespace gust::functions
