// The groups' files, on folders that stand for the kernel's: what is written where, on v2 and v1.
#include "sandbox/launcher/cgroups.h"

#include <gtest/gtest.h>

#include <fstream>
#include <unistd.h>

namespace gust::sandbox::launcher {
namespace {

namespace fs = std::filesystem;

class CgroupFiles : public ::testing::Test {
 protected:
  CgroupFiles() {
    char name[] = "/tmp/gust-cgroup-test-XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  ~CgroupFiles() override { fs::remove_all(folder_); }

  void put(const fs::path& file, std::string_view text = {}) {
    fs::create_directories((folder_ / file).parent_path());
    std::ofstream(folder_ / file) << text;
  }
  std::string get(const fs::path& file) const { return read_control(folder_ / file); }

  fs::path folder_;
};

TEST_F(CgroupFiles, AQuotaIsAShareOfThePeriodAndNeverUnderAMillisecond) {
  EXPECT_EQ(cpu_quota_us(1000), kCpuPeriodUs);
  EXPECT_EQ(cpu_quota_us(2500), kCpuPeriodUs * 5 / 2);
  EXPECT_EQ(cpu_quota_us(1), 1000u);
  EXPECT_EQ(v1_cpu_shares(1000), 1024u);
  EXPECT_EQ(v1_cpu_shares(72), 73u);
  EXPECT_EQ(v1_cpu_shares(1), 2u);
  EXPECT_EQ(v2_cpu_weight(1000), 100u);
  EXPECT_EQ(v2_cpu_weight(72), 7u);
  EXPECT_EQ(v2_cpu_weight(5), 1u);
}

TEST_F(CgroupFiles, WithoutAnyHierarchyNothingIsLimitedAndItIsSaid) {
  Capabilities found;
  const auto cgroups = open_cgroups({}, found);
  EXPECT_EQ(found.cgroup, "none");
  ASSERT_EQ(found.notes.size(), 1u);
  EXPECT_NE(found.notes[0].find("memory, pids, cpu"), std::string::npos);
  EXPECT_TRUE(cgroups->create("a", {}));
  EXPECT_TRUE(cgroups->remove("a"));
}

TEST_F(CgroupFiles, V2WithoutControllersIsNotUsed) {
  put("cgroup.controllers", "hugetlb\n");
  put("cgroup.subtree_control");
  Capabilities found;
  EXPECT_EQ(open_cgroup_v2({.v2 = folder_, .v2_own = folder_}, found), nullptr);
}

TEST_F(CgroupFiles, KeyedNumbersAreFound) {
  put("memory.events", "low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 1\n");
  EXPECT_EQ(read_keyed(folder_ / "memory.events", "oom_kill"), 2u);
  EXPECT_EQ(read_keyed(folder_ / "memory.events", "nothing"), 0u);
  EXPECT_EQ(read_keyed(folder_ / "absent", "oom_kill"), 0u);
}

TEST_F(CgroupFiles, LimitsAreLiftedWhereThereAreAny) {
  put("one/memory.limit_in_bytes", "1");
  put("one/cpu.cfs_quota_us", "1");
  put("two/memory.max", "1");
  lift_limits_of(folder_ / "one");
  lift_limits_of(folder_ / "two");
  EXPECT_EQ(get("one/memory.limit_in_bytes"), "-1");
  EXPECT_EQ(get("one/cpu.cfs_quota_us"), "-1");
  EXPECT_FALSE(fs::exists(folder_ / "one/memory.max"));
  EXPECT_EQ(get("two/memory.max"), "max");
}

TEST_F(CgroupFiles, AllSandboxesTogetherWeighAQuarterOfAProcess) {
  put("gust/cpu.shares", "1");
  Capabilities found;
  ASSERT_NE(open_cgroup_v1({.v1_cpu = folder_}, found), nullptr);
  EXPECT_EQ(get("gust/cpu.shares"), "256");
}

TEST_F(CgroupFiles, AClaimedFolderIsLeftAloneAndADeadOneIsCollected) {
  const auto living = claim_instance(folder_, "living");
  ASSERT_TRUE(living) << living.error().message;
  fs::create_directories(folder_ / "gust/dead/some-sandbox");
  const auto mine = claim_instance(folder_, "mine");
  ASSERT_TRUE(mine) << mine.error().message;
  EXPECT_TRUE(fs::exists(folder_ / "gust/living"));
  EXPECT_FALSE(fs::exists(folder_ / "gust/dead"));
  mine->remove();
  EXPECT_FALSE(fs::exists(folder_ / "gust/mine"));
  EXPECT_TRUE(fs::exists(folder_ / "gust/living"));
  living->remove();
  EXPECT_FALSE(fs::exists(folder_ / "gust"));
}

}  // namespace
}  // namespace gust::sandbox::launcher
