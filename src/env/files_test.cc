// What every env::Files promises, and what the simulated one loses.
#include "env/files.h"
#include "env/simulated_files.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <array>
#include <filesystem>
#include <set>

namespace gust::env {
namespace {

Result<void> append(File& file, std::string_view text) {
  const std::array<std::span<const std::byte>, 1> bytes{std::as_bytes(std::span(text))};
  return file.append(bytes);
}

std::string read(Files& files, const std::string& path) {
  const auto file = files.open(path);
  if (!file) return "none";
  std::string text(*(*file)->size(), '\0');
  const std::array<std::span<std::byte>, 1> room{std::as_writable_bytes(std::span(text))};
  EXPECT_EQ(*(*file)->read(0, room), text.size());
  return text;
}

class FilesContract : public ::testing::TestWithParam<const char*> {
 protected:
  FilesContract() {
    if (std::string_view(GetParam()) == "simulated") {
      files_ = &simulated_;
      folder_ = "/test";
    } else {
      std::string name = std::filesystem::temp_directory_path() / "gust-files-XXXXXX";
      folder_ = ::mkdtemp(name.data());
      files_ = &system_files();
    }
  }
  ~FilesContract() override {
    if (files_ != &simulated_) std::filesystem::remove_all(folder_);
  }
  SimulatedFiles simulated_{1};
  Files* files_ = nullptr;
  std::string folder_;
};

TEST_P(FilesContract, WhatIsWrittenIsRead) {
  ASSERT_TRUE(files_->make_folder(folder_ + "/a/b"));
  ASSERT_TRUE(files_->make_folder(folder_ + "/a/b"));
  const auto path = folder_ + "/a/b/file";
  {
    auto file = files_->create(path);
    ASSERT_TRUE(file);
    const std::string_view one = "one", two = "two";
    const std::array<std::span<const std::byte>, 2> both{std::as_bytes(std::span(one)), std::as_bytes(std::span(two))};
    ASSERT_TRUE((*file)->append(both));
    ASSERT_TRUE(append(**file, "!"));
    ASSERT_TRUE((*file)->sync());
    EXPECT_EQ(*(*file)->size(), 7u);
  }
  EXPECT_EQ(files_->create(path).error().code, Code::kAlreadyExists);
  std::string a(2, '-'), b(9, '-');
  const std::array<std::span<std::byte>, 2> room{std::as_writable_bytes(std::span(a)),
                                                 std::as_writable_bytes(std::span(b))};
  EXPECT_EQ(*(*files_->open(path))->read(1, room), 6u);
  EXPECT_EQ(a + b, "netwo!-----");
  ASSERT_TRUE(files_->link(path, folder_ + "/a/other"));
  ASSERT_TRUE(files_->rename(path, folder_ + "/a/moved"));
  EXPECT_EQ(*files_->list(folder_ + "/a"), (std::vector<std::string>{"b", "moved", "other"}));
  EXPECT_EQ(read(*files_, folder_ + "/a/other"), "onetwo!");
  EXPECT_EQ(files_->info(folder_ + "/a/moved")->size, 7u);
  ASSERT_TRUE(files_->remove(folder_ + "/a/moved"));
  for (const auto code : {files_->remove(path).error().code, files_->open(path).error().code,
                          files_->info(path).error().code, files_->list(folder_ + "/x").error().code}) {
    EXPECT_EQ(code, Code::kNotFound);
  }
  EXPECT_TRUE(files_->sync_folder(folder_ + "/a"));
}

INSTANTIATE_TEST_SUITE_P(Env, FilesContract, ::testing::Values("system", "simulated"),
                         [](const auto& info) { return info.param; });

TEST(SimulatedFiles, KeepsWhatWasSyncedAndLosesSomeOfTheRest) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    SimulatedFiles files(seed);
    ASSERT_TRUE(files.make_folder("/f"));
    ASSERT_TRUE(files.sync_folder(""));
    const auto file = *files.create("/f/a");
    const auto rest = std::string(5000, 'b') + std::string(5000, 'c');
    ASSERT_TRUE(append(*file, "synced"));
    ASSERT_TRUE(file->sync());
    ASSERT_TRUE(files.sync_folder("/f"));
    ASSERT_TRUE(append(*file, rest));
    ASSERT_TRUE(files.create("/f/new"));
    files.power_off();
    EXPECT_FALSE(append(*file, "x"));
    EXPECT_FALSE(files.open("/f/a"));
    files.power_on();
    EXPECT_FALSE(append(*file, "x")) << "a file of the life before";
    const auto text = read(files, "/f/a");
    EXPECT_EQ(text.substr(0, 6), "synced");
    seen.insert(text.size() == 6 ? "nothing" : text == "synced" + rest ? "all" : "some");
    if (text.find('\0') != std::string::npos && text.find('c') != std::string::npos) seen.insert("a hole");
    seen.insert(read(files, "/f/new") == "none" ? "no name" : "a name");
  }
  EXPECT_EQ(seen, (std::set<std::string>{"nothing", "all", "some", "a hole", "no name", "a name"}));
}

TEST(SimulatedFiles, FailsAsPlanned) {
  SimulatedFiles files(1);
  ASSERT_TRUE(files.make_folder("/f"));
  ASSERT_TRUE(files.sync_folder(""));
  const auto file = *files.create("/f/a");
  ASSERT_TRUE(files.sync_folder("/f"));
  files.plan({.fail_at = 1, .failures = 1, .error_number = 28});
  ASSERT_TRUE(append(*file, "a"));
  EXPECT_EQ(file->sync().error().code, Code::kNoSpace);
  ASSERT_TRUE(file->sync());  // after a failed one it promises nothing of what was there before
  EXPECT_EQ(files.failed(), 1u);
  files.power_off();
  files.power_on();
  EXPECT_EQ(read(files, "/f/a"), std::string(1, '\0'));
}

}  // namespace
}  // namespace gust::env
