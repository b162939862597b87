#include "tables/maintenance.h"

#include "base/log.h"

namespace gust::tables {
namespace {

constexpr Millis kPause{1000};  // after what failed

}  // namespace

async::Task<void> Maintenance::run() {
  for (;;) {
    catalog_.worked().reset();
    auto works = co_await catalog_.works();
    if (!works) {
      GUST_WARN("tables: reading what is to be done: {}", works.error().message);
      GUST_CO_CHECK(co_await async::sleep_for(kPause));
      continue;
    }
    for (auto& one : *works) {
      auto key = table_rows::work_key(one.table.id, one.index);
      if (started_.insert(key).second) tasks_.spawn(work(std::move(one), std::move(key)));
    }
    GUST_CO_CHECK(co_await catalog_.worked().wait());
  }
}

async::Task<void> Maintenance::work(Work work, std::string key) {
  for (;;) {
    const auto done = co_await do_once(work);
    if (done) break;
    if (done.error().code == Code::kCancelled) co_return done;
    if (done.error().source != "copied")
      GUST_WARN("tables: {} {}: {}", work.table.name, work.index, done.error().message);
    GUST_CO_CHECK(co_await async::sleep_for(kPause));
  }
  started_.erase(key);
  // A change may have left other work under this key meanwhile.
  catalog_.worked().set();
  co_return Result<void>();
}

async::Task<void> Maintenance::do_once(Work work) {
  Result<void> done;
  switch (work.kind) {
    case Work::Kind::kDropTable: done = co_await items_.drop(work.table); break;
    case Work::Kind::kDropIndex: done = co_await items_.drop_index(work.table, work.index); break;
    case Work::Kind::kFillIndex: done = co_await items_.backfill(work.table, work.index); break;
  }
  // The table was deleted meanwhile: nothing is left to fill.
  const bool gone = !done && done.error().code == Code::kNotFound && done.error().source == "table";
  if (!done && !gone) co_return done;
  co_return co_await catalog_.finish(std::move(work));
}

}  // namespace gust::tables
