#include "cli/cli.h"
#include "cli/commands/commands.h"
#include "cli/deploy/deploy.h"
#include "cli/given_text.h"
#include "codec/base64.h"
#include "codec/json.h"
#include "codec/url.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <iostream>

namespace gust::cli {
namespace {

Result<int> invoke(Session& session, const InvokeOptions& options) {
  GUST_TRY(const auto remote, session.connect());
  GUST_TRY(const auto payload, given_text(options.payload));
  if (!codec::parse_json(payload)) {
    return fail(Code::kInvalid,
                fmt::format("the payload is not JSON: '{}'; give --payload JSON, @FILE or -", payload.substr(0, 60)),
                "usage");
  }
  Call call{.method = "POST",
            .service = "lambda",
            .headers = {{"Content-Type", "application/json"},
                        {"X-Amz-Invocation-Type", options.asynchronous ? "Event" : "RequestResponse"}},
            .body = payload};
  if (options.log && !options.asynchronous) call.headers.emplace_back("X-Amz-Log-Type", "Tail");
  auto name = options.name;
  const auto send = [&] {
    call.path = fmt::format("/2015-03-31/functions/{}/invocations", codec::percent_encode(name));
    return remote->send(call);
  };
  auto sent = send();
  if (sent && names_no_function(*sent)) {
    GUST_TRY(name, find_function(*remote, options.name));
    sent = send();
  }
  GUST_TRY(const auto answer, expect_ok(std::move(sent), fmt::format("invoke {}", name)));
  if (const auto tail = answer.headers.get("x-amz-log-result")) {
    const auto text = codec::from_base64(*tail);
    if (text) std::cerr << *text << std::flush;
  }
  if (options.asynchronous) {
    const auto id = answer.headers.get_or("x-amzn-requestid", "");
    if (session.output == Output::kJson) session.json({{"function", name}, {"state", "accepted"}, {"id", id}});
    session.terminal.progress(fmt::format("accepted; what becomes of it: gust events show {}", id));
    return kOk;
  }
  session.terminal.line(answer.body);
  if (!answer.headers.contains("x-amz-function-error")) return kOk;
  session.terminal.error(fmt::format("the function {} failed; see gust logs {}", name, options.name));
  return kFunctionError;
}

}  // namespace

bool names_no_function(const Answer& answer) { return answer.status == 404 || answer.status == 400; }

Result<std::string> find_function(Remote& remote, const std::string& name) {
  Services services(remote);
  const bool plain = std::ranges::all_of(name, [](unsigned char c) {
    return std::isalnum(c) != 0 || std::string_view("-_.:/$").contains(static_cast<char>(c));
  });
  if (!name.empty() && plain) {
    GUST_TRY(const auto found, services.function_configuration(name));
    if (found) return name;
  }
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
    return fail(Code::kNotFound,
                fmt::format("there is no function '{}'{}; aws lambda list-functions lists them", name,
                            name.contains(':') ? ", or no such version or alias of it" : ""),
                "function");
  return fail(Code::kInvalid,
              fmt::format("'{}' is in {} stacks: {}; give the function's full name", name, names.size(),
                          fmt::join(names, ", ")),
              "usage");
}

int invoke_command(Session& session, const InvokeOptions& options) {
  const auto done = invoke(session, options);
  return done ? *done : session.failed(done.error());
}

}  // namespace gust::cli
