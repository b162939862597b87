#include "meter/use_ledger.h"

#include "base/log.h"
#include "meter/day_file.h"
#include "meter/record.h"

#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <utility>

namespace gust::meter {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kExtension = ".use";
constexpr Millis kPause{1000};
constexpr std::uint64_t kMostBytes = 4 << 20;  // of a day's file, past which its lines are summed up

using Sums = std::map<Thing, Use>;

void add_lines(const std::string& path, Sums& into) {
  const auto bytes = bytes_of(path);
  const auto damaged = read_sealed(bytes, [&](std::string_view text) {
    auto line = decode_use(text);
    if (line) into[line->thing] += line->use;
    return line.has_value();
  });
  if (damaged > 0) GUST_WARN("meter: {} lines of '{}' are not what was written and are left out", damaged, path);
}

// A line for each thing instead of one for each second; the same sums.
Result<void> sum_up(const std::string& path) {
  Sums sums;
  add_lines(path, sums);
  std::string lines;
  for (const auto& [thing, use] : sums) lines += sealed_line(encode(thing, use));
  const auto unfinished = path + ".new";
  std::error_code error;
  fs::remove(unfinished, error);
  GUST_CHECK(append_bytes(unfinished, lines));
  fs::rename(unfinished, path, error);
  if (error) return fail_errno(fmt::format("summing up '{}'", path), error.value());
  return {};
}

// Twice as large as what its sums take: many things may be used in a day.
Result<void> sum_up_when_long(const std::string& path, std::uint64_t& summed) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (error || size <= kMostBytes || size <= 2 * summed) return {};
  GUST_CHECK(sum_up(path));
  summed = fs::file_size(path, error);
  return {};
}

}  // namespace

UseLedger::UseLedger(async::Executor executor, env::Clock& clock, std::string folder, Owner owner)
    : clock_(clock),
      folder_(std::move(folder)),
      owner_(std::move(owner)),
      some_(executor),
      writer_("use", 1, 1000),
      tasks_(executor, "use") {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) GUST_WARN("meter: making '{}' failed: {}", folder_, error.message());
}

void UseLedger::count(std::string_view service, std::string_view resource, const AccountId& account, const Use& use) {
  if (counts_.size() >= kMostThings && !account.empty()) resource = {};
  key_.assign(service).append(1, '\n').append(resource).append(1, '\n').append(account.str());
  const auto found = counts_.find(key_);
  if (found != counts_.end()) {
    found->second.second += use;
    return;
  }
  if (counts_.size() >= 2 * kMostThings) return;  // of resources that nobody is known to have
  counts_.emplace(key_, std::pair(Thing{std::string(service), std::string(resource), account}, use));
  some_.set();
}

void UseLedger::start() { tasks_.spawn(run()); }

async::Task<void> UseLedger::stop() {
  GUST_CO_CHECK(co_await tasks_.stop());
  co_return co_await flush();
}

async::Task<void> UseLedger::run() {
  for (;;) {
    GUST_CO_CHECK(co_await some_.wait());
    GUST_CO_CHECK(co_await async::sleep_for(kPause));
    const auto done = co_await flush();
    if (!done && done.error().code == Code::kCancelled) co_return done;
    if (!done) GUST_ERROR("meter: what was used is lost: {}", done.error().message);
  }
}

async::Task<std::string> UseLedger::lines() {
  some_.reset();
  auto counts = std::exchange(counts_, {});
  std::string out;
  for (auto& [key, counted] : counts) {
    auto& thing = counted.first;
    if (thing.account.empty()) {
      auto owner = co_await owner_(thing.service, thing.resource);
      if (!owner) continue;
      thing.account = *std::move(owner);
    }
    out += sealed_line(encode(thing, counted.second));
  }
  co_return out;
}

async::Task<void> UseLedger::flush() {
  GUST_CO_TRY(auto text, co_await lines());
  auto day = day_of(clock_.now());
  const auto before = std::exchange(day_, day);
  const auto path = [this](const std::string& of) { return fmt::format("{}/{}{}", folder_, of, kExtension); };
  auto job = [text = std::move(text), now = path(day), old = before == day || before.empty() ? "" : path(before),
              summed = summed_]() -> Result<void> {
    if (!text.empty()) GUST_CHECK(append_bytes(now, text));
    if (!old.empty() && fs::exists(old)) GUST_CHECK(sum_up(old));
    return sum_up_when_long(now, *summed);
  };
  co_return co_await writer_.run(std::move(job));
}

async::Task<std::vector<UseSum>> UseLedger::usage(AccountId account, std::string from, std::string to) {
  GUST_CO_CHECK(co_await flush());
  auto job = [folder = folder_, account, from, to]() -> Result<std::vector<UseSum>> {
    std::map<std::string, Sums> days;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
      const auto day = entry.path().stem().string();
      if (entry.path().extension() == kExtension && day >= from && day <= to)
        add_lines(entry.path().string(), days[day]);
    }
    std::vector<UseSum> out;
    for (auto& [day, sums] : days) {
      for (auto& [thing, use] : sums) {
        if (thing.account == account) out.push_back({day, thing, use});
      }
    }
    return out;
  };
  co_return co_await writer_.run(std::move(job));
}

}  // namespace gust::meter
