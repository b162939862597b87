// gust replay and gust events: the events of invocations, looked at and sent again.
#include "cli/age.h"
#include "cli/cli.h"
#include "cli/commands/command_table.h"
#include "cli/commands/commands.h"
#include "cli/debug/debug.h"
#include "codec/json.h"
#include "codec/time_format.h"
#include "codec/url.h"
#include "env/clock.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <charconv>
#include <iostream>
#include <memory>

namespace gust::cli {
namespace {

namespace json = boost::json;

struct ReplayOptions {
  DebugOptions event;
  bool log = false, debug = false;
};

struct EventsOptions {
  std::string function, since, id;
  int limit = 100;
};

std::int64_t number(const json::value& row, std::string_view name) {
  const auto* found = row.is_object() ? row.get_object().if_contains(name) : nullptr;
  return found != nullptr && found->is_number() ? found->to_number<std::int64_t>() : 0;
}

std::string clock_time(std::int64_t ms) { return codec::to_iso8601_ms(from_epoch_ms(ms)).substr(11, 12); }

std::string took(const json::value& row) {
  const auto us = number(row, "duration_us");
  return us == 0 ? "-" : fmt::format("{:.1f} ms", static_cast<double>(us) / 1000);
}

Colour colour_of(std::string_view status) {
  if (status == "ok") return Colour::kGreen;
  if (status == "failed" || status == "given_up" || status == "refused") return Colour::kRed;
  return status == "accepted" || status == "running" ? Colour::kDim : Colour::kYellow;
}

std::string first_line(std::string text, std::size_t most) {
  text = text.substr(0, text.find('\n'));
  return text.size() > most ? text.substr(0, most - 3) + "..." : text;
}

int replay(Session& session, const ReplayOptions& options) {
  const auto remote = session.connect();
  if (!remote) return session.failed(remote.error());
  const auto& [id, version, code, port] = options.event;
  const auto query = version.empty() ? "" : "version=" + codec::percent_encode(version);
  const auto answer =
      admin(**remote, "POST", "/_gust/replay/" + codec::percent_encode(id), query, fmt::format("replay {}", id));
  if (!answer) return session.failed(answer.error());
  const bool failed = member(*answer, "status") == "failed";
  if (session.output == Output::kJson) {
    session.json(*answer);
    return failed ? kFunctionError : kOk;
  }
  if (options.log) std::cerr << member(*answer, "log") << std::flush;
  session.terminal.line(member(*answer, "payload"));
  const auto function = member(*answer, "function");
  session.terminal.progress(fmt::format("{} version {}, request {}, billed {} ms", function,
                                        member(*answer, "version"), member(*answer, "id"),
                                        member(*answer, "billed_ms")));
  if (!failed) return kOk;
  session.terminal.error(fmt::format("the function {} failed again: {}; see gust replay {} --log", function,
                                     member(*answer, "error"), id));
  return kFunctionError;
}

void print_rows(Session& session, const json::array& events) {
  std::vector<std::vector<std::string>> rows{
      {"AT", "FUNCTION", "KIND", "STATUS", "TRIES", "TOOK", "BYTES", "ID", "ERROR"}};
  for (const auto& each : events) {
    auto at = codec::to_iso8601_ms(from_epoch_ms(number(each, "at")));
    rows.push_back({at.substr(0, 10) + " " + at.substr(11, 12), member(each, "function"), member(each, "kind"),
                    member(each, "status"), member(each, "attempts"), took(each), member(each, "bytes"),
                    member(each, "id"), first_line(member(each, "error"), 60)});
  }
  session.terminal.table(rows);
}

Result<void> list(Session& session, const EventsOptions& options) {
  auto query = fmt::format("limit={}&function={}", options.limit, codec::percent_encode(options.function));
  if (!options.since.empty()) {
    GUST_TRY(const auto age, parse_age("--since", options.since));
    query += fmt::format("&since={}", to_epoch_ms(env::SystemClock().now() - age));
  }
  GUST_TRY(const auto remote, session.connect());
  GUST_TRY(const auto answer, admin(*remote, "GET", "/_gust/events", query, "list the events"));
  const auto* found = answer.is_object() ? answer.get_object().if_contains("events") : nullptr;
  if (found == nullptr || !found->is_array()) return fail(Code::kInternal, "the daemon's answer has no events");
  const bool text = session.output == Output::kText;
  if (text && found->get_array().empty() && !options.function.empty())
    GUST_CHECK(find_function(*remote, options.function));  // of one that is gone there may be some
  if (!text)
    session.json(answer);
  else if (found->get_array().empty() && options.since.empty() && options.function.empty())
    session.terminal.line("There are no events yet; gust invoke NAME makes one.");
  else if (found->get_array().empty())
    session.terminal.line("No event fits.");
  else
    print_rows(session, found->get_array());
  return {};
}

Result<void> show(Session& session, const EventsOptions& options) {
  GUST_TRY(const auto remote, session.connect());
  const auto path = "/_gust/events/" + codec::percent_encode(options.id);
  GUST_TRY(const auto answer, admin(*remote, "GET", path, "", fmt::format("show {}", options.id)));
  if (session.output == Output::kJson) {
    session.json(answer);
    return {};
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& [key, value] : answer.as_object()) {
    const std::string name(key);
    if (name == "payload") continue;
    const bool time = name == "at" || name == "ended_at";
    rows.push_back({name + ":", time ? codec::to_iso8601_ms(from_epoch_ms(number(answer, name)))
                                     : member(answer, name)});
  }
  session.terminal.table(rows);
  session.terminal.line("");
  session.terminal.line(member(answer, "payload"));
  return {};
}

// One line for each thing that happens; the columns are wide enough for most names.
void print_news(Session& session, const std::string& line) {
  const auto news = codec::parse_json(line);
  if (session.output == Output::kJson || !news) return session.terminal.line(line);
  const auto status = member(*news, "status");
  if (status == "missed")
    return session.terminal.error(fmt::format("{} lines are left out: they came too fast", member(*news, "count")));
  const bool accepted = status == "accepted";
  const auto detail = accepted ? fmt::format("{}, {} bytes", member(*news, "kind"), member(*news, "bytes"))
                               : fmt::format("{}  {}", took(*news), first_line(member(*news, "error"), 80));
  session.terminal.line(fmt::format("{}  {}  {:<20}  {}  {}", clock_time(number(*news, accepted ? "at" : "ended_at")),
                                    session.terminal.paint(colour_of(status), fmt::format("{:<8}", status)),
                                    member(*news, "function"), member(*news, "id"), detail));
}

Result<void> tail(Session& session, const EventsOptions& options) {
  GUST_TRY(const auto remote, session.connect());
  auto name = options.function;
  if (!name.empty()) {
    GUST_TRY(name, find_function(*remote, name));
  }
  Call call{.path = "/_gust/events", .query = "follow=1&function=" + codec::percent_encode(name)};
  call.patience = kNoEnd;
  call.begins = [&](const Answer&) {
    session.terminal.progress("following events; Ctrl-C ends it");
    return true;
  };
  std::string rest;
  auto answer = remote->stream(call, [&](std::string_view piece) {
    rest += piece;
    for (std::size_t end; (end = rest.find('\n')) != std::string::npos; rest.erase(0, end + 1))
      print_news(session, rest.substr(0, end));
    return true;
  });
  const auto good = expect_ok(std::move(answer), "follow the events");
  return good ? gust_has_ended() : std::unexpected(good.error());
}

template <typename F>
std::function<void()> run(CommandTable& table, std::shared_ptr<EventsOptions> options, F what) {
  return [&table, options, what] {
    const auto done = what(table.session, *options);
    table.code = done ? kOk : table.session.failed(done.error());
  };
}

void add_replay(CommandTable& table) {
  const auto options = std::make_shared<ReplayOptions>();
  auto* sub = table.add("replay", "Send the event of an earlier invocation again, and print the answer",
                        "gust replay 8f3e1c9a-5f0b-4c5e-9d0e-2f6f0c1d7a11\n  gust replay ID --version 3 --log\n"
                        "  gust replay ID --qualifier live --json\n  gust replay ID --debug --code src");
  sub->add_option("id", options->event.id, "The invocation's request id, see gust events ls")->required();
  sub->add_option("--version,--qualifier", options->event.version,
                  "To this version or alias (else to the one that was called)");
  sub->add_flag("--log", options->log, "Also print the end of the log, on stderr");
  auto* debug = sub->add_flag("--debug", options->debug,
                              "Here and under a debugger, which is waited for: debugpy, or Node.js's inspector");
  sub->add_option("--code", options->event.code, "With --debug: a folder with the code as it is now")
      ->needs(debug)
      ->check(CLI::ExistingDirectory);
  sub->add_option("--port", options->event.port, "With --debug: where it listens (else 5678, of Node.js 9229)")
      ->needs(debug)
      ->check(CLI::Range(1, 65'535));
  sub->callback([&table, options] {
    if (!options->debug) {
      table.code = replay(table.session, *options);
      return;
    }
    const auto done = debug_event(table.session, options->event);
    table.code = done ? *done : table.session.failed(done.error());
  });
}

}  // namespace

void add_event_commands(CommandTable& table) {
  add_replay(table);
  const auto options = std::make_shared<EventsOptions>();
  auto* sub = table.add("events", "The events of invocations, and what became of them",
                        "gust events ls\n  gust events tail thumb\n  gust events show ID");
  sub->require_subcommand(1);
  auto* all = table.add("ls", "List them, the newest first",
                        "gust events ls\n  gust events ls thumb --since 15m\n  gust events ls --json", sub);
  all->alias("list");
  all->add_option("function", options->function, "Only of this function");
  all->add_option("--since", options->since, "Only those of the last 90s, 15m, 2h or 1d");
  all->add_option("--limit", options->limit, "How many at most")->check(CLI::Range(1, 1000))->default_str("100");
  all->callback(run(table, options, list));
  auto* one = table.add("show", "Show one with its payload", "gust events show ID", sub);
  one->add_option("id", options->id, "The invocation's request id")->required();
  one->callback(run(table, options, show));
  auto* follow = table.add("tail", "Print events as they are accepted and as they end, until Ctrl-C",
                           "gust events tail\n  gust events tail thumb --json", sub);
  follow->add_option("function", options->function, "Only of this function");
  follow->callback(run(table, options, tail));
}

}  // namespace gust::cli
