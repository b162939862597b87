#include "daemon/use_counts.h"

#include "base/log.h"

#include <cmath>

namespace gust::daemon {
namespace {

using api::ServiceKind;

constexpr std::uint64_t kApiPiece = 512 << 10;  // of a request to an HTTP API that counts as one
constexpr Millis kFirstLook{60'000};
constexpr Millis kPause{20};  // between two pages of a bucket's listing: others come first
constexpr std::size_t kPage = 1000;

void count_bytes(meter::Use& use, const Served& request) {
  if (request.from == Served::From::kFunction) {
    use.bytes_inside += request.bytes_in + request.bytes_out;
  } else {
    use.bytes_in += request.bytes_in;
    use.bytes_out += request.bytes_out;
  }
}

// PUT, COPY, POST and LIST have one price, GET and all others another; DELETE and its POST have none
// (https://aws.amazon.com/s3/pricing/).
void count_objects(meter::UseLedger& ledger, const Served& request) {
  const auto bucket = bucket_of(request);
  meter::Use use{.requests = 1};
  count_bytes(use, request);
  const bool deletes = is_deletion(request);
  if (request.method == "PUT" || request.method == "POST" || is_listing(request))
    use.puts = deletes ? 0 : 1;
  else if (!deletes)
    use.gets = 1;
  ledger.count("s3", bucket, bucket.empty() ? request.account : AccountId(), use);
}

std::uint64_t byte_hours(std::uint64_t bytes, Millis time) {
  constexpr std::uint64_t kHour = 3'600'000;
  return static_cast<std::uint64_t>(static_cast<unsigned __int128>(bytes) *
                                    static_cast<std::uint64_t>(time.count()) / kHour);
}

async::Task<AccountId> find_owner(objects::ObjectStore& objects, gateway::Apis& apis, std::string service,
                                  std::string resource) {
  if (service == "s3") {
    GUST_CO_TRY(const auto bucket, co_await objects.bucket(BucketName(resource)));
    co_return bucket.owner;
  }
  GUST_CO_TRY(const auto served, co_await apis.served(resource));
  co_return AccountId(served->api.account);
}

}  // namespace

meter::UseLedger::Owner owner_of(objects::ObjectStore& objects, gateway::Apis& apis) {
  return [&objects, &apis](std::string service, std::string resource) {
    return find_owner(objects, apis, std::move(service), std::move(resource));
  };
}

void UseCounts::served(const Served& request) {
  parts_.metrics.served(request);
  if (request.status >= 500 || request.status == 403) return;  // free on the public service, too
  if (request.service == ServiceKind::kS3) return count_objects(parts_.ledger, request);
  meter::Use use;
  count_bytes(use, request);
  if (request.service == ServiceKind::kDynamoDb) {  // its units are counted for the table
    if (!request.account.empty()) parts_.ledger.count("dynamodb", "", request.account, use);
    return;
  }
  use.requests = 1;
  if (request.service == ServiceKind::kSite) {
    use.gets = 1;
    return parts_.ledger.count("s3", request.name, AccountId(), use);
  }
  use.api_requests = std::max<std::uint64_t>(1, (request.bytes_in + request.bytes_out + kApiPiece - 1) / kApiPiece);
  parts_.ledger.count("apigateway", request.name, AccountId(), use);
}

void UseCounts::taken(const tables::Table& table, tables::Units units, double number) {
  parts_.metrics.taken(table, units, number);
  const auto milli = static_cast<std::uint64_t>(std::llround(number * 1000));
  meter::Use use{.requests = 1};
  (units == tables::Units::kRead ? use.read_milliunits : use.write_milliunits) = milli;
  parts_.ledger.count("dynamodb", table.name.str(), table.account, use);
}

async::Task<void> UseCounts::run() {
  auto looked_at = std::chrono::steady_clock::now();
  for (auto pause = std::min(period_, kFirstLook);; pause = period_) {
    GUST_CO_CHECK(co_await async::sleep_for(pause));
    const auto now = std::chrono::steady_clock::now();
    const auto done = co_await look(std::chrono::floor<Millis>(now - std::exchange(looked_at, now)));
    if (!done && done.error().code == Code::kCancelled) co_return done;
    if (!done) GUST_WARN("meter: counting what is stored: {}", done.error().message);
  }
}

async::Task<void> UseCounts::look(Millis since) {
  GUST_CO_TRY(const auto tables, co_await parts_.catalog.all());
  for (const auto& table : tables) {
    const meter::Use use{.byte_hours = byte_hours(parts_.sweeper.bytes(table.id), since)};
    if (use.byte_hours > 0) parts_.ledger.count("dynamodb", table.name.str(), table.account, use);
  }
  GUST_CO_TRY(const auto accounts, co_await parts_.accounts.list());
  for (const auto& account : accounts) {
    GUST_CO_TRY(const auto buckets, co_await parts_.objects.buckets(account.id));
    for (const auto& bucket : buckets) {
      const auto stored = co_await stored_in(bucket.name);
      if (!stored && stored.error().code == Code::kNotFound) continue;  // removed meanwhile
      if (!stored) co_return std::unexpected(stored.error());
      parts_.metrics.stored(account.id, bucket.name.str(), stored->bytes, stored->objects);
      const meter::Use use{.byte_hours = byte_hours(stored->bytes, since)};
      if (use.byte_hours > 0) parts_.ledger.count("s3", bucket.name.str(), account.id, use);
    }
  }
  co_return Result<void>{};
}

// Of all versions.
async::Task<UseCounts::Stored> UseCounts::stored_in(BucketName bucket) {
  objects::VersionsQuery query;
  query.limit = kPage;
  Stored stored;
  for (;;) {
    GUST_CO_TRY(const auto page, co_await parts_.objects.list_versions(bucket, query));
    for (const auto& version : page.versions) stored.bytes += version.object.size;
    stored.objects += page.versions.size();
    if (!page.truncated) co_return stored;
    query.key_marker = page.next_key;
    query.version_marker = page.next_version;
    GUST_CO_CHECK(co_await async::sleep_for(kPause));
  }
}

}  // namespace gust::daemon
