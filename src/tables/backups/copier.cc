#include "tables/backups/copier.h"

#include "tables/backups/undo_log.h"
#include "tables/pieces.h"
#include "tables/shape.h"

#include <algorithm>

namespace gust::tables {
namespace {

constexpr std::size_t kStepBytes = 1 << 20;
using Phase = Copying::Phase;

// What is left of the phase.
kv::Range left(const Copying& copying) {
  if (copying.phase == Phase::kRows) {
    auto out = kv::Range::prefix(copying.from);
    if (!copying.cursor.empty()) out.begin = copying.cursor + '\0';
    return out;
  }
  auto out = undo_log::behind(copying.table_id, copying.line);
  out.order = kv::Order::kBackward;
  if (!copying.cursor.empty()) out.end = copying.cursor;
  return out;
}

Result<void> apply(kv::Transaction& tx, const Copying& copying, const kv::Entry& row) {
  if (copying.phase == Phase::kRows) {
    tx.put(copying.to + row.key.substr(copying.from.size()), row.value);
    return {};
  }
  GUST_TRY(const auto change, undo_log::decode(row));
  if (change.before) {
    tx.put(copying.to + change.item, *change.before);
  } else {
    tx.erase(copying.to + change.item);
  }
  return {};
}

Phase next(const Copying& copying) {
  return copying.phase == Phase::kRows && !copying.table_id.empty() ? Phase::kUndo : Phase::kDone;
}

}  // namespace

Result<void> begin(kv::Transaction& tx, Sequences& sequences, WallTime now, Copying& copying) {
  GUST_CHECK(begin_copy(tx, copying.table_id));
  GUST_CHECK(undo_log::learn(tx, sequences, copying.table_id));
  const auto ticket = sequences.open();
  const auto latest = sequences.next(*ticket, undo_log::stream_of(copying.table_id), now);
  copying.line = copying.line == 0 ? latest : std::min(copying.line, latest);
  return {};
}

async::Task<void> Copier::copy(std::shared_ptr<Job> job) {
  Pieces pieces;
  while (job->copying.phase != Phase::kDone) {
    auto range = left(job->copying);
    range.limit = pieces.next(kStepBytes);
    GUST_CO_CHECK(co_await step(job, std::move(range), pieces));
  }
  co_return Result<void>();
}

async::Task<void> Copier::step(std::shared_ptr<Job> job, kv::Range range, Pieces& pieces) {
  GUST_CO_TRY(const auto rows, co_await store_.scan(range));
  pieces.took(rows);
  auto after = *job;
  if (!rows.empty()) after.copying.cursor = rows.back().key;
  if (rows.size() < range.limit) {
    after.copying.phase = next(job->copying);
    after.copying.cursor.clear();
  }
  kv::Store::Body body = [&](kv::Transaction& tx) -> Result<void> {
    for (const auto& row : rows) GUST_CHECK(apply(tx, job->copying, row));
    tx.put(job_rows::key(after.id), job_rows::encode(after));
    return {};
  };
  // What a machine's crash takes of it is done again, as the job's row goes with it.
  GUST_CO_CHECK(co_await store_.transact(std::move(body), kv::Durability::kBuffered));
  job->copying = std::move(after.copying);
  co_return Result<void>();
}

}  // namespace gust::tables
