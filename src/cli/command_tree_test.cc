#include "cli/command_tree.h"

#include <CLI/CLI.hpp>
#include <gtest/gtest.h>

namespace gust::cli {
namespace {

TEST(Nearest, IsOneThatMayBeMeant) {
  const std::vector<std::string> known{"bill", "bucket", "budget", "status", "completion"};
  EXPECT_EQ(nearest("bil", known), "bill");
  EXPECT_FALSE(nearest("foo", {"top", "up"}));
  EXPECT_EQ(nearest("stauts", known), "status");
  EXPECT_EQ(nearest("bugdet", known), "budget");
  EXPECT_EQ(nearest("comp", known), "completion");
  EXPECT_FALSE(nearest("frobnicate", known));
  EXPECT_FALSE(nearest("", known));
  EXPECT_FALSE(nearest("x", {}));
}

class TreeTest : public ::testing::Test {
 protected:
  TreeTest() {
    app_.add_option("--where", where_, "The place");
    auto* sub = app_.add_subcommand("copy", "Copies 'it'");
    sub->alias("cp");
    sub->footer("Examples:\n  tool copy a\n  .dot");
    sub->add_option("what", what_, "Which one")->required();
    sub->add_option("-w,--how", how_, "fast or slow")->check(CLI::IsMember({"fast", "slow"}));
    sub->add_flag("--dry", dry_, "Not at all");
    sub->add_option("--slow", slow_, "So slow")->expected(0, 1);
  }
  CLI::App app_{"A tool", "tool"};
  std::string where_, what_, how_, slow_;
  bool dry_ = false;
};

TEST_F(TreeTest, HasCommandsOptionsAndChoices) {
  const auto tree = tree_of(app_);
  ASSERT_EQ(tree.children.size(), 1U);
  const auto& copy = tree.children[0];
  EXPECT_EQ(copy.path, "copy");
  EXPECT_EQ(copy.aliases, std::vector<std::string>{"cp"});
  const auto find = [&](const std::string& name) {
    for (const auto& option : copy.options) {
      if (option.names.back() == name) return option;
    }
    return CommandOption{{"?"}, "", "", {}};
  };
  EXPECT_TRUE(find("what").is_positional());
  EXPECT_EQ(find("--how").choices, (std::vector<std::string>{"fast", "slow"}));
  EXPECT_FALSE(find("--how").value.empty());
  EXPECT_TRUE(find("--dry").value.empty());
  EXPECT_TRUE(find("--slow").value_is_optional && !find("--how").value_is_optional);
}

TEST_F(TreeTest, QuotesWhatShellsAndManWouldRead) {
  const auto tree = tree_of(app_);
  EXPECT_NE(fish_completion(tree).find("-d 'Copies '\\''it'\\'''"), std::string::npos);
  EXPECT_NE(zsh_completion(tree).find("'copy:Copies '\\''it'\\'''"), std::string::npos);
  EXPECT_NE(bash_completion(tree).find("'copy --how') words='fast slow'"), std::string::npos);
  const auto page = man_page(tree, "1.0");
  EXPECT_NE(page.find("  .dot"), std::string::npos);
  EXPECT_EQ(page.find("\n.dot"), std::string::npos);
  EXPECT_NE(page.find("\\fB\\-\\-dry\\fR\nNot at all."), std::string::npos);
}

}  // namespace
}  // namespace gust::cli
