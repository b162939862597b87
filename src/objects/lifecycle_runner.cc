#include "objects/lifecycle_runner.h"

#include "base/log.h"

#include <memory>

namespace gust::objects {
namespace {

// What was found is gone, changed, or locked since: the next sweep sees what is there then.
bool is_overtaken(const Error& error) {
  return error.code == Code::kPrecondition || error.code == Code::kNotFound || error.code == Code::kConflict ||
         (error.code == Code::kDenied && error.source == "lock");
}

}  // namespace

// One bucket's in a sweep.
struct LifecycleRunner::Turn {
  Bucket bucket;
  std::vector<LifecycleRule> rules;
  std::string key;        // whose versions are gone through
  std::size_t newer = 0;  // noncurrent ones of it so far
  std::size_t erased = 0, aborted = 0;
};

LifecycleRunner::LifecycleRunner(async::Executor executor, ObjectStore& store, env::Clock& clock, env::Random& random,
                                 LifecycleSettings settings)
    : store_(store), clock_(clock), random_(random), settings_(settings), tasks_(executor, "lifecycle") {}

void LifecycleRunner::start() { tasks_.spawn(run()); }

async::Task<void> LifecycleRunner::stop() { return tasks_.stop(); }

async::Task<void> LifecycleRunner::run() {
  for (;;) {
    const auto done = co_await sweep();
    if (!done && done.error().code == Code::kCancelled) co_return done;
    if (!done) GUST_WARN("lifecycle: {}; trying again", done.error().message);
    GUST_CO_CHECK(co_await async::sleep_for(settings_.period));
  }
}

async::Task<void> LifecycleRunner::sweep() {
  GUST_CO_TRY(const auto buckets, co_await store_.configured("lifecycle"));
  for (const auto& bucket : buckets) {
    if (tasks_.stopping()) co_return Result<void>{};
    const auto done = co_await sweep_bucket(bucket);
    if (!done && done.error().code == Code::kCancelled) co_return done;
    if (!done && done.error().code != Code::kNotFound)
      GUST_WARN("lifecycle: bucket {}: {}", bucket.name, done.error().message);
  }
  co_return Result<void>{};
}

async::Task<void> LifecycleRunner::sweep_bucket(Bucket bucket) {
  const auto turn = std::make_shared<Turn>();
  turn->bucket = std::move(bucket);
  GUST_CO_TRY(turn->rules, parse_lifecycle(turn->bucket.configuration("lifecycle")));
  if (turn->rules.empty()) co_return Result<void>{};
  const auto versions = co_await sweep_versions(turn);
  const auto uploads = co_await sweep_uploads(turn);
  if (turn->erased + turn->aborted > 0) {
    GUST_INFO("lifecycle: bucket {}: {} versions expired, {} uploads aborted", turn->bucket.name, turn->erased,
              turn->aborted);
  }
  co_return versions ? uploads : versions;
}

async::Task<void> LifecycleRunner::sweep_versions(std::shared_ptr<Turn> turn) {
  VersionsQuery query;
  query.limit = settings_.page;
  for (;;) {
    GUST_CO_TRY(auto page, co_await store_.list_versions(turn->bucket.name, query));
    const bool more = page.truncated;
    query.key_marker = page.next_key;
    query.version_marker = page.next_version;
    GUST_CO_CHECK(co_await sweep_page(turn, std::move(page)));
    if (!more || tasks_.stopping()) co_return Result<void>{};
  }
}

async::Task<void> LifecycleRunner::sweep_page(std::shared_ptr<Turn> turn, VersionsPage page) {
  for (std::size_t i = 0; i < page.versions.size() && !tasks_.stopping(); ++i) {
    const auto& version = page.versions[i];
    const auto& key = version.object.key.str();
    if (turn->key != key) {
      turn->key = key;
      turn->newer = 0;
    }
    // At a page's end it is not known to be the only one: the transaction looks.
    const bool alone = i + 1 == page.versions.size() || page.versions[i + 1].object.key.str() != key;
    Rank rank{Standing::kNoncurrent, turn->newer};
    if (version.latest) rank.standing = alone ? Standing::kAlone : Standing::kCurrent;
    if (!version.latest) ++turn->newer;
    const auto due = expiration(turn->rules, version.object, rank);
    const auto now = clock_.now();
    if (!due || due->at > now) continue;
    // A current version is only hidden behind a marker, which a lock does not forbid.
    if (rank.standing == Standing::kNoncurrent && is_locked(version.object, now)) continue;
    GUST_CO_CHECK(co_await erase(turn, version.object, rank, due->rule->newer_noncurrent));
  }
  co_return Result<void>{};
}

async::Task<void> LifecycleRunner::erase(std::shared_ptr<Turn> turn, Object object, Rank rank, std::size_t newer) {
  EraseRequest request;
  request.bucket = turn->bucket.name;
  request.key = object.key;
  request.lifecycle = true;
  request.origin.request_id = RequestId(random_.uuid());
  request.origin.account = turn->bucket.owner;
  const bool for_good = rank.standing == Standing::kNoncurrent || object.kind == VersionKind::kDeleteMarker;
  if (for_good) request.version = object.version_id.empty() ? "null" : object.version_id;
  // An object that is alone may have got older versions: it expires all the same.
  if (!for_good) rank.standing = Standing::kCurrent;
  request.found = Found{turn->bucket.configuration("lifecycle"), object.sequence, object.tags, rank.standing,
                        rank.standing == Standing::kNoncurrent ? newer : 0};
  const auto done = co_await store_.erase(std::move(request));
  if (done) ++turn->erased;
  if (!done && !is_overtaken(done.error())) co_return std::unexpected(done.error());
  co_return Result<void>{};
}

async::Task<void> LifecycleRunner::sweep_uploads(std::shared_ptr<Turn> turn) {
  UploadsQuery query;
  for (;;) {
    GUST_CO_TRY(const auto page, co_await store_.list_uploads(turn->bucket.name, query));
    for (const auto& upload : page.uploads) {
      const auto due = abortion(turn->rules, upload);
      if (!due || due->at > clock_.now() || tasks_.stopping()) continue;
      // One that was completed or aborted meanwhile is not found; an upload never changes otherwise.
      const auto done = co_await store_.abort(turn->bucket.name, upload.key, upload.id);
      if (done) ++turn->aborted;
      if (!done && !is_overtaken(done.error())) co_return done;
    }
    if (!page.truncated || tasks_.stopping()) co_return Result<void>{};
    query.key_marker = page.next_key;
    query.id_marker = page.next_id;
  }
}

}  // namespace gust::objects
