#include "cli/deploy/lock.h"

#include "codec/json.h"
#include "codec/time_format.h"

#include <fmt/format.h>

#include <cerrno>
#include <csignal>
#include <fstream>
#include <random>
#include <unistd.h>

namespace gust::cli {
namespace {

namespace json = boost::json;

std::string first_line(const char* path) {
  std::ifstream in(path);
  std::string out;
  std::getline(in, out);
  return out;
}

// The same only for processes that can see each other by their ids: one boot of one machine, one pid namespace.
std::string machine() {
  std::string space(64, '\0');
  const auto size = ::readlink("/proc/self/ns/pid", space.data(), space.size());
  space.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  return first_line("/proc/sys/kernel/random/boot_id") + " " + space;
}

std::string host_name() {
  std::string name(256, '\0');
  return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.c_str()) : "an unknown host";
}

struct Holder {
  std::string machine, host;
  std::int64_t pid = 0;
};

Holder holder_of(const std::string& body) {
  Holder out;
  const auto parsed = codec::parse_json(body);
  if (!parsed || !parsed->is_object()) return out;
  const auto& object = parsed->get_object();
  const auto text = [&](std::string_view name) {
    const auto* value = object.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
  };
  out.machine = text("machine");
  out.host = text("host");
  if (const auto* pid = object.if_contains("pid"); pid != nullptr && pid->is_int64()) out.pid = pid->get_int64();
  return out;
}

// By the server's clock alone; absent headers count as fresh.
std::chrono::seconds age_of(const Answer& found) {
  const auto now = codec::from_http_date(found.headers.get_or("date", ""));
  const auto then = codec::from_http_date(found.headers.get_or("last-modified", ""));
  if (!now || !then) return std::chrono::seconds(0);
  return std::chrono::duration_cast<std::chrono::seconds>(*now - *then);
}

bool is_over(const Answer& found) {
  if (age_of(found) > kLockLease) return true;
  const auto holder = holder_of(found.body);
  return holder.pid > 0 && holder.machine == machine() && ::kill(static_cast<pid_t>(holder.pid), 0) != 0 &&
         errno == ESRCH;
}

}  // namespace

StackLock::StackLock(Remote& remote, const std::string& bucket, std::string stack)
    : remote_(remote), stack_(std::move(stack)), path_(fmt::format("/{}/stacks/{}.lock", bucket, stack_)) {
  std::random_device random;
  token_ = fmt::format("{:08x}{:08x}", random(), random());
}

StackLock::~StackLock() {
  if (held()) (void)remote_.send({.method = "DELETE", .service = "s3", .path = path_});
}

Result<Answer> StackLock::put(const std::string& condition, const std::string& value) {
  const json::object body{{"token", token_},
                          {"renewals", renewals_++},
                          {"host", host_name()},
                          {"machine", machine()},
                          {"pid", static_cast<std::int64_t>(::getpid())}};
  GUST_TRY(auto answer, remote_.send({.method = "PUT",
                                      .service = "s3",
                                      .path = path_,
                                      .headers = {{"Content-Type", "application/json"}, {condition, value}},
                                      .body = codec::to_json(body)}));
  if (answer.ok()) {
    etag_ = answer.headers.get_or("etag", "");
    renewed_ = std::chrono::steady_clock::now();
  }
  return answer;
}

Result<void> StackLock::take() {
  // Twice, since a holder may let go between the refusal and the look.
  for (int attempt = 0; attempt < 2; ++attempt) {
    GUST_TRY(auto answer, put("If-None-Match", "*"));
    if (answer.status != 412 && answer.status != 409) {
      GUST_CHECK(expect_ok(std::move(answer), fmt::format("lock the stack {}", stack_)));
      return {};
    }
    GUST_TRY(const auto found, remote_.send({.service = "s3", .path = path_}));
    if (found.status == 404) continue;
    if (!is_over(found)) return busy(found);
    GUST_TRY(const auto taken, put("If-Match", std::string(found.headers.get_or("etag", ""))));
    if (taken.ok()) return {};
  }
  return busy({});
}

Result<void> StackLock::renew() {
  if (std::chrono::steady_clock::now() - renewed_ < kLockLease / 4) return {};
  GUST_TRY(auto answer, put("If-Match", etag_));
  if (answer.status == 412 || answer.status == 404 || answer.status == 409) {
    etag_.clear();
    return fail(Code::kConflict,
                fmt::format("this deploy of {} stood still for so long that another one took over; nothing more is "
                            "done. See what is there with: gust deploy --dry-run",
                            stack_),
                "lock");
  }
  GUST_CHECK(expect_ok(std::move(answer), fmt::format("lock the stack {}", stack_)));
  return {};
}

std::unexpected<Error> StackLock::busy(const Answer& found) const {
  const auto holder = holder_of(found.body);
  const auto who = holder.pid > 0 ? fmt::format(" by process {} on {}", holder.pid, holder.host) : std::string();
  return fail(Code::kConflict,
              fmt::format("the stack {} is being deployed{} right now; nothing was changed. Wait for it and deploy "
                          "again; if it has died, its lock ends {} seconds after its last sign of life",
                          stack_, who, kLockLease.count()),
              "lock");
}

}  // namespace gust::cli
