// gust.1, made of the commands themselves: man(7) macros, which groff and mandoc read.
#include "cli/command_tree.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace gust::cli {
namespace {

// Text that is no request: backslashes, dashes, and dots and quotes at the begin of a line.
std::string escaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool begin = i == 0 || text[i - 1] == '\n';
    if (begin && (text[i] == '.' || text[i] == '\'')) out += "\\&";
    if (text[i] == '\\')
      out += "\\e";
    else if (text[i] == '-')
      out += "\\-";
    else
      out += text[i];
  }
  return out;
}

std::string option_lines(const CommandOption& option) {
  std::vector<std::string> names;
  for (const auto& name : option.names) names.push_back("\\fB" + escaped(name) + "\\fR");
  auto head = fmt::format("{}", fmt::join(names, ", "));
  if (option.is_positional()) head = "\\fI" + escaped(option.names.front()) + "\\fR";
  if (!option.is_positional() && !option.value.empty()) head += " \\fI" + escaped(option.value) + "\\fR";
  auto what = option.what.empty() ? std::string("See the examples.") : option.what + ".";
  return fmt::format(".TP\n{}\n{}\n", head, escaped(what));
}

std::string synopsis_of(const CommandNode& node) {
  std::string out = "gust";
  if (!node.path.empty()) out += " " + node.path;
  if (!node.children.empty()) out += " COMMAND";
  for (const auto& option : node.options) {
    if (option.is_positional()) out += " " + option.names.front();
  }
  return out + (node.options.empty() ? "" : " [OPTION]...");
}

// The lines below "Examples:".
std::string example_lines(const CommandNode& node) {
  auto text = node.examples.substr(0, node.examples.find("\n\n"));
  if (!text.starts_with("Examples:\n")) return {};
  text.erase(0, text.find('\n') + 1);
  return fmt::format(".PP\n.nf\n{}\n.fi\n", escaped(text));
}

void add_command(std::string& out, const CommandNode& node) {
  out += fmt::format(".SS {}\n{}.\n", escaped(synopsis_of(node)), escaped(node.what));
  const auto aliases = fmt::format("{}", fmt::join(node.aliases, ", "));
  if (!aliases.empty()) out += fmt::format("Also: {}.\n", escaped(aliases));
  for (const auto& option : node.options) {
    if (option.names.back() != "--help") out += option_lines(option);
  }
  out += example_lines(node);
  for (const auto& child : node.children) add_command(out, child);
}

constexpr const char* kTail = R"(.SH EXIT STATUS
.TP
0
Done.
.TP
1
Failed; standard error says what and what to do.
.TP
2
Wrong usage.
.TP
3
No Gust answers, or there are no keys yet: start it with gust up.
.TP
4
The invoked function itself failed; its error is on standard output.
.SH ENVIRONMENT
.TP
GUST_ENDPOINT, GUST_DATA
Where Gust is, and its data folder, where the options do not say.
.TP
AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION
Keys and region; else the keys of the data folder's credentials.
.TP
NO_COLOR
Turns colours off.
.SH FILES
.TP
~/.local/share/gust
The data folder: everything that Gust keeps, the credentials, the address of the daemon that runs.
.TP
/var/lib/gust, /etc/default/gust
The same of the service of the Debian package, and its settings.
)";

}  // namespace

std::string man_page(const CommandNode& tree, std::string_view version) {
  std::string out = fmt::format(
      ".TH GUST 1 \"\" \"gust {}\" \"User Commands\"\n.SH NAME\ngust \\- a serverless cloud on your own machine\n"
      ".SH SYNOPSIS\n.B gust\n\\fICOMMAND\\fR [\\fIOPTION\\fR]...\n.SH DESCRIPTION\n"
      "Gust runs functions, objects, tables, HTTP APIs and sites on your own machine, and speaks the wire protocols of "
      "the public clouds, so that their SDKs, command lines and templates work against it.\n"
      ".SH OPTIONS\nEvery command takes these.\n",
      escaped(version));
  for (const auto& option : tree.options) out += option_lines(option);
  out += ".SH COMMANDS\n";
  for (const auto& child : tree.children) add_command(out, child);
  return out + kTail;
}

}  // namespace gust::cli
