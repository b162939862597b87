// Completions of gust's commands and options for bash, zsh and fish.
#include "cli/command_tree.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <functional>

namespace gust::cli {
namespace {

void walk(const CommandNode& node, const std::function<void(const CommandNode&)>& visit) {
  visit(node);
  for (const auto& child : node.children) walk(child, visit);
}

// What the first argument of a command may be, where it is one of a few words.
std::vector<std::string> first_choices(const CommandNode& node) {
  const auto first = std::ranges::find_if(node.options, &CommandOption::is_positional);
  return first == node.options.end() || !node.children.empty() ? std::vector<std::string>() : first->choices;
}

std::vector<std::string> names_of(const CommandNode& node) {
  auto out = first_choices(node);
  for (const auto& child : node.children) {
    out.push_back(child.name);
    out.insert(out.end(), child.aliases.begin(), child.aliases.end());
  }
  return out;
}

// Options of a node and, for they go everywhere, the program's own.
std::vector<CommandOption> options_of(const CommandNode& tree, const CommandNode& node) {
  std::vector<CommandOption> out;
  for (const auto* from : {&node, &tree}) {
    for (const auto& option : from->options) {
      const bool again = std::ranges::any_of(out, [&](const auto& o) { return o.names == option.names; });
      if (!option.is_positional() && !again) out.push_back(option);
    }
    if (&node == &tree) break;
  }
  return out;
}

std::vector<std::string> flags_of(const CommandNode& tree, const CommandNode& node) {
  std::vector<std::string> out;
  for (const auto& option : options_of(tree, node)) out.insert(out.end(), option.names.begin(), option.names.end());
  return out;
}

// Options that must be followed by a value, which is no command.
std::vector<std::string> with_value(const CommandNode& tree) {
  std::vector<std::string> out;
  walk(tree, [&](const CommandNode& node) {
    for (const auto& option : node.options) {
      if (option.is_positional() || option.value.empty() || option.value_is_optional) continue;
      for (const auto& name : option.names) {
        if (std::ranges::find(out, name) == out.end()) out.push_back(name);
      }
    }
  });
  return out;
}

// The lines of a shell's case statement that say what each path has.
std::string cases(const CommandNode& tree, std::string_view indent,
                  const std::function<std::string(const CommandNode&)>& body) {
  std::string out;
  walk(tree, [&](const CommandNode& node) { out += fmt::format("{}'{}') {} ;;\n", indent, node.path, body(node)); });
  return out;
}

// Within single quotes of a shell.
std::string quoted(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out;
}

// Of options whose value is one of a few words: "PATH --by") words.
std::string choice_cases(const CommandNode& tree, std::string_view indent, std::string_view format) {
  std::string out;
  walk(tree, [&](const CommandNode& node) {
    for (const auto& option : node.options) {
      if (option.choices.empty() || option.is_positional()) continue;
      for (const auto& name : option.names) {
        out += fmt::format("{}'{} {}') ", indent, node.path, name);
        out += fmt::format(fmt::runtime(format), fmt::join(option.choices, " "));
        out += " ;;\n";
      }
    }
  });
  return out;
}

// Finds in the words before the cursor which command they name, and which option waits for its value. Of bash and zsh.
std::string find_path(const CommandNode& tree) {
  return fmt::format(R"(  local node='' word option='' value='' given=''
  for word in "${{before[@]}}"; do
    if [[ -n $value ]]; then value=''; option=''; continue; fi
    case "$word" in
      {}) option=$word; value=1 ;;
      -*) ;;
      *)
        case "$node $word" in
{}          *) given=1 ;;
        esac ;;
    esac
  done
)",
                     fmt::join(with_value(tree), "|"), [&] {
                       std::string out;
                       walk(tree, [&](const CommandNode& node) {
                         for (const auto& child : node.children) {
                           auto names = child.aliases;
                           names.insert(names.begin(), child.name);
                           for (const auto& name : names)
                             out += fmt::format("          '{} {}') node='{}' ;;\n", node.path, name, child.path);
                         }
                       });
                       return out;
                     }());
}

}  // namespace

