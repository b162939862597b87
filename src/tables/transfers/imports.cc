#include "tables/transfers/imports.h"

#include "tables/item_writer.h"
#include "tables/rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace gust::tables {
namespace {

constexpr std::size_t kMost = 50;             // at the same time
constexpr std::size_t kMaxObjects = 50'000;   // of an import
constexpr std::size_t kPiece = 256 << 10;     // bytes that are read at once
constexpr std::size_t kPacked = 16 << 10;     // of gzip, which swells
constexpr std::size_t kListed = 1000;

std::unexpected<Error> no_import(const TransferRef& ref) {
  return fail(Code::kNotFound, fmt::format("Import not found: {}", ref.id), "import");
}

// What is no use to try again.
std::optional<Failure> failure_of(const Error& error) {
  if (error.source == "bucket" && error.code == Code::kNotFound)
    return Failure{"S3NoSuchBucket", "The specified bucket does not exist"};
  if (error.source == "bucket") return Failure{"S3AccessDenied", "Access Denied"};
  if (error.source == "objects") return Failure{"ItemValidationError", error.message};
  if (error.source == "prefix") return Failure{"S3NoSuchKey", error.message};
  return std::nullopt;
}

}  // namespace

Imports::Imports(Parts parts) : parts_(std::move(parts)) {
  parts_.jobs.add(Job::Kind::kImport, [this](Job job) { return run(std::move(job)); });
}

// What came with this token before.
async::Task<std::optional<Import>> Imports::seen(const Import& wanted, const std::string& digest) {
  const auto out = std::make_shared<std::optional<Import>>();
  const TransferToken token{TransferKind::kImport, wanted.ref.account, wanted.ref.region, wanted.token, digest};
  const auto now = parts_.clock.now();
  kv::Store::Body body = [token, now, out](kv::Transaction& tx) -> Result<void> {
    GUST_TRY(const auto id, known_transfer(tx, token, now));
    if (!id) return {};
    GUST_TRY(const auto row, tx.get(import_rows::key({token.account, token.region, *id})));
    if (!row) return {};
    GUST_TRY(*out, import_rows::decode(*row));
    return {};
  };
  GUST_CO_CHECK(co_await parts_.store.transact(std::move(body)));
  co_return std::move(*out);
}

async::Task<Import> Imports::create(Import wanted, std::string digest) {
  GUST_CO_TRY(auto there, co_await seen(wanted, digest));
  if (there) co_return *std::move(there);
  Place place{wanted.table.account, wanted.table.region, wanted.table.name};
  GUST_CO_CHECK(co_await parts_.jobs.check_room(Job::Kind::kImport, std::move(place), kMost));
  wanted.started_at = parts_.clock.now();
  wanted.ref.id = timed_id(wanted.started_at, parts_.random);
  const auto out = std::make_shared<Import>(wanted);
  auto table = wanted.table;
  table.status = Status::kCreating;
  for (auto& index : table.indexes) index.status = Status::kCreating;
  Catalog::Also also = [out, digest](kv::Transaction& tx, const Table& made) -> Result<void> {
    const TransferToken token{TransferKind::kImport, out->ref.account, out->ref.region, out->token, digest};
    GUST_TRY(const auto seen, seen_before(tx, token, out->ref.id, out->started_at));
    // Twice at the same time: the table that the other made is refused, too.
    if (seen) return fail(Code::kAlreadyExists, fmt::format("Table already exists: {}", made.name), "table");
    out->table = made;
    tx.put(import_rows::key(out->ref), import_rows::encode(*out));
    Jobs::plan(tx, {Job::Kind::kImport, out->ref.id, {made.account, made.region, made.name}});
    return {};
  };
  GUST_CO_CHECK(co_await parts_.catalog.create(std::move(table), std::move(also)));
  parts_.jobs.notify();
  co_return std::move(*out);
}

async::Task<void> Imports::run(Job job) {
  const TransferRef ref{job.place.account, job.place.region, job.id};
  GUST_CO_TRY(auto found, co_await find(ref));
  const auto one = std::make_shared<Import>(std::move(found));
  const auto shared = std::make_shared<Job>(job);
  if (const auto done = co_await read_all(shared, one); !done) {
    auto failure = failure_of(done.error());
    if (!failure) co_return done;
    co_return co_await give_up(std::move(job), *one, *std::move(failure));
  }
  for (const auto& index : one->table.indexes) {
    GUST_CO_CHECK(co_await parts_.items.backfill(one->table, index.name));
  }
  co_return co_await complete(std::move(job), *one);
}

async::Task<void> Imports::read_all(std::shared_ptr<Job> job, std::shared_ptr<Import> one) {
  if (!one->bucket_owner.empty() && one->bucket_owner != one->ref.account.str())
    co_return fail(Code::kDenied, "Access Denied", "bucket");
  const Buckets::Where where{one->ref.account, one->bucket};
  std::size_t seen = 0;
  std::string after;
  for (;;) {
    GUST_CO_TRY(const auto objects, co_await parts_.buckets.list(where, one->prefix, after, kListed));
    seen += objects.size();
    if (seen == 0) co_return fail(Code::kNotFound, "The specified key does not exist.", "prefix");
    if (seen > kMaxObjects) {
      co_return fail(Code::kTooLarge, fmt::format("There are more than {} objects to import", kMaxObjects), "objects");
    }
    for (const auto& object : objects) {
      after = object.key;
      // What was read before a restart is in the table.
      if (object.key <= job->copying.cursor || object.key.ends_with('/')) continue;
      GUST_CO_CHECK(co_await read_object(job, one, object.key));
    }
    if (objects.size() < kListed) co_return Result<void>();
  }
}

