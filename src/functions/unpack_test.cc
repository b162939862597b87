#include "functions/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <vector>

namespace gust::functions {
namespace {

namespace fs = std::filesystem;

struct Item {
  std::string name;
  std::string text;
  ::mode_t mode = 0644;
  std::string link = {};
};

std::string make_zip(const std::vector<Item>& items) {
  std::string out(4 << 20, '\0');
  std::size_t used = 0;
  archive* a = archive_write_new();
  archive_write_set_format_zip(a);
  archive_write_open_memory(a, out.data(), out.size(), &used);
  for (const auto& item : items) {
    archive_entry* e = archive_entry_new();
    archive_entry_set_pathname(e, item.name.c_str());
    archive_entry_set_filetype(e, item.link.empty() ? AE_IFREG : AE_IFLNK);
    if (!item.link.empty()) archive_entry_set_symlink(e, item.link.c_str());
    archive_entry_set_perm(e, item.mode);
    archive_entry_set_size(e, static_cast<la_int64_t>(item.text.size()));
    archive_write_header(a, e);
    archive_write_data(a, item.text.data(), item.text.size());
    archive_entry_free(e);
  }
  archive_write_close(a);
  archive_write_free(a);
  out.resize(used);
  return out;
}

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
  struct stat st {};
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
