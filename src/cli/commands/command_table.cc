#include "cli/commands/command_table.h"

#include <CLI/CLI.hpp>

namespace gust::cli {

CLI::App* CommandTable::add(const std::string& name, const std::string& what, const std::string& examples,
                            CLI::App* parent) {
  auto* sub = (parent == nullptr ? &app : parent)->add_subcommand(name, what);
  sub->footer("Examples:\n  " + examples);
  return sub;
}

}  // namespace gust::cli
