#include "cli/cli.h"
#include "cli/commands/commands.h"
#include "cli/deploy/deploy.h"
#include "codec/base64.h"
#include "codec/json.h"
#include "codec/time_format.h"
#include "codec/url.h"
#include "env/clock.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <fstream>
#include <iostream>
#include <sstream>

namespace gust::cli {
namespace {

constexpr std::string_view kImportsLog = "dynamodb-imports";  // of tables, and no function's

Result<std::string> read_payload(const std::string& text) {
  std::stringstream out;
  if (text == "-") {
    out << std::cin.rdbuf();
  } else if (text.starts_with('@')) {
    std::ifstream in(text.substr(1), std::ios::binary);
    if (!in) return fail(Code::kInvalid, fmt::format("--payload {}: the file cannot be read", text), "usage");
    out << in.rdbuf();
  } else {
    return text;
  }
  return out.str();
}

Result<int> invoke(Session& session, const InvokeOptions& options) {
  GUST_TRY(const auto remote, session.connect());
  GUST_TRY(const auto payload, read_payload(options.payload));
  if (!codec::parse_json(payload)) {
    return fail(Code::kInvalid,
                fmt::format("the payload is not JSON: '{}'; give --payload JSON, @FILE or -", payload.substr(0, 60)),
                "usage");
  }
  GUST_TRY(const auto name, find_function(*remote, options.name));
  Call call{.method = "POST",
            .service = "lambda",
            .path = fmt::format("/2015-03-31/functions/{}/invocations", codec::percent_encode(name)),
            .headers = {{"Content-Type", "application/json"},
                        {"X-Amz-Invocation-Type", options.asynchronous ? "Event" : "RequestResponse"}},
            .body = payload};
  if (options.log && !options.asynchronous) call.headers.emplace_back("X-Amz-Log-Type", "Tail");
  GUST_TRY(const auto answer, expect_ok(remote->send(call), fmt::format("invoke {}", name)));
  if (const auto tail = answer.headers.get("x-amz-log-result")) {
    const auto text = codec::from_base64(*tail);
    if (text) std::cerr << *text << std::flush;
  }
  if (options.asynchronous) {
    if (session.output == Output::kJson) session.json({{"function", name}, {"state", "accepted"}});
    session.terminal.progress(fmt::format("accepted; follow it with: gust logs {} -f", options.name));
    return kOk;
  }
  session.terminal.line(answer.body);
  if (!answer.headers.contains("x-amz-function-error")) return kOk;
  session.terminal.error(fmt::format("the function {} failed; see gust logs {}", name, options.name));
  return kFunctionError;
}

// "90s", "15m", "2h", "1d" -> milliseconds.
Result<std::int64_t> parse_age(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const std::int64_t scale = unit == "s"   ? 1000
                             : unit == "m" ? 60'000
                             : unit == "h" ? 3'600'000
                             : unit == "d" ? 86'400'000
                                           : 0;
  if (problem != std::errc() || scale == 0 || value < 0 || value > 100'000) {
    return fail(Code::kInvalid, fmt::format("--since {}: expected a number and s, m, h or d, as in 15m", text),
                "usage");
  }
  return value * scale;
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
    if (session_.output == Output::kJson) return session_.terminal.line(line);
    const auto parsed = codec::parse_json(line);
    if (!parsed) return session_.terminal.line(line);
    std::int64_t ms = 0;
    const auto text = member(*parsed, "time_ms");
    std::from_chars(text.data(), text.data() + text.size(), ms);
    auto message = member(*parsed, "message");
    while (message.ends_with('\n')) message.pop_back();
    session_.terminal.line(
        fmt::format("{} {}", session_.terminal.paint(Colour::kDim, codec::to_iso8601_ms(from_epoch_ms(ms))), message));
  }

  Session& session_;
  std::string rest_;
};

Result<void> logs(Session& session, const LogsOptions& options) {
  std::string query = fmt::format("limit={}", options.limit);
  if (options.follow) query += "&follow=1";
  if (!options.since.empty()) {
    GUST_TRY(const auto age, parse_age(options.since));
    query += fmt::format("&since_ms={}", to_epoch_ms(env::SystemClock().now()) - age);
  }
  GUST_TRY(const auto remote, session.connect());
  auto name = options.name;
  if (name != kImportsLog) {
    GUST_TRY(name, find_function(*remote, options.name));
  }
  LogPrinter printer(session);
  std::string refused;
  auto answer = remote->stream({.path = "/_gust/logs/" + codec::percent_encode(name), .query = query},
                               [&](std::string_view piece) {
                                 if (piece.starts_with("{\"time_ms\"") || refused.empty()) printer.take(piece);
                                 return true;
                               });
  const auto good = expect_ok(std::move(answer), fmt::format("read the logs of {}", name));
  if (!good) return std::unexpected(good.error());
  return {};
}

}  // namespace

Result<std::string> find_function(Remote& remote, const std::string& name) {
  Services services(remote);
  GUST_TRY(const auto found, services.function_configuration(name));
  if (found) return name;
  GUST_TRY(const auto account, services.account());
  const auto bucket = deploy_bucket_name(account);
  GUST_TRY(const auto keys, services.list_keys(bucket, "stacks/"));
  std::vector<std::string> names;
  for (const auto& key : keys) {
    GUST_TRY(const auto text, services.get_object(bucket, key));
    if (!text) continue;
    GUST_TRY(const auto record, parse_record(*text));
    const auto it = record.entries.find(name);
    if (it != record.entries.end() && it->second.type == kFunctionType) names.push_back(it->second.physical);
  }
  if (names.size() == 1) return names.front();
  if (names.empty())
    return fail(Code::kNotFound, fmt::format("there is no function '{}'; see gust status", name), "function");
  return fail(Code::kInvalid,
              fmt::format("'{}' is in {} stacks: {}; give the function's full name", name, names.size(),
                          fmt::join(names, ", ")),
              "usage");
}

int invoke_command(Session& session, const InvokeOptions& options) {
  const auto done = invoke(session, options);
  return done ? *done : session.failed(done.error());
}

int logs_command(Session& session, const LogsOptions& options) {
  const auto done = logs(session, options);
  return done ? kOk : session.failed(done.error());
}

}  // namespace gust::cli
