#include "meter/ledger.h"

#include "base/log.h"
#include "codec/json.h"
#include "meter/day_file.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <filesystem>
#include <utility>

namespace gust::meter {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::string_view kRaw = ".ledger", kSums = ".sums";
constexpr Millis kPause{5};

using Sums = std::map<std::pair<std::string, std::string>, Sum>;  // by account and function

}  // namespace

struct Ledger::Day {
  Sums sums;
  std::uint64_t read = 0, damaged = 0;
};

namespace {

std::uint64_t add_lines(std::string_view bytes, const std::string& day, Sums& into, std::size_t* used = nullptr) {
  const auto take = [&](Record record) {
    auto& sum = into[{record.account.str(), record.function}];
    sum.day = day;
    sum.account = record.account;
    sum.function = record.function;
    sum.add(record);
  };
  return read_lines(bytes, take, used);
}

json::object to_json(const Sum& s) {
  return {{"account", s.account.str()}, {"function", s.function},   {"invocations", s.invocations},
          {"errors", s.errors},         {"starts", s.starts},       {"billed_ms", s.billed_ms},
          {"mb_ms", s.mb_ms},           {"tmp_mb_ms", s.tmp_mb_ms}, {"duration_us", s.duration_us},
          {"init_us", s.init_us},       {"cpu_us", s.cpu_us},       {"in", s.bytes_in},
          {"out", s.bytes_out}};
}

Result<void> read_sums(const fs::path& path, const std::string& day, Sums& into) {
  const auto document = codec::parse_json(bytes_of(path.string()));
  try {
    for (const auto& one : document.value().as_array()) {
      const auto& o = one.as_object();
      const auto number = [&](const char* name) { return o.at(name).to_number<std::uint64_t>(); };
      Sum s;
      s.day = day;
      s.account = AccountId(std::string(o.at("account").as_string()));
      s.function = o.at("function").as_string();
      s.invocations = number("invocations"), s.errors = number("errors"), s.starts = number("starts");
      s.billed_ms = number("billed_ms"), s.mb_ms = number("mb_ms"), s.tmp_mb_ms = number("tmp_mb_ms");
      s.duration_us = number("duration_us"), s.init_us = number("init_us"), s.cpu_us = number("cpu_us");
      s.bytes_in = number("in"), s.bytes_out = number("out");
      into[{s.account.str(), s.function}] = s;
    }
  } catch (const std::exception& e) {
    return fail(Code::kCorrupt, fmt::format("'{}' is not what was written: {}", path.string(), e.what()), "ledger");
  }
  return {};
}

Result<void> replace_by_sums(const fs::path& raw, const std::string& day) {
  Sums sums;
  add_lines(bytes_of(raw.string()), day, sums);
  json::array out;
  for (const auto& [key, sum] : sums) out.push_back(to_json(sum));
  auto whole = raw, unfinished = raw;
  whole.replace_extension(kSums);
  unfinished.replace_extension(".new");
  std::error_code error;
  fs::remove(unfinished, error);
  GUST_CHECK(append_bytes(unfinished.string(), codec::to_json(out)));
  fs::rename(unfinished, whole, error);
  if (!error) fs::remove(raw, error);
  if (error) return fail_errno(fmt::format("summing up '{}'", raw.string()), error.value());
  return {};
}

// The days that the ledger has, and how: raw wins, since a crash may leave both.
std::map<std::string, fs::path> days_of(const std::string& folder) {
  std::map<std::string, fs::path> out;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const auto& path = entry.path();
    if (path.extension() == kRaw) out[path.stem().string()] = path;
    if (path.extension() == kSums) out.emplace(path.stem().string(), path);
  }
  return out;
}

}  // namespace

std::string line_of(const Record& record) { return sealed_line(encode(record)); }

