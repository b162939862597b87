// gust fsck, backup, restore.
#include "cli/cli.h"
#include "cli/commands/commands.h"
#include "codec/json.h"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include <filesystem>

namespace gust::cli {
namespace {

namespace json = boost::json;

constexpr int kFound = 1, kCouldNot = 2;
constexpr std::chrono::hours kPatience{24};

std::string absolute(const std::string& path) { return std::filesystem::absolute(path).lexically_normal().string(); }

Result<json::value> ask(Remote& remote, Call call, std::string_view what) {
  call.patience = kPatience;
  GUST_TRY(const auto answer, expect_ok(remote.send(call), what));
  return codec::parse_json(answer.body);
}

Result<json::value> check(Session& session, const Local& local) {
  // Another machine's, or one that is named, is asked; else the folder is read, unless a daemon has it.
  if (session.endpoint.empty()) {
    auto report = local.check(absolute(session.data_folder()));
    if (report) return json::value(*std::move(report));
    if (report.error().code != Code::kUnavailable) return std::unexpected(report.error());
  }
  GUST_TRY(const auto remote, session.connect());
  return ask(*remote, {.path = "/_gust/fsck"}, "check the store");
}

// Prints the report; answers whether the store is as it should be.
int show(Session& session, const json::value& report) {
  const auto& problems = report.at("problems").as_array();
  if (session.output == Output::kJson) {
    session.json(report);
    return problems.empty() ? kOk : kFound;
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& each : problems) rows.push_back({member(each, "kind"), member(each, "what"), member(each, "why")});
  if (!rows.empty()) session.terminal.table(rows);
  session.terminal.line(fmt::format("{} objects, {} parts, {} blobs, {} bytes read: {}", member(report, "objects"),
                                    member(report, "parts"), member(report, "blobs"), member(report, "bytes"),
                                    rows.empty() ? "clean" : fmt::format("{} problems", rows.size())));
  return rows.empty() ? kOk : kFound;
}

}  // namespace

int fsck_command(Session& session, const Local& local) {
  const auto report = check(session, local);
  if (report) return show(session, *report);
  session.failed(report.error());
  return kCouldNot;
}

int backup_command(Session& session, const BackupOptions& options) {
  const auto remote = session.connect();
  if (!remote) return session.failed(remote.error());
  Call call{.method = "POST", .path = "/_gust/backup"};
  call.headers.emplace_back("Content-Type", "application/json");
  call.body = codec::to_json(json::object{{"folder", absolute(options.folder)}, {"copy", options.copy}});
  const auto made = ask(**remote, std::move(call), "make the backup");
  if (!made) return session.failed(made.error());
  const auto& missing = made->at("missing").as_array();
  if (session.output == Output::kJson) {
    session.json(*made);
  } else {
    session.terminal.line(
        fmt::format("{}: {} blobs, {} bytes", member(*made, "folder"), member(*made, "blobs"), member(*made, "bytes")));
  }
  if (missing.empty()) return kOk;
  session.terminal.error(fmt::format("{} blobs were not there to be copied; see gust fsck", missing.size()));
  return kFailed;
}

int restore_command(Session& session, const Local& local, const BackupOptions& options) {
  const auto data = absolute(session.data_folder());
  const auto report = local.restore(absolute(options.folder), data);
  if (!report) return session.failed(report.error());
  if (session.output == Output::kText) session.terminal.line(fmt::format("{} is restored", data));
  return show(session, *report);
}

}  // namespace gust::cli
