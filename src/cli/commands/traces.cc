#include "cli/age.h"
#include "cli/cli.h"
#include "cli/commands/commands.h"
#include "cli/waterfall.h"
#include "codec/json.h"
#include "codec/time_format.h"
#include "codec/url.h"
#include "env/clock.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <sys/ioctl.h>
#include <unistd.h>

#include <charconv>

namespace gust::cli {
namespace {

namespace json = boost::json;

constexpr std::int64_t kSlowMs = 1000;

std::size_t columns() {
  winsize size{};
  return ::ioctl(1, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 120;
}

std::int64_t number(const json::value& object, std::string_view name) {
  const auto* value = object.is_object() ? object.get_object().if_contains(name) : nullptr;
  return value != nullptr && value->is_number() ? value->to_number<std::int64_t>() : 0;
}

Result<std::int64_t> slow_ms(const TracesOptions& options) {
  if (options.slow.empty()) return kSlowMs;
  std::int64_t out = 0;
  const auto& text = options.slow;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size() || out < 1 || out > 86'400'000)
    return fail(Code::kInvalid, fmt::format("--slow {}: expected milliseconds, as in 500", text), "usage");
  return out;
}

Result<std::string> query_of(const TracesOptions& options) {
  auto out = fmt::format("limit={}", options.limit);
  if (options.only_failed) out += "&failed=1";
  if (options.only_slow) {
    GUST_TRY(const auto ms, slow_ms(options));
    out += fmt::format("&slow_ms={}", ms);
  }
  if (!options.since.empty()) {
    GUST_TRY(const auto age, parse_age("--since", options.since));
    out += fmt::format("&since={}", to_epoch_ms(env::SystemClock().now() - age));
  }
  for (const auto& [name, value] :
       {std::pair{"function", options.function}, {"service", options.service}, {"text", options.text}}) {
    if (!value.empty()) out += fmt::format("&{}={}", name, codec::percent_encode(value));
  }
  return out;
}

constexpr std::string_view kLine = "{:<12}  {:<8}  {:>9}  {:>5}  {:<37}";

void print_head(Terminal& terminal) {
  const auto head = fmt::format(fmt::runtime(kLine), "TIME (UTC)", "STATUS", "TOOK", "STEPS", "TRACE");
  terminal.line(terminal.paint(Colour::kBold, head + "  WHAT"));
}

void print_summary(Terminal& terminal, const json::value& trace) {
  const auto time = codec::to_iso8601_ms(from_epoch_ms(number(trace, "start") / 1000)).substr(11, 12);
  const auto status = member(trace, "status");
  std::string functions;
  if (const auto* names = trace.as_object().if_contains("functions"); names != nullptr && names->is_array()) {
    for (const auto& name : names->get_array()) functions += " > " + std::string(name.as_string());
  }
  if (const auto cold = number(trace, "cold_starts"); cold > 0) functions += fmt::format(" ({} cold)", cold);
  // Painted once it is aligned: colours have no width.
  auto line = fmt::format(fmt::runtime(kLine), time, status, duration_text(number(trace, "duration_us")),
                          member(trace, "spans"), member(trace, "id"));
  const auto colour = colour_of(status);
  if (colour != Colour::kPlain) line.replace(14, status.size(), terminal.paint(colour, status));
  terminal.line(line + "  " + member(trace, "name") + functions);
}

// The events of a text/event-stream; a line may come in pieces.
class Events {
 public:
  explicit Events(Session& session) : session_(session) {}

  void take(std::string_view piece) {
    rest_ += piece;
    for (std::size_t end; (end = rest_.find("\n\n")) != std::string::npos; rest_.erase(0, end + 2))
      print(rest_.substr(0, end));
  }

 private:
  void print(const std::string& event) {
    const auto at = event.find("data: ");
    if (at == std::string::npos) return;
    const auto data = event.substr(at + 6);
    const auto parsed = codec::parse_json(data);
    if (!parsed || !parsed->is_object()) return;
    if (event.starts_with("event: left_out"))
      return session_.terminal.error(fmt::format("{} more began and are not shown", number(*parsed, "traces")));
    if (session_.output == Output::kJson) return session_.terminal.line(data);
    print_summary(session_.terminal, *parsed);
  }

  Session& session_;
  std::string rest_;
};

Result<void> follow(Session& session, Remote& remote) {
  if (session.output == Output::kText) print_head(session.terminal);
  Events events(session);
  const Call call{.path = "/_gust/traces/stream", .patience = kNoEnd};
  const auto sink = [&](std::string_view piece) {
    events.take(piece);
    return true;
  };
  GUST_CHECK(expect_ok(remote.stream(call, sink), "follow the traces"));
  return gust_has_ended();
}

Result<void> list(Session& session, const TracesOptions& options) {
  GUST_TRY(const auto query, query_of(options));
  GUST_TRY(const auto remote, session.connect());
  if (options.follow) return follow(session, *remote);
  json::array traces;
  std::string next;
  do {  // an answer may have fewer than asked for, where few fit
    const auto more = next.empty() ? query : query + "&next=" + next;
    GUST_TRY(const auto answer, admin(*remote, "GET", "/_gust/traces", more, "list the traces"));
    for (const auto& trace : answer.at("traces").as_array()) traces.push_back(trace);
    next = member(answer, "next");
  } while (!next.empty() && traces.size() < static_cast<std::size_t>(options.limit));
  if (session.output == Output::kJson) {
    session.json(json::object{{"traces", std::move(traces)}});
    return {};
  }
  if (traces.empty()) {
    session.terminal.line("No trace fits. Every request makes one: put an object or invoke a function, and look again");
    return {};
  }
  print_head(session.terminal);
  for (const auto& trace : traces) print_summary(session.terminal, trace);
  session.terminal.progress("step by step, with logs: gust trace TRACE");
  return {};
}

Result<void> show(Session& session, const std::string& id) {
  GUST_TRY(const auto remote, session.connect());
  const auto path = "/_gust/traces/" + codec::percent_encode(id);
  GUST_TRY(const auto answer, admin(*remote, "GET", path, "", fmt::format("show {}", id)));
  if (session.output == Output::kJson) {
    session.json(answer);
    return {};
  }
  for (const auto& line : waterfall(session.terminal, answer.as_object(), columns())) session.terminal.line(line);
  return {};
}

}  // namespace

int traces_command(Session& session, const TracesOptions& options) {
  const auto done = list(session, options);
  return done ? kOk : session.failed(done.error());
}

int trace_command(Session& session, const std::string& id) {
  const auto done = show(session, id);
  return done ? kOk : session.failed(done.error());
}

}  // namespace gust::cli