std::string bash_completion(const CommandNode& tree) {
  return fmt::format(R"(# Completion of gust for bash; load it with: source <(gust completion bash)
_gust() {{
  local cur=${{COMP_WORDS[COMP_CWORD]}} words=''
  local -a before=("${{COMP_WORDS[@]:1:COMP_CWORD-1}}")
{}  COMPREPLY=()
  if [[ -n $value ]]; then
    case "$node $option" in
{}    esac
    [[ -n $words ]] && COMPREPLY=($(compgen -W "$words" -- "$cur"))
    return
  fi
  if [[ $cur == -* ]]; then
    case "$node" in
{}    esac
  elif [[ -z $given ]]; then
    case "$node" in
{}    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}}
complete -o default -F _gust gust
)",
                     find_path(tree), choice_cases(tree, "      ", "words='{}'"),
                     cases(tree, "      ",
                           [&](const auto& node) {
                             return fmt::format("words='{}'", fmt::join(flags_of(tree, node), " "));
                           }),
                     cases(tree, "      ", [&](const auto& node) {
                       return fmt::format("words='{}'", fmt::join(names_of(node), " "));
                     }));
}

std::string zsh_completion(const CommandNode& tree) {
  const auto described = [](std::string_view name, std::string_view what) {
    std::string colons;
    for (const char c : name) colons += c == ':' ? std::string("\\:") : std::string(1, c);
    return fmt::format("'{}:{}'", quoted(colons), quoted(what));
  };
  const auto flags = [&](const CommandNode& node) {
    std::vector<std::string> all;
    for (const auto& option : options_of(tree, node)) {
      for (const auto& name : option.names) all.push_back(described(name, option.what));
    }
    return fmt::format("entries=({})", fmt::join(all, " "));
  };
  const auto commands = [&](const CommandNode& node) {
    std::vector<std::string> all;
    for (const auto& child : node.children) all.push_back(described(child.name, child.what));
    for (const auto& choice : first_choices(node)) all.push_back(fmt::format("'{}'", quoted(choice)));
    return fmt::format("entries=({})", fmt::join(all, " "));
  };
  return fmt::format(R"(#compdef gust
# Completion of gust for zsh; put it into a folder of $fpath as _gust, or load it with: source <(gust completion zsh)
_gust() {{
  local -a entries before
  before=("${{(@)words[2,CURRENT-1]}}")
{}  if [[ -n $value ]]; then
    case "$node $option" in
{}      *) _files; return ;;
    esac
    _describe -t values value entries
    return
  fi
  if [[ ${{words[CURRENT]}} == -* ]]; then
    case "$node" in
{}    esac
    _describe -o -t options option entries
  else
    [[ -n $given ]] || case "$node" in
{}    esac
    if (( ${{#entries}} )); then _describe -t commands command entries; else _files; fi
  fi
}}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _gust "$@"; else compdef _gust gust; fi
)",
                     find_path(tree), choice_cases(tree, "      ", "entries=({})"),
                     cases(tree, "      ", flags), cases(tree, "      ", commands));
}

std::string fish_completion(const CommandNode& tree) {
  std::string out = fmt::format(R"(# Completion of gust for fish; load it with: gust completion fish | source
function __gust_at
  set -l node ''
  set -l skip 0
  for word in (commandline -opc)[2..-1]
    if test $skip = 1
      set skip 0
      continue
    end
    switch $word
      case {}
        set skip 1
      case '-*'
      case '*'
        switch "$node $word"
)",
                                fmt::join(with_value(tree), " "));
  walk(tree, [&](const CommandNode& node) {
    for (const auto& child : node.children) {
      auto names = child.aliases;
      names.insert(names.begin(), child.name);
      for (const auto& name : names)
        out += fmt::format("          case '{} {}'\n            set node '{}'\n", node.path, name, child.path);
    }
  });
  out += R"(        end
    end
  end
  test "$node" = "$argv[1]"
end
)";
  walk(tree, [&](const CommandNode& node) {
    const auto condition = fmt::format("complete -c gust -n \"__gust_at '{}'\"", node.path);
    for (const auto& child : node.children)
      out += fmt::format("{} -f -a '{}' -d '{}'\n", condition, child.name, quoted(child.what));
    if (const auto choices = first_choices(node); !choices.empty())
      out += fmt::format("{} -f -a '{}'\n", condition, fmt::join(choices, " "));
    for (const auto& option : options_of(tree, node)) {
      std::string names;
      for (const auto& name : option.names)
        names += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      const auto value = option.choices.empty() ? std::string(option.value.empty() ? "" : " -r")
                                                : fmt::format(" -x -a '{}'", fmt::join(option.choices, " "));
      out += fmt::format("{}{}{} -d '{}'\n", condition, names, value, quoted(option.what));
    }
  });
  return out;
}

}  // namespace gust::cli
