#include "tables/transfers/exports.h"

#include "codec/base64.h"
#include "codec/digest.h"
#include "codec/gzip.h"
#include "codec/json.h"
#include "codec/time_format.h"
#include "tables/backups/undo_log.h"
#include "tables/pieces.h"
#include "tables/rows.h"
#include "tables/shape.h"

#include <fmt/format.h>

#include <algorithm>

namespace gust::tables {
namespace {

namespace json = boost::json;

constexpr std::size_t kMost = 300;           // at the same time
constexpr std::size_t kFileBytes = 8 << 20;  // compressed, about
constexpr std::size_t kPieceBytes = 1 << 20, kManyFiles = 1'000'000;

std::unexpected<Error> no_export(const TransferRef& ref) {
  return fail(Code::kNotFound, fmt::format("Export not found: {}", ref.id), "export");
}

// 26 characters, the same each time that a file is made.
std::string name_of_file(std::string_view id, std::uint64_t n) {
  constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz234567";
  const auto digest = codec::digest(codec::DigestKind::kSha256, fmt::format("{}/{}", id, n));
  std::string out;
  for (std::size_t i = 0; i < 26; ++i) out += kAlphabet[static_cast<unsigned char>(digest[i]) % kAlphabet.size()];
  return out + ".json.gz";
}

std::string md5_of(std::string_view bytes) {
  return codec::to_base64(codec::digest(codec::DigestKind::kMd5, bytes));
}

json::value text_or_null(const std::optional<std::string>& text) {
  return text ? json::value(*text) : json::value(nullptr);
}

std::string summary_of(const Export& one) {
  return codec::to_json(json::object{
      {"version", "2020-06-30"},
      {"exportArn", one.arn()},
      {"startTime", codec::to_iso8601_ms(one.started_at)},
      {"endTime", codec::to_iso8601_ms(*one.ended_at)},
      {"tableArn", one.table_arn()},
      {"tableId", one.table.id},
      {"exportTime", codec::to_iso8601_ms(one.time)},
      {"s3Bucket", one.bucket},
      {"s3Prefix", text_or_null(one.prefix)},
      {"s3SseAlgorithm", one.encryption.value_or("AES256")},
      {"s3SseKmsKeyId", nullptr},
      {"manifestFilesS3Key", one.folder() + "manifest-files.json"},
      {"billedSizeBytes", one.bytes},
      {"itemCount", one.items},
      {"outputFormat", "DYNAMODB_JSON"},
      {"exportType", "FULL_EXPORT"},
  });
}

// What is no use to try again: the bucket is gone, or another's.
std::optional<Failure> failure_of(const Error& error) {
  if (error.source != "bucket") return std::nullopt;
  if (error.code == Code::kNotFound) return Failure{"S3NoSuchBucket", "The specified bucket does not exist"};
  if (error.code == Code::kDenied) return Failure{"S3AccessDenied", "Access Denied"};
  return Failure{"S3InvalidRequest", error.message};
}

}  // namespace

Exports::Exports(Parts parts) : parts_(std::move(parts)), copier_(parts_.store) {
  parts_.jobs.add(Job::Kind::kExport, [this](Job job) { return run(std::move(job)); });
}

Result<Export> Exports::planned(kv::Transaction& tx, const Wanted& wanted) {
  const auto now = parts_.clock.now();
  Export out;
  out.ref = {wanted.place.account, wanted.place.region, timed_id(now, parts_.random)};
  const TransferToken token{TransferKind::kExport, wanted.place.account, wanted.place.region, wanted.token,
                            wanted.digest};
  GUST_TRY(const auto seen, seen_before(tx, token, out.ref.id, now));
  if (seen) {
    GUST_TRY(const auto row, tx.get(export_rows::key({wanted.place.account, wanted.place.region, *seen})));
    if (row) return export_rows::decode(*row);
  }
  GUST_TRY(out.table, read_whole(tx, wanted.place));
  if (!out.table.recovery) {
    return fail(Code::kPrecondition,
                fmt::format("Point in time recovery is not enabled for table '{}'", out.table.name), "recovery");
  }
  if (wanted.time) GUST_CHECK(check_time(parts_.restores.window(*out.table.recovery), *wanted.time));
  out.started_at = now;
  out.time = wanted.time.value_or(now);
  out.token = wanted.token;
  out.bucket = wanted.bucket;
  out.bucket_owner = wanted.bucket_owner;
  out.prefix = wanted.prefix;
  out.encryption = wanted.encryption;
  Job job{Job::Kind::kExport, out.ref.id, wanted.place};
  job.copying = {rows::items_prefix(out.table.id), backup_rows::items_prefix(out.ref.id), out.table.id};
  if (wanted.time) job.copying.line = undo_log::end_of(*wanted.time);
  GUST_CHECK(begin(tx, *parts_.items.sequences(), now, job.copying));
  tx.put(export_rows::key(out.ref), export_rows::encode(out));
  Jobs::plan(tx, job);
  return out;
}

async::Task<Export> Exports::create(Wanted wanted) {
  auto place = wanted.place;
  GUST_CO_CHECK(co_await parts_.jobs.check_room(Job::Kind::kExport, std::move(place), kMost));
  const auto out = std::make_shared<Export>();
  kv::Store::Body body = [this, wanted = std::move(wanted), out](kv::Transaction& tx) -> Result<void> {
    GUST_TRY(*out, planned(tx, wanted));
    return {};
  };
  GUST_CO_CHECK(co_await parts_.store.transact(std::move(body)));
  parts_.jobs.notify();
  co_return std::move(*out);
}

async::Task<void> Exports::run(Job job) {
  const TransferRef ref{job.place.account, job.place.region, job.id};
  GUST_CO_TRY(auto one, co_await find(ref));
  const auto shared = std::make_shared<Job>(job);
  const auto done = co_await write(shared, one);
  one.ended_at = parts_.clock.now();
  if (done) {
    GUST_CO_TRY(const auto count, co_await parts_.items.count_rows(job.copying.to));
    one.items = count.items;
    one.bytes = count.bytes;
    const auto told = co_await write_manifests(one);
    if (told) {
      one.progress = Progress::kCompleted;
      co_return co_await finish(*shared, std::move(one));
    }
    const auto failure = failure_of(told.error());
    if (!failure) co_return told;
    one.failure = *failure;
  } else {
    const auto failure = failure_of(done.error());
    if (!failure) co_return done;
    one.failure = *failure;
  }
  one.progress = Progress::kFailed;
  co_return co_await finish(*shared, std::move(one));
}

// First that the bucket can be written to, then the rows as they were, then the files.
async::Task<void> Exports::write(std::shared_ptr<Job> job, Export one) {
  if (!one.bucket_owner.empty() && one.bucket_owner != one.ref.account.str())
    co_return fail(Code::kDenied, "Access Denied", "bucket");
  std::string name = "_started", nothing;
  GUST_CO_CHECK(co_await put(one, std::move(name), std::move(nothing)));
  if (job->copying.phase != Copying::Phase::kDone) {
    GUST_CO_CHECK(co_await copier_.copy(job));
  }
  GUST_CO_CHECK(co_await release(job));
  co_return co_await write_files(job, one);
}

// The rows are copied: writes to the table need keep nothing for this any more.
async::Task<void> Exports::release(std::shared_ptr<Job> job) {
  if (job->copying.table_id.empty()) co_return Result<void>();
  auto after = *job;
  after.copying.table_id.clear();
  kv::Store::Body body = [id = job->copying.table_id, after](kv::Transaction& tx) -> Result<void> {
    Jobs::plan(tx, after);
    return end_copy(tx, id);
  };
  GUST_CO_CHECK(co_await parts_.store.transact(std::move(body)));
  *job = std::move(after);
  co_return Result<void>();
}

Result<Exports::File> Exports::make_file(kv::Reader& reader, const Copying& copying) const {
  File out;
  codec::Gzip gzip;
  Pieces pieces;
  auto range = kv::Range::prefix(copying.to);
  if (!copying.cursor.empty()) range.begin = copying.cursor + '\0';
  while (out.bytes.size() < kFileBytes && !out.whole) {
    range.limit = pieces.next(kPieceBytes);
    GUST_TRY(const auto found, reader.scan(range));
    pieces.took(found);
    std::string lines;
    for (const auto& row : found) {
      GUST_TRY(const auto item, rows::decode_item(row.value));
      parts_.writing(lines, item);
    }
    gzip.add(lines, out.bytes);
    out.items += found.size();
    if (!found.empty()) out.last = found.back().key;
    out.whole = found.size() < range.limit;
    range.begin = out.last + '\0';
  }
  gzip.finish(out.bytes);
  return out;
}

async::Task<void> Exports::write_files(std::shared_ptr<Job> job, const Export& one) {
  // Of those that are written their rows tell.
  auto written = kv::Range::prefix(export_rows::files_prefix(job->id), kManyFiles);
  GUST_CO_TRY(const auto lines, co_await parts_.store.scan(std::move(written)));
  auto n = static_cast<std::uint64_t>(lines.size());
  if (n > 0 && job->copying.cursor.empty()) co_return Result<void>();
  for (bool whole = false; !whole; ++n) {
    const auto reader = std::shared_ptr(parts_.store.snapshot());
    auto make = [this, reader, job] { return make_file(*reader, job->copying); };
    GUST_CO_TRY(auto file, co_await workers_.run(std::move(make)));
    const auto key = one.folder() + "data/" + name_of_file(job->id, n);
    const auto md5 = md5_of(file.bytes);
    Buckets::Where where{one.ref.account, one.bucket};
    GUST_CO_TRY(const auto etag, co_await parts_.buckets.put(std::move(where), key, std::move(file.bytes)));
    const auto line = codec::to_json(json::object{
        {"itemCount", file.items}, {"md5Checksum", md5}, {"etag", etag}, {"dataFileS3Key", key}});
    whole = file.whole;
    auto after = *job;
    after.copying.cursor = whole ? "" : file.last;
    kv::Store::Body body = [after, line, n](kv::Transaction& tx) -> Result<void> {
      tx.put(export_rows::file_key(after.id, n), line);
      Jobs::plan(tx, after);
      return {};
    };
    GUST_CO_CHECK(co_await parts_.store.transact(std::move(body)));
    *job = std::move(after);
  }
  co_return Result<void>();
}

async::Task<std::string> Exports::manifest_of_files(std::string id) {
  auto written = kv::Range::prefix(export_rows::files_prefix(id), kManyFiles);
  GUST_CO_TRY(const auto lines, co_await parts_.store.scan(std::move(written)));
  std::string out;
  for (const auto& line : lines) out += line.value + "\n";
  co_return out;
}

async::Task<void> Exports::write_manifests(const Export& one) {
  GUST_CO_TRY(const auto files, co_await manifest_of_files(one.ref.id));
  const auto summary = summary_of(one);
  const std::vector<std::pair<std::string, std::string>> all = {
      {"manifest-files.json", files},
      {"manifest-files.md5", md5_of(files)},
      {"manifest-summary.json", summary},
      {"manifest-summary.md5", md5_of(summary)},
  };
  for (const auto& [name, bytes] : all) GUST_CO_CHECK(co_await put(one, name, bytes));
  co_return Result<void>();
}

async::Task<void> Exports::put(const Export& one, std::string name, std::string bytes) {
  Buckets::Where where{one.ref.account, one.bucket};
  GUST_CO_CHECK(co_await parts_.buckets.put(std::move(where), one.folder() + name, std::move(bytes)));
  co_return Result<void>();
}

async::Task<void> Exports::finish(Job job, Export one) {
  GUST_CO_CHECK(co_await parts_.items.erase_rows(export_rows::files_prefix(job.id)));
  kv::Store::Body body = [job, one](kv::Transaction& tx) -> Result<void> {
    tx.put(export_rows::key(one.ref), export_rows::encode(one));
    if (!job.copying.table_id.empty()) GUST_CHECK(end_copy(tx, job.copying.table_id));
    Jobs::finish(tx, job);
    Job erase{Job::Kind::kErase, job.id + "-rows", job.place};
    erase.copying.from = job.copying.to;
    Jobs::plan(tx, erase);
    return {};
  };
  GUST_CO_CHECK(co_await parts_.store.transact(std::move(body)));
  parts_.jobs.notify();
  co_return Result<void>();
}

async::Task<Export> Exports::find(TransferRef ref) {
  GUST_CO_TRY(const auto row, co_await parts_.store.get(export_rows::key(ref)));
  if (!row) co_return no_export(ref);
  co_return export_rows::decode(*row);
}

async::Task<Exports::Found> Exports::list(Query query) {
  auto range = kv::Range::prefix(export_rows::prefix(query.account, query.region));
  if (!query.after.empty()) range.begin = export_rows::key({query.account, query.region, query.after}) + '\0';
  Found out;
  for (;;) {
    GUST_CO_TRY(const auto rows, co_await parts_.store.scan(range));
    for (const auto& row : rows) {
      GUST_CO_TRY(auto one, export_rows::decode(row.value));
      if (query.table && one.table.name != *query.table) continue;
      out.more = out.exports.size() == query.limit;
      if (out.more) co_return out;
      out.exports.push_back(std::move(one));
    }
    if (rows.size() < range.limit) co_return out;
    range.begin = rows.back().key + '\0';
  }
}

}  // namespace gust::tables
