#include "daemon/function_logs.h"

#include "base/log.h"
#include "codec/json.h"
#include "codec/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace gust::daemon {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kAtOnce = 1000;  // carried events of one batch
constexpr std::string_view kImportsName = "dynamodb-imports";

// UTF-8 with anything else replaced, so that a line can be told in JSON.
std::string printable(std::string text) {
  if (codec::is_utf8(text)) return text;
  for (auto& c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  }
  return text;
}

std::optional<logs::NewEvent> decode_line(std::string_view text) {
  const auto document = codec::parse_json(text);
  if (!document || !document->is_array() || document->get_array().size() != 3) return std::nullopt;
  const auto& a = document->get_array();
  if (!a[0].is_int64() || !a[1].is_string() || !a[2].is_string()) return std::nullopt;
  return logs::NewEvent{a[0].get_int64(), "earlier", std::string(a[1].get_string()), std::string(a[2].get_string())};
}

async::Task<void> carry_over(fs::path folder, logs::GroupKey key, logs::Groups& groups, logs::EventStore& events) {
  GUST_CO_TRY(const auto group, co_await groups.ensure(key));
  std::size_t carried = 0;
  for (const auto* name : {"0.ndjson", "1.ndjson"}) {
    std::ifstream in(folder / name);
    std::vector<logs::NewEvent> some;
    for (bool more = true; more;) {
      std::string text;
      more = static_cast<bool>(std::getline(in, text));
      if (auto line = decode_line(text); more && line) some.push_back(*std::move(line));
      if (some.size() < kAtOnce && more) continue;
      carried += some.size();
      auto batch = std::exchange(some, {});
      GUST_CO_CHECK(co_await events.put(key, std::move(batch)));
    }
  }
  std::error_code error;
  fs::remove_all(folder, error);
  GUST_INFO("logs: {} lines of '{}' are in the log group {} now", carried, folder.string(), key.name);
  co_return Result<void>{};
}

}  // namespace

void FunctionLogs::append(const functions::LogSource& source, std::string request_id, std::string text) {
  auto group = source.group.empty() ? functions::default_log_group(source.key.name) : source.group;
  events_.add({source.key.account, std::move(group)},
              {to_epoch_ms(clock_.now()), source.stream.empty() ? "gust" : source.stream, std::move(request_id),
               printable(std::move(text))});
}

async::Task<std::vector<functions::LogLine>> FunctionLogs::read(functions::FunctionKey key, WallTime since,
                                                                std::size_t limit) {
  GUST_CO_CHECK(co_await events_.flush());
  logs::SearchQuery query;
  query.low = {to_epoch_ms(since), 0};
  query.direction = logs::Direction::kBackward;
  query.limit = limit;
  query.max_bytes = 64 << 20;
  std::vector<std::string> groups;
  if (groups_of_) {
    GUST_CO_TRY(groups, co_await groups_of_(key));
  }
  const auto own = functions::default_log_group(key.name);
  groups.push_back(own);
  std::ranges::sort(groups);
  const auto [end, last] = std::ranges::unique(groups);
  groups.erase(end, last);
  std::vector<functions::LogLine> out;
  for (auto& group : groups) {
    auto of_group = query;
    // Others may write there, too.
    if (group != own) {
      of_group.stream = [name = key.name](std::string_view stream) { return functions::is_stream_of(stream, name); };
    }
    logs::GroupKey group_key{key.account, std::move(group)};
    GUST_CO_CHECK(co_await read_group(std::move(group_key), std::move(of_group), out));
  }
  std::ranges::stable_sort(out, {}, &functions::LogLine::at);
  if (out.size() > limit) out.erase(out.begin(), out.end() - static_cast<std::ptrdiff_t>(limit));
  co_return out;
}

// Nothing where the group is not there.
async::Task<void> FunctionLogs::read_group(logs::GroupKey group, logs::SearchQuery query,
                                           std::vector<functions::LogLine>& into) {
  auto found = co_await events_.search(std::move(group), std::move(query));
  if (!found && found.error().code == Code::kNotFound) co_return Result<void>{};
  if (!found) co_return std::unexpected(found.error());
  for (auto it = found->events.rbegin(); it != found->events.rend(); ++it)
    into.push_back({from_epoch_ms(it->at_ms), std::move(it->request_id), std::move(it->message)});
  co_return Result<void>{};
}

async::Task<std::vector<std::string>> log_groups_of(functions::Registry& registry, functions::FunctionKey key) {
  constexpr std::size_t kPage = 100;
  std::vector<std::string> out;
  std::uint64_t from = 0;
  for (bool more = true; more;) {
    auto versions = co_await registry.versions(key, from, kPage);
    if (!versions && versions.error().code == Code::kNotFound) co_return out;
    if (!versions) co_return std::unexpected(versions.error());
    for (const auto& version : *versions) {
      if (std::ranges::find(out, version.log_group()) == out.end()) out.push_back(version.log_group());
      if (version.version != functions::kLatest) from = std::stoull(version.version) + 1;
    }
    more = versions->size() == kPage;
  }
  co_return out;
}

async::Task<void> carry_over_logs(std::string folder, logs::Groups& groups, logs::EventStore& events) {
  std::vector<std::pair<fs::path, logs::GroupKey>> old;
  std::error_code error;
  for (const auto& account : fs::directory_iterator(folder, error)) {
    const auto id = account.path().filename().string();
    if (id.size() != 12 || !std::ranges::all_of(id, [](char c) { return c >= '0' && c <= '9'; })) continue;
    for (const auto& function : fs::directory_iterator(account.path(), error)) {
      const auto name = function.path().filename().string();
      auto group = name == kImportsName ? std::string(kImportsGroup)
                                        : functions::default_log_group(FunctionName(name));
      old.emplace_back(function.path(), logs::GroupKey{AccountId(id), std::move(group)});
    }
  }
  for (auto& [path, key] : old) {
    const auto done = co_await carry_over(path, key, groups, events);
    if (!done && done.error().code == Code::kCancelled) co_return done;
    if (!done) GUST_WARN("logs: '{}' is not carried over: {}", path.string(), done.error().message);
  }
  co_return Result<void>{};
}

}  // namespace gust::daemon
