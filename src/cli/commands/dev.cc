// gust dev: deploys a template, then again whenever a file of it changes, with the functions' logs in between.
#include "cli/cli.h"
#include "cli/commands/command_table.h"
#include "cli/commands/commands.h"
#include "cli/dev/watch.h"
#include "cli/log_text.h"
#include "codec/json.h"
#include "codec/url.h"
#include "env/clock.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <csignal>
#include <filesystem>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <unistd.h>

namespace gust::cli {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr Millis kPause{500};  // before Gust is looked for again

// Prints the logs of functions as they come, each by a thread with a connection of its own: a Remote does one thing at
// a time. They outlive a Gust that ends and is started again, and end with the process.
class Followers {
 public:
  explicit Followers(Session& session) : session_(session), began_ms_(to_epoch_ms(env::SystemClock().now())) {}

  void follow(const std::string& function) {
    if (!followed_.insert(function).second) return;
    std::thread([this, function] {
      for (auto since_ms = began_ms_;; std::this_thread::sleep_for(kPause)) {
        if (const auto remote = session_.connect()) print_from(function, **remote, since_ms);
      }
    }).detach();
  }
  void line(std::string_view text) {
    const std::lock_guard lock(mutex_);
    session_.terminal.line(text);
  }

 private:
  // Until Gust ends; `since_ms` is then behind the last line.
  void print_from(const std::string& function, Remote& remote, std::int64_t& since_ms) {
    const Call call{.path = "/_gust/logs/" + codec::percent_encode(function),
                    .query = fmt::format("follow=1&limit=1000&since_ms={}", since_ms),
                    .patience = kNoEnd};
    std::string rest;
    [[maybe_unused]] const auto ended = remote.stream(call, [&](std::string_view piece) {
      rest += piece;
      for (std::size_t end; (end = rest.find('\n')) != std::string::npos; rest.erase(0, end + 1))
        since_ms = std::max(since_ms, print(function, rest.substr(0, end)) + 1);
      return true;
    });
  }
  // The line's time.
  std::int64_t print(const std::string& function, const std::string& text) {
    const auto parsed = codec::parse_json(text);
    const auto* const time = parsed && parsed->is_object() ? parsed->get_object().if_contains("time_ms") : nullptr;
    const auto at = time != nullptr && time->is_int64() ? time->get_int64() : 0;
    auto message = parsed ? member(*parsed, "message") : text;
    if (message.starts_with("START RequestId") || message.starts_with("END RequestId")) return at;
    const auto shown = log_text(message).text;
    if (shown.starts_with("platform.initStart") || shown.starts_with("platform.start")) return at;
    line(fmt::format("{} {}", session_.terminal.paint(Colour::kDim, function + ":"), shown));
    return at;
  }

  Session& session_;
  std::int64_t began_ms_;
  std::set<std::string> followed_;
  std::mutex mutex_;
};

volatile std::sig_atomic_t stopped = 0;

// One deploy, told in a line; the functions that the stack has then.
enum class Turn { kFirst, kLater };
void deploy(Session& session, const DeployOptions& options, Followers& followers, Turn turn) {
  const auto began = std::chrono::steady_clock::now();
  const auto deployed = deploy_stack(session, options);
  const auto took = std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now() - began).count();
  auto& terminal = session.terminal;
  if (!deployed) {
    followers.line(terminal.paint(Colour::kRed, fmt::format("not deployed: {}", deployed.error().message)));
    return;
  }
  for (const auto& function : deployed->functions) followers.follow(function);
  for (const auto& what : deployed->changed) followers.line(terminal.paint(Colour::kGreen, what));
  if (turn == Turn::kFirst) {
    for (const auto& [name, value] : deployed->outputs) followers.line(fmt::format("  {}  {}", name, value));
  }
  followers.line(terminal.paint(Colour::kDim, fmt::format("deployed in {} ms; waiting for changes", took)));
}

int dev(Session& session, const DeployOptions& options) {
  const auto file = find_template(options.path);
  if (!file) return session.failed(file.error());
  const auto remote = session.connect();
  if (!remote) return session.failed(remote.error());
  auto watch = Watch::open(fs::absolute(*file).parent_path().string());
  if (!watch) return session.failed(watch.error());
  std::signal(SIGINT, [](int) { stopped = 1; });
  std::signal(SIGTERM, [](int) { stopped = 1; });
  auto* const followers = new Followers(session);  // outlives this: its threads end with the process
  deploy(session, options, *followers, Turn::kFirst);
  while (stopped == 0) {
    const auto changed = watch->wait(Millis(200));
    if (!changed) return session.failed(changed.error());
    if (changed->empty()) continue;
    followers->line(session.terminal.paint(Colour::kDim, fmt::format("changed: {}", changed->front())));
    deploy(session, options, *followers, Turn::kLater);
  }
  std::fflush(stdout);
  ::_exit(kOk);  // with the threads as they are
}

}  // namespace

void add_dev_command(CommandTable& table) {
  const auto options = std::make_shared<DeployOptions>();
  auto* sub = table.add("dev", "Deploy now and whenever a file changes, and print the functions' logs",
                        "gust dev\n  gust dev examples/thumbnails --stack mine");
  sub->add_option("path", options->path, "A template, or a folder with template.yaml")->default_str(".");
  sub->add_option("--stack", options->stack, "The stack's name (else the folder's)");
  sub->add_option("--parameter", options->parameters, "NAME=VALUE for a parameter of the template")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  sub->add_flag("--yes,-y", options->yes, "Also delete or replace resources that hold data");
  sub->callback([&table, options] { table.code = dev(table.session, *options); });
}

}  // namespace gust::cli
