#include "cli/command_tree.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <numeric>

namespace gust::cli {
namespace {

// The words of a type's name, "TEXT:{month,day}": what the option is one of.
std::vector<std::string> choices_in(const CLI::Option& option) {
  const auto type = option.get_type_name();
  const auto open = type.find('{'), close = type.rfind('}');
  std::vector<std::string> out;
  if (open == std::string::npos || close == std::string::npos) return out;
  std::string word;
  for (const char c : type.substr(open + 1, close - open - 1) + ",") {
    if (c != ',') {
      word += c;
    } else if (!word.empty()) {
      out.push_back(std::exchange(word, ""));
    }
  }
  return out;
}

CommandOption option_of(const CLI::Option& option) {
  CommandOption out;
  if (option.get_positional()) {
    out.names.push_back(option.get_name(true, false));
  } else {
    for (const auto& name : option.get_snames()) out.names.push_back("-" + name);
    for (const auto& name : option.get_lnames()) out.names.push_back("--" + name);
  }
  out.what = option.get_description();
  const bool takes_value = option.get_items_expected_max() > 0;
  if (takes_value) out.value = "VALUE";
  out.value_is_optional = takes_value && option.get_items_expected_min() == 0;
  out.choices = choices_in(option);
  return out;
}

// Of letters put in, left out, replaced or swapped with their neighbours.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before, row(b.size() + 1), next(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 0; i < a.size(); ++i) {
    next[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      next[j + 1] = std::min({row[j + 1] + 1, next[j] + 1, row[j] + (a[i] == b[j] ? 0 : 1)});
      const bool swapped = i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j];
      if (swapped) next[j + 1] = std::min(next[j + 1], before[j - 1] + 1);
    }
    before = std::exchange(row, next);
  }
  return row.back();
}

}  // namespace

CommandNode tree_of(const CLI::App& app, const std::string& path) {
  CommandNode out;
  out.path = path;
  out.name = app.get_name();
  out.what = app.get_description();
  out.examples = app.get_footer();
  out.aliases = app.get_aliases();
  for (const auto* option : app.get_options()) {
    if (option->get_group().empty()) continue;  // hidden
    out.options.push_back(option_of(*option));
  }
  for (const auto* child : app.get_subcommands([](const CLI::App*) { return true; }))
    out.children.push_back(tree_of(*child, path.empty() ? child->get_name() : path + " " + child->get_name()));
  return out;
}

std::optional<std::string> nearest(std::string_view given, const std::vector<std::string>& known) {
  std::optional<std::string> best;
  auto least = given.size() < 4 ? std::size_t{2} : std::max<std::size_t>(2, given.size() / 3) + 1;
  for (const auto& name : known) {
    const bool begins = given.size() >= 3 && name.starts_with(given);
    const auto away = begins ? 1 : distance(given, name);
    if (away < least && away < name.size()) {
      least = away;
      best = name;
    }
  }
  return best;
}

}  // namespace gust::cli
