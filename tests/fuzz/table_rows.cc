// Any bytes as a row of items, records, histories, jobs and the like: an error where it is none, and the same again
// where it is one.
#include "fuzz/fuzz.h"
#include "tables/backups/backup.h"
#include "tables/backups/undo_log.h"
#include "tables/transfers/import.h"
#include "tables/backups/job.h"
#include "tables/rows.h"
#include "tables/stored_item.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gust::tables;
  const auto row = as_text(data, size);
  const auto item = rows::decode_item(row);
  const auto stored = StoredItem::of(std::string(row));
  GUST_ASSERT(item.has_value() == stored.has_value());
  if (item) {
    const auto again = rows::encode(*item);
    GUST_ASSERT(rows::decode_item(again) == *item);
    GUST_ASSERT(again != row || size_of(*item) == stored->size());
  }
  const gust::kv::Entry entry{rows::record_key({"id", "label"}, 7), std::string(row)};
  if (const auto record = rows::decode_record(entry)) {
    const auto again = rows::decode_record({entry.key, rows::encode(*record)});
    GUST_ASSERT(again && again->sequence == 7 && again->keys == record->keys && again->before == record->before &&
                again->after == record->after);
  }
  const gust::kv::Entry changed{undo_log::key("id", 7, 3), std::string(row)};
  if (const auto change = undo_log::decode(changed)) {
    const auto again = undo_log::decode({changed.key, undo_log::encode(*change)});
    GUST_ASSERT(change->sequence == 7 && again == *change);
  }
  if (const auto job = job_rows::decode(row)) {
    const auto written = job_rows::encode(*job);
    GUST_ASSERT(job_rows::encode(*job_rows::decode(written)) == written);
  }
  (void)backup_rows::decode(row);
  (void)export_rows::decode(row);
  (void)import_rows::decode(row);
  return 0;
}
