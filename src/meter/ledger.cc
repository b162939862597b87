#include "meter/ledger.h"

#include "base/log.h"
#include "codec/crc.h"
#include "codec/json.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <span>

namespace gust::meter {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::string_view kRaw = ".ledger", kSums = ".sums";
constexpr std::size_t kCrcDigits = 8;
constexpr Millis kPause{5};

std::string crc_of(std::string_view text) {
  return fmt::format("{:08x}", codec::crc32(0, std::as_bytes(std::span(text.data(), text.size()))));
}

// Cuts off the line that a crash left unfinished.
Result<void> mend_tail(int fd, const std::string& path) {
  auto size = ::lseek(fd, 0, SEEK_END);
  char last = '\n';
  const auto whole = size;
  while (size > 0 && ::pread(fd, &last, 1, size - 1) == 1 && last != '\n') --size;
  if (size == whole) return {};
  GUST_WARN("meter: '{}' ended within a record; its {} bytes are cut off", path, whole - size);
  if (::ftruncate(fd, size) != 0) return fail_errno(fmt::format("cutting '{}'", path), errno);
  return {};
}

// All of `bytes`, or none of them.
Result<void> append_bytes(const std::string& path, const std::string& bytes) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) return fail_errno(fmt::format("opening '{}'", path), errno);
  Result<void> done = mend_tail(fd, path);
  const auto before = ::lseek(fd, 0, SEEK_END);
  for (std::size_t at = 0; done && at < bytes.size();) {
    const auto n = ::write(fd, bytes.data() + at, bytes.size() - at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      done = fail_errno(fmt::format("writing '{}'", path), errno);
      if (::ftruncate(fd, before) != 0) GUST_WARN("meter: '{}' may end within a record", path);
      break;
    }
    at += static_cast<std::size_t>(n);
  }
  ::close(fd);
  return done;
}

std::string content_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

using Sums = std::map<std::pair<std::string, std::string>, Sum>;  // by account and function

std::uint64_t add_lines(const fs::path& path, const std::string& day, Sums& into) {
  return read_lines(content_of(path), [&](Record record) {
    auto& sum = into[{record.account.str(), record.function}];
    sum.day = day;
    sum.account = record.account;
    sum.function = record.function;
    sum.add(record);
  });
}

json::object to_json(const Sum& s) {
  return {{"account", s.account.str()}, {"function", s.function},   {"invocations", s.invocations},
          {"errors", s.errors},         {"starts", s.starts},       {"billed_ms", s.billed_ms},
          {"mb_ms", s.mb_ms},           {"tmp_mb_ms", s.tmp_mb_ms}, {"duration_us", s.duration_us},
          {"init_us", s.init_us},       {"cpu_us", s.cpu_us},       {"in", s.bytes_in},
          {"out", s.bytes_out}};
}

Result<void> read_sums(const fs::path& path, const std::string& day, Sums& into) {
  const auto document = codec::parse_json(content_of(path));
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
  add_lines(raw, day, sums);
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

std::string line_of(const Record& record) {
  const auto text = encode(record);
  return fmt::format("{} {}\n", crc_of(text), text);
}

std::uint64_t read_lines(std::string_view bytes, const std::function<void(Record)>& take) {
  std::uint64_t damaged = 0;
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    if (end == std::string_view::npos) return damaged;  // being written, or cut off by a crash
    const auto line = bytes.substr(0, end);
    bytes.remove_prefix(end + 1);
    const bool sound = line.size() > kCrcDigits && line.substr(0, kCrcDigits) == crc_of(line.substr(kCrcDigits + 1));
    auto record = sound ? decode_record(line.substr(kCrcDigits + 1)) : fail(Code::kCorrupt, "");
    if (record)
      take(*std::move(record));
    else
      ++damaged;
  }
  return damaged;
}

Ledger::Ledger(async::Executor executor, env::Clock& clock, std::string folder)
    : executor_(executor), clock_(clock), folder_(std::move(folder)), writer_("ledger", 1, 1000) {
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

async::Task<Usage> Ledger::usage(AccountId account, std::string from, std::string to) {
  if (const auto waiting = next_) GUST_CO_CHECK(co_await waiting->written.wait());
  auto job = [folder = folder_, account, from, to]() -> Result<Usage> {
    Usage out;
    for (const auto& [day, path] : days_of(folder)) {
      if (day < from || day > to) continue;
      Sums sums;
      if (path.extension() == kRaw)
        out.damaged += add_lines(path, day, sums);
      else
        GUST_CHECK(read_sums(path, day, sums));
      for (auto& [key, sum] : sums) {
        if (sum.account == account) out.sums.push_back(std::move(sum));
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
