// gust top: what functions do right now, as a table that renews itself.
#include "cli/cli.h"
#include "cli/commands/command_table.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <memory>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace gust::cli {
namespace {

namespace json = boost::json;

struct TopOptions {
  bool once = false;
  int interval_s = 2;
  std::string sort = "rate";
};

double number(const json::value& row, std::string_view name) {
  const auto* found = row.is_object() ? row.get_object().if_contains(name) : nullptr;
  return found != nullptr && found->is_number() ? found->to_number<double>() : 0;
}

std::string in_ms(double ms) {
  if (ms == 0) return "-";
  return ms < 10 ? fmt::format("{:.1f} ms", ms) : ms < 10'000 ? fmt::format("{:.0f} ms", ms)
                                                              : fmt::format("{:.1f} s", ms / 1000);
}

std::string in_mb(double bytes) { return bytes == 0 ? "-" : fmt::format("{:.0f} MB", bytes / (1 << 20)); }

// Which member a column sorts by, the largest first.
std::string_view member_of(const std::string& sort) {
  if (sort == "errors") return "errors";
  if (sort == "p99") return "p99_ms";
  if (sort == "cpu") return "cpu";
  return sort == "memory" ? "peak_bytes" : "rate";
}

std::vector<json::value> sorted(const json::value& answer, const std::string& sort) {
  const auto* found = answer.is_object() ? answer.get_object().if_contains("functions") : nullptr;
  if (found == nullptr || !found->is_array()) return {};
  std::vector<json::value> rows(found->get_array().begin(), found->get_array().end());
  if (sort == "name") return rows;  // as they come
  const auto by = member_of(sort);
  std::ranges::sort(rows, [&](const auto& a, const auto& b) {
    const auto left = number(a, by), right = number(b, by);
    return left != right ? left > right : member(a, "function") < member(b, "function");
  });
  return rows;
}

// Numbers are flush right, so that they can be compared.
std::string padded(std::string_view text, std::size_t width, bool left) {
  return left ? fmt::format("{:<{}}", text, width) : fmt::format("{:>{}}", text, width);
}

std::vector<std::string> lines_of(const Terminal& terminal, const json::value& answer, const std::string& sort) {
  const std::vector<std::string> heads{"FUNCTION", "RATE/S", "IN 60 S", "ERRORS", "COLD", "P50",
                                       "P99",      "CPU",    "MEMORY",  "BUSY",   "IDLE", "STARTING"};
  std::vector<std::vector<std::string>> table{heads};
  double rate = 0, errors = 0, busy = 0, idle = 0;
  const auto whole = [](double n) { return fmt::format("{:.0f}", n); };
  for (const auto& row : sorted(answer, sort)) {
    table.push_back({member(row, "function"), fmt::format("{:.1f}", number(row, "rate")),
                     whole(number(row, "invocations")), whole(number(row, "errors")),
                     whole(number(row, "cold_starts")), in_ms(number(row, "p50_ms")), in_ms(number(row, "p99_ms")),
                     fmt::format("{:.0f} %", number(row, "cpu") * 100), in_mb(number(row, "peak_bytes")),
                     whole(number(row, "busy")), whole(number(row, "idle")), whole(number(row, "starting"))});
    rate += number(row, "rate");
    errors += number(row, "errors");
    busy += number(row, "busy");
    idle += number(row, "idle");
  }
  std::vector<std::size_t> widths(heads.size());
  for (const auto& row : table)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  std::vector<std::string> out{fmt::format("{:.1f} invocations/s, {:.0f} errors in 60 s, {:.0f} instances busy, {:.0f} "
                                           "idle, {} of {} reserved",
                                           rate, errors, busy, idle, in_mb(number(answer, "memory_bytes")),
                                           in_mb(number(answer, "memory_limit_bytes"))),
                               ""};
  for (std::size_t r = 0; r < table.size(); ++r) {
    std::string line;
    for (std::size_t i = 0; i < table[r].size(); ++i)
      line += (i == 0 ? "" : "  ") + padded(table[r][i], widths[i], i == 0);
    const bool failing = r > 0 && table[r][3] != "0";
    out.push_back(terminal.paint(r == 0 ? Colour::kBold : failing ? Colour::kRed : Colour::kPlain, line));
  }
  if (table.size() == 1) out.emplace_back("Nothing runs; gust invoke NAME starts something.");
  return out;
}

std::size_t rows_of_screen() {
  winsize size{};
  return ::ioctl(1, TIOCGWINSZ, &size) == 0 && size.ws_row > 4 ? size.ws_row : 24;
}

volatile std::sig_atomic_t interrupted = 0;

// A signal ends it early.
void wait(int seconds) {
  if (interrupted == 0) ::poll(nullptr, 0, seconds * 1000);
}

// Over what was there, cut to the screen; where the terminal cannot do that, or nobody looks, below it.
void draw(Session& session, std::vector<std::string> lines, bool screen) {
  if (screen && lines.size() >= rows_of_screen()) lines.resize(rows_of_screen() - 1);
  std::string text = screen ? "\x1b[H" : "";
  for (const auto& line : lines) text += line + (screen ? "\x1b[K\n" : "\n");
  session.terminal.raw(text + (screen ? "\x1b[J" : "\n"));
}

int top(Session& session, const TopOptions& options) {
  const auto remote = session.connect();
  if (!remote) return session.failed(remote.error());
  const auto* term = std::getenv("TERM");
  const bool screen = !options.once && ::isatty(1) == 1 && term != nullptr && std::string_view(term) != "dumb";
  std::signal(SIGINT, [](int) { interrupted = 1; });
  if (screen) session.terminal.raw("\x1b[2J");
  while (interrupted == 0) {
    const auto answer = admin(**remote, "GET", "/_gust/top", "", "read what runs");
    if (!answer) return session.failed(answer.error());
    if (session.output == Output::kJson)
      session.json(*answer);
    else
      draw(session, lines_of(session.terminal, *answer, options.sort), screen);
    if (options.once) break;
    wait(options.interval_s);
  }
  return kOk;
}

}  // namespace

void add_top_command(CommandTable& table) {
  const auto options = std::make_shared<TopOptions>();
  auto* sub = table.add("top", "What functions do right now: rate, errors, latency, instances, CPU, memory",
                        "gust top\n  gust top --sort p99\n  gust top --once --json");
  sub->add_flag("--once", options->once, "Print it once, else until Ctrl-C");
  sub->add_option("--interval", options->interval_s, "Seconds between two looks")
      ->check(CLI::Range(1, 3600))
      ->default_str("2");
  sub->add_option("--sort", options->sort, "rate, errors, p99, cpu, memory or name")
      ->check(CLI::IsMember({"rate", "errors", "p99", "cpu", "memory", "name"}))
      ->default_str("rate");
  sub->callback([&table, options] { table.code = top(table.session, *options); });
}

}  // namespace gust::cli
