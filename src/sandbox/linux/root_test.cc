// Sandboxes with a root of their own: a folder of the host, of which nothing may lead a mount elsewhere.
#include "sandbox/linux/testing.h"

#include <fmt/ranges.h>
#include <gmock/gmock.h>

#include <set>

namespace gust::sandbox {
namespace {

namespace fs = std::filesystem;

using ::testing::HasSubstr;

class OwnRoot : public testing::Sandboxes {
 protected:
  OwnRoot() {
    for (const char* name : kRootFolders) fs::create_directories(root() / name);
    for (const char* name : kRootFiles) std::ofstream(root() / name) << "the image's";
    // Programs of the host, to have some: links into it would lead nowhere.
    for (const char* name : {"usr", "bin", "lib", "lib64"}) {
      if (fs::is_symlink(fs::path("/") / name)) fs::copy_symlink(fs::path("/") / name, root() / name);
    }
    for (const fs::path name : {"/usr/bin/dash", "/usr/bin/cat", "/usr/bin/ls"}) copy(name);
  }
  fs::path root() const { return folder_ / "root"; }
  void copy(const fs::path& program) {
    const auto to = root() / program.relative_path();
    fs::create_directories(to.parent_path());
    if (!fs::exists(to)) fs::copy_file(fs::canonical(program), to);
    FILE* const told = ::popen(fmt::format("ldd {}", program.string()).c_str(), "r");
    char line[4096];
    while (told != nullptr && ::fgets(line, sizeof(line), told) != nullptr) {
      const std::string text = line;
      const auto from = text.find('/'), end = text.find(" (", from);
      if (from != std::string::npos && end != std::string::npos) copy_library(text.substr(from, end - from));
    }
    if (told != nullptr) ::pclose(told);
  }
  void copy_library(const fs::path& library) {
    auto to = root() / library.relative_path();
    if (library.string().starts_with("/lib") && fs::is_symlink("/lib")) to = root() / "usr" / library.relative_path();
    fs::create_directories(to.parent_path());
    if (!fs::exists(to)) fs::copy_file(fs::canonical(library), to);
  }
  Spec inside(const std::string& program) {
    auto made = spec({"/usr/bin/dash", "-c", program});
    made.read_only.clear();
    made.root = root();
    made.working_dir = "/";
    return made;
  }
};

TEST_F(OwnRoot, IsAllThatThereIs) {
  std::ofstream(root() / "own") << "mine";
  EXPECT_EQ(output_of(inside("cat /own /etc/hosts")),
            "mine127.0.0.1 localhost sandbox sandbox.localdomain\n::1 localhost\n");
  EXPECT_THAT(output_of(inside("echo x > /own")), HasSubstr("Read-only file system"));
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(root())) names.insert(entry.path().filename());
  EXPECT_EQ(output_of(inside("ls /")), fmt::format("{}\n", fmt::join(names, "\n")));
  EXPECT_EQ(output_of(inside("echo x > /tmp/x; cat /tmp/x; cat /dev/null; ls -d /proc/[0-9]*")), "x\n/proc/2\n");
}

TEST_F(OwnRoot, AMountPointThatIsALinkIsRefused) {
  const auto outside = folder_ / "outside";
  fs::create_directories(outside);
  std::ofstream(outside / "file") << "x";
  for (const char* name : kRootFolders) {
    fs::rename(root() / name, folder_ / "aside");
    fs::create_symlink(outside, root() / name);
    const auto started = start(inside("ls"));
    ASSERT_FALSE(started) << name;
    EXPECT_THAT(started.error().message, HasSubstr(name)) << started.error().message;
    fs::remove(root() / name);
    fs::rename(folder_ / "aside", root() / name);
  }
  for (const char* name : kRootFiles) {
    fs::rename(root() / name, folder_ / "aside");
    fs::create_symlink(outside / "file", root() / name);
    const auto started = start(inside("ls"));
    ASSERT_FALSE(started) << name;
    EXPECT_THAT(started.error().message, HasSubstr(name)) << started.error().message;
    fs::remove(root() / name);
    fs::rename(folder_ / "aside", root() / name);
  }
  fs::remove_all(root() / "tmp");
  EXPECT_THAT(start(inside("ls")).error().message, HasSubstr("tmp"));
}

TEST_F(OwnRoot, NothingElseIsMounted) {
  auto more = inside("ls");
  more.read_only = {{folder_ / "task", "/var/task"}};
  EXPECT_THAT(start(more).error().message, HasSubstr("mounts nothing else"));
  auto generic = inside("ls");
  generic.kind = Kind::kGeneric;
  EXPECT_THAT(start(generic).error().message, HasSubstr("is final"));
  auto relative = inside("ls");
  relative.root = "root";
  EXPECT_THAT(start(relative).error().message, HasSubstr("absolute path of the host"));
}

}  // namespace
}  // namespace gust::sandbox
