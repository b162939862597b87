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
  logs::GroupKey group{key.account, functions::default_log_group(key.name)};
  auto found = co_await events_.search(std::move(group), std::move(query));
  std::vector<functions::LogLine> out;
  if (!found && found.error().code == Code::kNotFound) co_return out;
  if (!found) co_return std::unexpected(found.error());
  for (auto& event : found->events)
    out.push_back({from_epoch_ms(event.at_ms), std::move(event.request_id), std::move(event.message)});
  std::ranges::reverse(out);
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