async::Task<void> Imports::read_object(std::shared_ptr<Job> job, std::shared_ptr<Import> one, std::string key) {
  const auto reading = std::make_shared<Reading>(*one, parts_.line);
  reading->key = key;
  const Buckets::Where where{one->ref.account, one->bucket};
  GUST_CO_TRY(const auto source, co_await parts_.buckets.open(where, key));
  const auto piece = std::make_shared<std::vector<std::byte>>(one->format.gzip ? kPacked : kPiece);
  for (bool more = true; more;) {
    GUST_CO_TRY(const auto size, co_await source->read(*piece));
    more = size > 0;
    auto parse = [reading, piece, size]() -> Result<void> {
      const std::string_view bytes(reinterpret_cast<const char*>(piece->data()), size);
      return size > 0 ? reading->reader.add(bytes, reading->records) : reading->reader.finish(reading->records);
    };
    const auto parsed = co_await workers_.run(std::move(parse));
    if (!parsed && parsed.error().code != Code::kInvalid) co_return parsed;
    GUST_CO_CHECK(co_await take(*one, reading));
    if (parsed) continue;
    // The rest of the object cannot be read.
    tell(*one, *reading, 0, parsed.error().message);
    more = false;
  }
  auto after = *job;
  after.copying.cursor = key;
  auto now = *one;
  now.bytes += reading->reader.bytes();
  now.imported += reading->imported;
  now.errors += reading->errors;
  now.processed += reading->imported + reading->errors;
  kv::Store::Body body = [after, now](kv::Transaction& tx) -> Result<void> {
    Jobs::plan(tx, after);
    tx.put(import_rows::key(now.ref), import_rows::encode(now));
    return {};
  };
  GUST_CO_CHECK(co_await parts_.store.transact(std::move(body), kv::Durability::kBuffered));
  *job = std::move(after);
  *one = std::move(now);
  co_return Result<void>();
}

// Puts what was read so far.
async::Task<void> Imports::take(const Import& one, std::shared_ptr<Reading> reading) {
  const auto records = std::exchange(reading->records, {});
  std::vector<std::pair<std::string, std::string>> rows;
  for (const auto& record : records) {
    if (!record.item) {
      tell(one, *reading, record.index, record.item.error().message);
      continue;
    }
    const Write write{.table = one.table, .key = {}, .item = *record.item};
    if (const auto fits = check(write); !fits) {
      tell(one, *reading, record.index, fits.error().message);
      continue;
    }
    rows.emplace_back(rows::item_key(one.table, *record.item), rows::encode(*record.item));
  }
  if (rows.empty()) co_return Result<void>();
  kv::Store::Body body = [&rows](kv::Transaction& tx) -> Result<void> {
    for (const auto& [key, row] : rows) tx.put(key, row);
    return {};
  };
  // What a machine's crash takes is read again, as what is noted of the object comes after it.
  GUST_CO_CHECK(co_await parts_.store.transact(std::move(body), kv::Durability::kBuffered));
  reading->imported += rows.size();
  co_return Result<void>();
}

void Imports::tell(const Import& one, Reading& reading, std::uint64_t index, const std::string& message) {
  if (one.errors + reading.errors++ >= kMaxLogged) return;
  parts_.log(one.ref.account, {one.arn(), one.bucket, reading.key, index, message});
}

async::Task<void> Imports::complete(Job job, Import one) {
  one.progress = Progress::kCompleted;
  one.ended_at = parts_.clock.now();
  Catalog::Also also = [job, one](kv::Transaction& tx, const Table& table) -> Result<void> {
    auto now = one;
    now.table = table;
    tx.put(import_rows::key(now.ref), import_rows::encode(now));
    Jobs::finish(tx, job);
    return {};
  };
  auto table = one.table;
  GUST_CO_CHECK(co_await parts_.catalog.activate(std::move(table), std::move(also)));
  co_return Result<void>();
}

async::Task<void> Imports::give_up(Job job, Import one, Failure failure) {
  one.progress = Progress::kFailed;
  one.ended_at = parts_.clock.now();
  one.failure = std::move(failure);
  Catalog::Also also = [job, one](kv::Transaction& tx, const Table&) -> Result<void> {
    tx.put(import_rows::key(one.ref), import_rows::encode(one));
    Jobs::finish(tx, job);
    return {};
  };
  auto table = one.table;
  co_return co_await parts_.catalog.abandon(std::move(table), std::move(also));
}

async::Task<Import> Imports::find(TransferRef ref) {
  GUST_CO_TRY(const auto row, co_await parts_.store.get(import_rows::key(ref)));
  if (!row) co_return no_import(ref);
  co_return import_rows::decode(*row);
}

async::Task<Imports::Found> Imports::list(Query query) {
  auto range = kv::Range::prefix(import_rows::prefix(query.account, query.region));
  range.order = kv::Order::kBackward;
  if (!query.before.empty()) range.end = import_rows::key({query.account, query.region, query.before});
  Found out;
  for (;;) {
    GUST_CO_TRY(const auto rows, co_await parts_.store.scan(range));
    for (const auto& row : rows) {
      GUST_CO_TRY(auto one, import_rows::decode(row.value));
      if (query.table && one.table.name != *query.table) continue;
      out.more = out.imports.size() == query.limit;
      if (out.more) co_return out;
      out.imports.push_back(std::move(one));
    }
    if (rows.size() < range.limit) co_return out;
    range.end = rows.back().key;
  }
}

}  // namespace gust::tables
