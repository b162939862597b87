// CommandTree: the commands and options of the program as data, for completions, the man page and suggestions. Any
// thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace gust::cli {

struct CommandOption {
  std::vector<std::string> names;  // with their dashes; a positional has one without
  std::string what;
  std::string value;                 // a name for it; empty: a flag
  std::vector<std::string> choices;  // that it is one of
  bool value_is_optional = false;
  bool is_positional() const { return !names.front().starts_with('-'); }
};

struct CommandNode {
  std::string path;  // below the program: "bucket cp"; empty: the program itself
  std::string name, what, examples;
  std::vector<std::string> aliases;
  std::vector<CommandOption> options;
  std::vector<CommandNode> children;
};

CommandNode tree_of(const CLI::App& app, const std::string& path = {});

// The one of `known` that is nearest to `given`, if it is near enough to be meant.
std::optional<std::string> nearest(std::string_view given, const std::vector<std::string>& known);

// Scripts for shells and the man page, made of the tree.
std::string bash_completion(const CommandNode& tree);
std::string zsh_completion(const CommandNode& tree);
std::string fish_completion(const CommandNode& tree);
std::string man_page(const CommandNode& tree, std::string_view version);

}  // namespace gust::cli
