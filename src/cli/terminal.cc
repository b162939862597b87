#include "cli/terminal.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <sys/ioctl.h>
#include <unistd.h>

namespace gust::cli {
namespace {

// An errno; 0: all of it is written.
int write(std::FILE* to, std::string_view text) {
  errno = 0;
  return std::fwrite(text.data(), 1, text.size(), to) == text.size() && std::fflush(to) == 0 ? 0 : errno;
}

}  // namespace

Terminal::Terminal() : input_(::isatty(0) == 1), output_(::isatty(1) == 1), progress_(::isatty(2) == 1) {
  const auto* term = std::getenv("TERM");
  const auto* no_colour = std::getenv("NO_COLOR");
  colours_ =
      output_ && (no_colour == nullptr || *no_colour == '\0') && term != nullptr && std::string_view(term) != "dumb";
}

void Terminal::line(std::string_view text) { raw(fmt::format("{}\n", text)); }
void Terminal::raw(std::string_view text) {
  if (const auto wrong = write(stdout, text); lost_ == 0) lost_ = wrong;
}
void Terminal::error(std::string_view text) { write(stderr, fmt::format("gust: {}\n", text)); }

void Terminal::progress(std::string_view text) {
  if (progress_) write(stderr, fmt::format("{}\n", paint(Colour::kDim, text)));
}

void Terminal::status(std::string_view text) {
  if (!progress_) return;
  winsize size{};
  const bool known = ::ioctl(2, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
  write(stderr, fmt::format("\r\x1b[K{}", text.substr(0, known ? size.ws_col - 1U : 79U)));
}

std::string Terminal::paint(Colour colour, std::string_view text) const {
  if (!colours_ || colour == Colour::kPlain) return std::string(text);
  const int code = colour == Colour::kRed      ? 31
                   : colour == Colour::kGreen  ? 32
                   : colour == Colour::kYellow ? 33
                   : colour == Colour::kDim    ? 2
                                               : 1;
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

void Terminal::table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const auto& row : rows) {
    std::string out;
    for (std::size_t i = 0; i < row.size(); ++i) {
      out += i + 1 == row.size() ? row[i] : fmt::format("{:<{}}  ", row[i], widths[i]);
    }
    line(out);
  }
}

bool Terminal::ask(std::string_view question) {
  if (!interactive()) return false;
  raw(fmt::format("{} [y/N] ", question));
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

}  // namespace gust::cli
