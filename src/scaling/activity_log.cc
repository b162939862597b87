#include "scaling/activity_log.h"

#include "scaling/rows.h"

#include <fmt/format.h>

namespace gust::scaling {

constexpr std::size_t kForgottenAtOnce = 16;

Result<std::string> ActivityLog::write(kv::Transaction& tx, Activity& activity, std::uint64_t sequence) {
  activity.id = random_.uuid();
  activity.started_at = clock_.now();
  activity.description = fmt::format("Setting desired concurrency to {}.", activity.wanted);
  if (activity.status != Activity::Status::kInProgress) activity.ended_at = activity.started_at;
  const auto& account = activity.resource.account;
  auto key = rows::activity_key(account, activity.started_at, sequence);
  tx.put(key, rows::encode(activity));
  kv::Range old = kv::Range::prefix(rows::activities_prefix(account), kForgottenAtOnce);
  old.begin = rows::activity_key(account, activity.started_at - kKept, 0);
  GUST_TRY(const auto forgotten, tx.scan(old));
  for (const auto& row : forgotten) tx.erase(row.key);
  return key;
}

Result<void> ActivityLog::begin(kv::Transaction& tx, Activity activity) {
  const auto sequence = sequence_.fetch_add(1, std::memory_order_relaxed);
  activity.status = Activity::Status::kInProgress;
  GUST_TRY(const auto key, write(tx, activity, sequence));
  tx.put(rows::pending_key(activity.started_at, sequence), key);
  return {};
}

Result<void> ActivityLog::refuse(kv::Transaction& tx, Activity activity, std::string reason) {
  activity.status = Activity::Status::kFailed;
  activity.message = failure(activity.wanted, reason);
  GUST_CHECK(write(tx, activity, sequence_.fetch_add(1, std::memory_order_relaxed)));
  return {};
}

std::string ActivityLog::failure(std::uint32_t wanted, std::string_view reason) {
  return fmt::format("Failed to set desired concurrency to {}. Reason: {}", wanted, reason);
}

}  // namespace gust::scaling
