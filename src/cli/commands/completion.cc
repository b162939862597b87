// gust completion and gust man: what shells and man read of the commands.
#include "cli/cli.h"
#include "cli/command_tree.h"
#include "cli/commands/command_table.h"

#include <CLI/CLI.hpp>

#include <memory>

namespace gust::cli {

void add_completion_commands(CommandTable& table) {
  const auto shell = std::make_shared<std::string>();
  auto* sub = table.add("completion", "Print the completion of commands and options for a shell",
                        "source <(gust completion bash)\n  gust completion zsh >~/.zfunc/_gust\n"
                        "  gust completion fish >~/.config/fish/completions/gust.fish");
  sub->add_option("shell", *shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  sub->callback([&table, shell] {
    const auto tree = tree_of(table.app);
    table.session.terminal.raw(*shell == "bash"  ? bash_completion(tree)
                               : *shell == "zsh" ? zsh_completion(tree)
                                                 : fish_completion(tree));
    table.code = kOk;
  });
  auto* man = table.add("man", "Print the manual page",
                        "gust man | man -l -\n  gust man >/usr/local/share/man/man1/gust.1");
  man->callback([&table] {
    table.session.terminal.raw(man_page(tree_of(table.app), GUST_VERSION));
    table.code = kOk;
  });
}

}  // namespace gust::cli
