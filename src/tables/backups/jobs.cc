#include "tables/backups/jobs.h"

#include "base/log.h"

#include <fmt/format.h>

#include <algorithm>

namespace gust::tables {
namespace {

constexpr Millis kPause{1000};  // after what failed
constexpr std::size_t kMany = 100'000;

}  // namespace

async::Task<std::vector<Job>> Jobs::all() {
  auto range = kv::Range::prefix(std::string(job_rows::kJobs), kMany);
  GUST_CO_TRY(const auto rows, co_await store_.scan(std::move(range)));
  std::vector<Job> out;
  for (const auto& row : rows) {
    GUST_CO_TRY(auto job, job_rows::decode(row.value));
    out.push_back(std::move(job));
  }
  co_return out;
}

async::Task<void> Jobs::check_room(Job::Kind kind, Place place, std::size_t most) {
  GUST_CO_TRY(const auto jobs, co_await all());
  const auto there = std::ranges::count_if(jobs, [&](const Job& job) {
    return job.kind == kind && job.place.account == place.account && job.place.region == place.region;
  });
  if (static_cast<std::size_t>(there) < most) co_return Result<void>();
  co_return fail(Code::kTooLarge,
                 fmt::format("Subscriber limit exceeded: {} go on already, the most at the same time; try again later",
                             there),
                 "limit");
}

async::Task<void> Jobs::run() {
  for (;;) {
    planned_.reset();
    auto jobs = co_await all();
    if (!jobs) {
      if (jobs.error().code == Code::kCancelled) co_return std::unexpected(jobs.error());
      GUST_WARN("tables: reading the jobs: {}", jobs.error().message);
      GUST_CO_CHECK(co_await async::sleep_for(kPause));
      continue;
    }
    for (auto& job : *jobs) {
      if (started_.insert(job.id).second) tasks_.spawn(work(std::move(job.id)));
    }
    GUST_CO_CHECK(co_await planned_.wait());
  }
}

async::Task<void> Jobs::work(std::string id) {
  for (;;) {
    const auto done = co_await work_once(id);
    if (done) break;
    if (done.error().code == Code::kCancelled) co_return done;
    GUST_WARN("tables: job {}: {}", id, done.error().message);
    GUST_CO_CHECK(co_await async::sleep_for(kPause));
  }
  started_.erase(id);
  // Another may have been planned under this id meanwhile.
  planned_.set();
  co_return Result<void>();
}

async::Task<void> Jobs::work_once(std::string id) {
  GUST_CO_TRY(const auto row, co_await store_.get(job_rows::key(id)));
  if (!row) co_return Result<void>();
  GUST_CO_TRY(auto job, job_rows::decode(*row));
  const auto doing = doings_.find(job.kind);
  if (doing == doings_.end()) co_return fail(Code::kInternal, "nobody does jobs of this kind");
  co_return co_await doing->second(std::move(job));
}

}  // namespace gust::tables
