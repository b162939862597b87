// Terminal: what the command line prints. Results go to stdout, progress and errors to stderr; colours only where a
// person looks. One thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gust::cli {

enum class Colour { kPlain, kRed, kGreen, kYellow, kDim, kBold };

class Terminal {
 public:
  Terminal();  // looks at isatty, NO_COLOR and TERM

  // A line of the result.
  void line(std::string_view text);
  void raw(std::string_view text);  // as it is, flushed
  // On stderr.
  void error(std::string_view text);
  void progress(std::string_view text);  // only when a person looks, or as plain lines when not quiet
  // A line on stderr that the next one replaces, cut to the terminal's width; empty wipes it. Only when a person looks.
  void status(std::string_view text);
  bool shows_status() const { return progress_; }
  // Why not all of the result could be written, an errno; 0: it was.
  int lost() const { return lost_; }
  std::string paint(Colour colour, std::string_view text) const;
  // Columns as wide as their widest cell.
  void table(const std::vector<std::vector<std::string>>& rows);
  // Asks on the terminal; false when nobody is there.
  bool ask(std::string_view question);
  bool interactive() const { return input_ && output_; }

 private:
  bool input_ = false;
  bool output_ = false;
  bool colours_ = false;
  bool progress_ = false;
  int lost_ = 0;
};

}  // namespace gust::cli