std::uint64_t read_lines(std::string_view bytes, const std::function<void(Record)>& take, std::size_t* used) {
  const auto line = [&](std::string_view text) {
    auto record = decode_record(text);
    const bool sound = record.has_value();
    if (sound) take(*std::move(record));
    return sound;
  };
  return read_sealed(bytes, line, used);
}

Ledger::Ledger(async::Executor executor, env::Clock& clock, std::string folder)
    : executor_(executor),
      clock_(clock),
      folder_(std::move(folder)),
      days_(std::make_shared<std::map<std::string, Day>>()),
      writer_("ledger", 1, 1000) {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) GUST_WARN("meter: making '{}' failed: {}", folder_, error.message());
}

async::Task<void> Ledger::append(Record record) {
  const auto day = day_of(record.at);
  // A record of a day's first moments may come while those of the day before wait: that batch goes first.
  while (next_ && next_->day != day) {
    const auto before = next_;
    GUST_CO_CHECK(co_await before->written.wait());
  }
  if (!next_) {
    next_ = std::make_shared<Batch>(executor_);
    next_->day = day;
  }
  const auto batch = next_;
  batch->bytes += line_of(record);
  if (!std::exchange(writing_, true)) {
    while (next_) {
      // What comes within a pause goes together: a wake-up of the writer costs more than a record.
      [[maybe_unused]] const auto slept = co_await async::sleep_until(written_at_ + kPause);
      const auto now = std::exchange(next_, nullptr);
      written_at_ = std::chrono::steady_clock::now();
      const auto path = folder_ + "/" + now->day + std::string(kRaw);
      auto job = [path, now]() -> Result<void> { return append_bytes(path, now->bytes); };
      now->outcome = co_await writer_.run(std::move(job));
      if (!now->outcome) GUST_ERROR("meter: records are lost: {}", now->outcome.error().message);
      now->written.set();
      if (std::exchange(day_, now->day) == now->day) continue;
      if (const auto tidied = co_await tidy(); !tidied) GUST_WARN("meter: {}", tidied.error().message);
    }
    writing_ = false;
  }
  GUST_CO_CHECK(co_await batch->written.wait());
  co_return batch->outcome;
}

// What was read before is not read again: a busy day's file has hundreds of megabytes.
void Ledger::read_on(Day& day, const std::string& path, const std::string& name) {
  std::error_code error;
  if (fs::file_size(path, error) < day.read) day = {};
  std::size_t used = 0;
  day.damaged += add_lines(bytes_of(path, day.read), name, day.sums, &used);
  day.read += used;
}

async::Task<Usage> Ledger::usage(AccountId account, std::string from, std::string to) {
  if (const auto waiting = next_) GUST_CO_CHECK(co_await waiting->written.wait());
  auto job = [folder = folder_, known = days_, account, from, to]() -> Result<Usage> {
    Usage out;
    const auto days = days_of(folder);
    std::erase_if(*known, [&](const auto& day) {
      const auto found = days.find(day.first);
      return found == days.end() || found->second.extension() != kRaw;
    });
    for (const auto& [day, path] : days) {
      if (day < from || day > to) continue;
      Day summed;
      Day& read = path.extension() == kRaw ? (*known)[day] : summed;
      if (path.extension() == kRaw)
        read_on(read, path.string(), day);
      else
        GUST_CHECK(read_sums(path, day, read.sums));
      out.damaged += read.damaged;
      for (const auto& [key, sum] : read.sums) {
        if (sum.account == account) out.sums.push_back(sum);
      }
    }
    return out;
  };
  co_return co_await writer_.run(std::move(job));
}

async::Task<void> Ledger::tidy() {
  const auto oldest = day_of(clock_.now() - std::chrono::hours(24 * kRawDays));
  auto job = [folder = folder_, oldest]() -> Result<void> {
    for (const auto& [day, path] : days_of(folder)) {
      if (day < oldest && path.extension() == kRaw) GUST_CHECK(replace_by_sums(path, day));
    }
    return {};
  };
  co_return co_await writer_.run(std::move(job));
}

}  // namespace gust::meter
