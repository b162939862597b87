// CommandTable: where the commands of a file of their own are added to the program's. One thread.
#pragma once

#include "cli/session.h"

#include <string>

namespace CLI {
class App;
}

namespace gust::cli {

struct CommandTable {
  CLI::App& app;
  Session& session;
  int& code;  // what the program will answer

  // Under `parent`, or a command by itself. `examples` are lines; each after the first begins with two blanks.
  CLI::App* add(const std::string& name, const std::string& what, const std::string& examples,
                CLI::App* parent = nullptr);
};

void add_event_commands(CommandTable& table);  // replay, events
void add_bill_commands(CommandTable& table);   // bill, budget
void add_top_command(CommandTable& table);
void add_init_command(CommandTable& table);
void add_dev_command(CommandTable& table);
void add_completion_commands(CommandTable& table);  // completion, man

}  // namespace gust::cli
