// An event of a log as a person reads it: JSON that runtimes and the platform write becomes a line of text. Any thread.
#pragma once

#include "cli/terminal.h"

#include <string>
#include <string_view>

namespace gust::cli {

struct LogText {
  std::string text;  // without the end of its last line
  Colour colour = Colour::kPlain;
};

LogText log_text(std::string_view message);

}  // namespace gust::cli
