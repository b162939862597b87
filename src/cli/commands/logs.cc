// gust logs: lines of a function, a log group or a trace, as they are and as they come.
#include "cli/age.h"
#include "cli/cli.h"
#include "cli/commands/commands.h"
#include "cli/deploy/deploy.h"
#include "cli/log_text.h"
#include "codec/hex.h"
#include "codec/json.h"
#include "codec/time_format.h"
#include "codec/url.h"
#include "env/clock.h"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace gust::cli {
namespace {

// 1-5759e988-bd862e3fe1be46a994272793, or its 32 digits.
bool is_trace_id(std::string_view text) {
  const auto all_hex = [](std::string_view part) {
    return std::ranges::all_of(part, [](char c) { return codec::hex_digit(c) >= 0; });
  };
  if (text.size() == 32) return all_hex(text);
  return text.size() == 35 && text.starts_with("1-") && text[10] == '-' && all_hex(text.substr(2, 8)) &&
         all_hex(text.substr(11));
}

std::int64_t number_of(const boost::json::value& line, std::string_view name) {
  const auto text = member(line, name);
  std::int64_t out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

void print_line(Session& session, std::int64_t ms, std::string_view function, std::string_view message) {
  const auto time = session.terminal.paint(Colour::kDim, codec::to_iso8601_ms(from_epoch_ms(ms)));
  const auto shown = log_text(message);
  const auto text = shown.colour == Colour::kPlain ? shown.text : session.terminal.paint(shown.colour, shown.text);
  session.terminal.line(function.empty() ? fmt::format("{} {}", time, text)
                                         : fmt::format("{} {} {}", time, function, text));
}

// Prints NDJSON lines as they come; a line may come in pieces.
class LogPrinter {
 public:
  explicit LogPrinter(Session& session) : session_(session) {}

  void take(std::string_view piece) {
    rest_ += piece;
    for (std::size_t end; (end = rest_.find('\n')) != std::string::npos; rest_.erase(0, end + 1))
      print(rest_.substr(0, end));
  }

 private:
  void print(const std::string& line) {
    if (line.empty()) return;
    const auto parsed = codec::parse_json(line);
    if (session_.output == Output::kJson || !parsed) return session_.terminal.line(line);
    print_line(session_, number_of(*parsed, "time_ms"), "", member(*parsed, "message"));
  }

  Session& session_;
  std::string rest_;
};

// Milliseconds of the epoch; 0: since ever.
Result<std::int64_t> since_of(const LogsOptions& options) {
  if (options.since.empty()) return 0;
  GUST_TRY(const auto age, parse_age("--since", options.since));
  return to_epoch_ms(env::SystemClock().now() - age);
}

// What the functions of one trace printed.
Result<void> trace_logs(Session& session, const LogsOptions& options) {
  if (options.follow)
    return fail(Code::kInvalid, "-f follows a function or a log group; a trace's lines are printed once", "usage");
  GUST_TRY(const auto remote, session.connect());
  GUST_TRY(const auto since, since_of(options));
  GUST_TRY(const auto trace, admin(*remote, "GET", "/_gust/traces/" + options.name,
                                    "filter=" + codec::percent_encode(options.filter), "read the trace"));
  const auto* const object = trace.if_object();
  const auto* const lines = object == nullptr ? nullptr : object->if_contains("logs");
  if (lines == nullptr || !lines->is_array())
    return fail(Code::kNotFound, fmt::format("the trace {} has no lines", options.name), "trace");
  std::vector<boost::json::value> shown;
  std::size_t width = 0;
  for (const auto& line : lines->get_array()) {
    if (number_of(line, "at") < since) continue;
    shown.push_back(line);
    width = std::max(width, member(line, "function").size());
  }
  if (const auto most = static_cast<std::size_t>(options.limit); shown.size() > most)
    shown.erase(shown.begin(), shown.end() - options.limit);  // the newest stay, as of a function's
  for (const auto& line : shown) {
    if (session.output == Output::kJson) session.json(line);
    else
      print_line(session, number_of(line, "at"), fmt::format("{:<{}}", member(line, "function"), width),
                 member(line, "text"));
  }
  return {};
}

Result<void> logs(Session& session, const LogsOptions& options) {
  if (is_trace_id(options.name)) return trace_logs(session, options);
  std::string query = fmt::format("limit={}", options.limit);
  if (options.follow) query += "&follow=1";
  if (!options.filter.empty()) query += "&filter=" + codec::percent_encode(options.filter);
  GUST_TRY(const auto since, since_of(options));
  if (since > 0) query += fmt::format("&since_ms={}", since);
  GUST_TRY(const auto remote, session.connect());
  auto name = options.name;
  LogPrinter printer(session);
  const auto ask = [&] {
    Call call{.path = "/_gust/logs/" + codec::percent_encode(name), .query = query};
    if (options.follow) call.patience = kNoEnd;
    return remote->stream(call, [&](std::string_view piece) {
      printer.take(piece);
      return true;
    });
  };
  auto answer = ask();
  if (answer && names_no_function(*answer) && !name.starts_with('/')) {
    GUST_TRY(name, find_function(*remote, options.name));
    answer = ask();
  }
  const auto good = expect_ok(std::move(answer), fmt::format("read the logs of {}", name));
  if (!good) return std::unexpected(good.error());
  if (options.follow) return gust_has_ended();
  return {};
}

}  // namespace

int logs_command(Session& session, const LogsOptions& options) {
  const auto done = logs(session, options);
  return done ? kOk : session.failed(done.error());
}

}  // namespace gust::cli
