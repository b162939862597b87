#include "functions/interpreters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace gust::functions {
namespace {

using testing::Contains;
using testing::ElementsAre;

Start start(const std::string& runtime, std::uint32_t memory_mb = 512) {
  Function function;
  function.runtime = runtime;
  function.handler = "pkg.Class::method";
  function.memory_mb = memory_mb;
  InvokerSettings settings;
  settings.python_runtime = "/runtimes/python";
  settings.node_runtime = "/runtimes/node";
  return start_of(function, settings);
}

TEST(Interpreters, EachRuntimeHasItsProgramAndFolder) {
  EXPECT_THAT(start("python3.12").argv, ElementsAre("/usr/bin/python3", "/var/runtime/bootstrap.py"));
  EXPECT_EQ(start("python3.12").runtime_folder, "/runtimes/python");
  EXPECT_THAT(start("nodejs20.x").argv, ElementsAre("/usr/bin/node", "/var/runtime/bootstrap.mjs"));
  EXPECT_EQ(start("nodejs20.x").runtime_folder, "/runtimes/node");
  EXPECT_THAT(start("ruby3.3").argv, ElementsAre("/usr/bin/ruby", "/var/runtime/bootstrap.rb"));
  EXPECT_EQ(start("ruby3.3").runtime_folder, "/runtimes/ruby");
  EXPECT_EQ(start("java21").argv.back(), "pkg.Class::method");
  EXPECT_EQ(start("java21").runtime_folder, "/runtimes/java");
  EXPECT_THAT(start("provided.al2023").argv, ElementsAre("/var/task/bootstrap"));
  EXPECT_EQ(start("provided.al2023").runtime_folder, "");
}

TEST(Interpreters, TheHeapOfJavaFollowsTheMemory) {
  EXPECT_THAT(start("java17", 1000).argv, Contains("-Xmx600m"));
  EXPECT_THAT(start("java17", 32).argv, Contains("-Xmx48m"));
}

TEST(Interpreters, SaysWhichPackageAHostLacks) {
  EXPECT_EQ(missing_interpreter("provided.al2"), std::nullopt);
  EXPECT_EQ(missing_interpreter("java21").has_value(), !std::filesystem::exists("/usr/bin/java"));
  const auto ruby = missing_interpreter("ruby3.3");
  EXPECT_EQ(ruby.has_value(), !std::filesystem::exists("/usr/bin/ruby"));
  if (ruby) EXPECT_THAT(*ruby, testing::HasSubstr("apt-get install ruby"));
}

}  // namespace
}  // namespace gust::functions
