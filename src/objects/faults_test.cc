// A disk that loses its power in the middle of a call, tears blocks, fails and is full: what was acknowledged is there,
// and nothing half. GUST_FAULT_CRASHES: how many crashes; GUST_FAULT_SEED: the first seed.
#include "objects/faults_world.h"

#include "base/log.h"
#include "objects/key_file.h"

#include <cerrno>

namespace gust::objects::testing {

std::string bytes_of(const Content& content) {
  std::string out(content.size, '\0');
  std::uint64_t state = content.number * 0x9e3779b97f4a7c15ULL;
  for (std::size_t at = 0; at < out.size(); at += 8) {
    state += 0x9e3779b97f4a7c15ULL;
    auto z = (state ^ state >> 30) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
    z ^= z >> 31;
    std::memcpy(out.data() + at, &z, std::min<std::size_t>(8, out.size() - at));
  }
  return out;
}

namespace {

// Small contents may be the same bytes.
bool same(const State& left, const State& right) {
  if (!left || !right) return left.has_value() == right.has_value();
  return left->size == right->size && bytes_of(*left) == bytes_of(*right);
}

}  // namespace

Result<void> EventRows::append(kv::Transaction& tx, const ObjectEvent& event) {
  const auto key = event.object.key.str();
  const auto text = fmt::format("{} {} {}", static_cast<int>(event.kind), key, event.object.sequence);
  std::lock_guard lock(mutex);
  tx.put(fmt::format("outbox/{:012}", ++count), text);
  tried.insert(text);
  last[key] = text;
  return {};
}

World::World(std::uint64_t seed)
    : seed_(seed),
      threads_(seed % 4 == 3 ? 3 : 0),
      random_(seed),
      files_(seed + 1'000'000),
      env_(kv::make_env(files_)),
      versioned_(seed % 3 == 0) {
  files_.make_folder("/data").value();
  files_.sync_folder("").value();
}

void World::stop() {
  objects_.reset();
  blobs_.reset();
  store_.reset();
}

bool World::broke(std::string_view what, const Error& error) {
  expect_trouble(what, error);
  stop();
  return false;
}

void World::expect_trouble(std::string_view what, const Error& error) {
  EXPECT_TRUE(files_.is_off() || files_.failed() > failed_before_) << what << ": " << error.message;
  EXPECT_NE(error.code, Code::kCorrupt) << what << ": " << error.message;
}

bool World::start() {
  failed_before_ = files_.failed();
  // Some have so small a memtable that they flush and compact meanwhile.
  const std::size_t memtable = seed_ % 8 == 5 ? 64 << 10 : 4 << 20;
  auto store = kv::RocksStore::open("/data/kv", {threads_, 1 << 20, memtable, env_});
  if (!store) return broke("opening the rows", store.error());
  store_ = *std::move(store);
  auto blobs = blobs::FileStore::open("/data/blobs", random_, {threads_, &files_, {}});
  if (!blobs) return broke("opening the blobs", blobs.error());
  blobs_ = *std::move(blobs);
  if (const auto removed = run_here([&] { return blobs_->remove_unfinished(); }); !removed)
    return broke("removing unfinished blobs", removed.error());
  const auto opened = run_here([&]() -> Task<void> {
    GUST_CO_TRY(auto key, co_await open_key(*store_, files_, "/data", random_));
    objects_ = std::make_unique<ObjectStore>(*store_, *blobs_, clock_, random_, outbox_, std::move(key), threads_);
    co_return Result<void>{};
  });
  if (!opened) return broke("opening the key", opened.error());
  if (const auto recovered = run_here([&] { return objects_->recover(); }); !recovered)
    return broke("recovering", recovered.error());
  if (has_bucket_) return true;
  const auto made = run_here([&]() -> Task<void> {
    const auto there = co_await objects_->bucket(bucket_);
    NewBucket wanted{bucket_, AccountId("000000000000"), "us-east-1"};
    if (!there) GUST_CO_CHECK(co_await objects_->create_bucket(std::move(wanted)));
    if (versioned_) GUST_CO_CHECK(co_await objects_->set_versioning(bucket_, Versioning::kEnabled));
    co_return co_await objects_->configure(bucket_, "notification", "{}");
  });
  if (!made) return broke("making the bucket", made.error());
  return has_bucket_ = true;
}

void World::crash() {
  files_.power_off();
  stop();
  files_.power_on();
  clock_.advance(Millis(1 + dice(1000)));
}

void World::live(env::SimulatedFiles::Plan plan) {
  files_.plan(plan);
  async::TaskGroup group(loop_.get_executor(), "clients");
  const auto ended = run_here([&]() -> Task<void> {
    for (int number = 0; number < 3; ++number) group.spawn(client(number));
    co_return co_await group.drain(SteadyTime::max());
  });
  EXPECT_TRUE(ended);
}

Task<void> World::client(int number) {
  for (int n = 0; n < 8 && !files_.is_off(); ++n) {
    clock_.advance(Millis(dice(3) == 0 ? 1 : 0));
    GUST_CO_CHECK(co_await step(number));
  }
  co_return Result<void>{};
}

Task<void> World::step(int number) {
  const auto choice = dice(10);
  if (choice < 4) co_return co_await put(own_key(number));
  if (choice < 5)
    co_return versioned_&& dice(3) == 0 ? co_await erase_version(own_key(number)) : co_await erase(own_key(number));
  if (choice < 6) co_return co_await copy(own_key(number), own_key(number));
  if (choice < 9) co_return co_await upload_step(number);
  co_return co_await check_key(own_key(number));
}

Content World::fresh() {
  const auto choice = dice(10);
  const auto size = choice == 0  ? 0
                    : choice < 5 ? 1 + dice(200)
                    : choice < 7 ? 1 + dice(32 << 10)
                    : choice < 9 ? (32 << 10) + dice(60'000)
                                 : 60'000 + dice(280'000);
  const Content made{size, contents_.size() + 1};
  contents_[made.number] = made;
  return made;
}

// Forgets the event of an earlier write of the key.
void World::begin(const std::string& key) {
  std::lock_guard lock(outbox_.mutex);
  outbox_.last.erase(key);
}

void World::told(const std::string& key, State state, std::string version) {
  auto& known = keys_[key];
  known.told = state;
  known.maybe.clear();
  EXPECT_EQ(versioned_, !version.empty());
  if (versioned_) history_[key].push_back({state, std::move(version)});
  told_event(key);
}

void World::told(const std::string& key, State state, const Object& made) {
  auto& known = keys_[key];
  EXPECT_GT(made.sequence, known.sequence) << key;
  known.sequence = made.sequence;
  told(key, std::move(state), made.version_id);
}

void World::told_event(const std::string& key) {
  std::lock_guard lock(outbox_.mutex);
  if (const auto event = outbox_.last.find(key); event != outbox_.last.end()) told_events_.push_back(event->second);
}

void World::failed(const std::string& key, State state, const Error& error) {
  expect_trouble(key, error);
  keys_[key].maybe.push_back(state);
  if (versioned_) history_[key].push_back({state, {}});
}

Task<void> World::put(std::string key) {
  const auto content = fresh();
  PutRequest request;
  request.bucket = bucket_;
  request.key = ObjectKey(key);
  auto body = async::from_string(bytes_of(content));
  begin(key);
  const auto put = co_await objects_->put(std::move(request), std::move(body));
  if (put) {
    told(key, content, *put);
  } else {
    failed(key, content, put.error());
  }
  co_return Result<void>{};
}

Task<void> World::erase(std::string key) {
  begin(key);
  EraseRequest request{bucket_, ObjectKey(key)};
  const auto erased = co_await objects_->erase(std::move(request));
  if (erased) {
    told(key, std::nullopt, erased->version.value_or(""));
  } else {
    failed(key, std::nullopt, erased.error());
  }
  co_return Result<void>{};
}

// Of a key of which it is certain what is there, so that what is the newest afterwards is, too.
Task<void> World::erase_version(std::string key) {
  auto& history = history_[key];
  const auto certain = [](const Written& one) { return !one.id.empty() && !one.may_be_gone; };
  if (history.empty() || !std::ranges::all_of(history, certain)) co_return Result<void>{};
  const auto chosen = history.begin() + static_cast<std::ptrdiff_t>(dice(history.size()));
  begin(key);
  EraseRequest request{bucket_, ObjectKey(key), chosen->id};
  const auto erased = co_await objects_->erase(std::move(request));
  auto& known = keys_[key];
  const auto left = history.size() == 1 ? history.end() : history.end() - (chosen + 1 == history.end() ? 2 : 1);
  const auto newest = left == history.end() ? State() : left->state;
  known.sequence = left == history.end() ? 0 : *rows::sequence_of(left->id);
  if (!erased) {
    expect_trouble("erasing a version", erased.error());
    chosen->may_be_gone = true;
    known.maybe.push_back(newest);
    co_return Result<void>{};
  }
  EXPECT_EQ(erased->version, chosen->id);
  EXPECT_EQ(erased->marker, !chosen->state);
  history.erase(chosen);
  known.told = newest;
  known.maybe.clear();
  told_event(key);
  co_return Result<void>{};
}

Task<void> World::copy(std::string from, std::string to) {
  const auto source = keys_[from];
  if (!source.told || !source.maybe.empty()) co_return Result<void>{};
  const auto object = co_await objects_->get(bucket_, ObjectKey(from));
  if (!object) {
    expect_trouble("reading a row", object.error());
    co_return Result<void>{};
  }
  CopyRequest request;
  request.from_bucket = request.bucket = bucket_;
  request.from = *object;
  request.key = ObjectKey(to);
  begin(to);
  const auto copied = co_await objects_->copy(std::move(request));
  if (copied) {
    told(to, source.told, *copied);
  } else {
    failed(to, source.told, copied.error());
  }
  co_return Result<void>{};
}

Task<void> World::upload_step(int number) {
  auto& upload = uploads_[number];
  if (upload.id.empty() || upload.ending) {
    Upload made;
    made.key = ObjectKey(own_key(number));
    const auto created = co_await objects_->create_upload(bucket_, made);
    if (!created) {
      expect_trouble("creating an upload", created.error());
    } else {
      upload = {created->id, made.key.str(), false, {}};
    }
    co_return Result<void>{};
  }
  if (upload.parts.empty() || dice(2) == 0) co_return co_await put_part(upload);
  if (dice(4) > 0) co_return co_await complete(upload);
  const auto aborted = co_await objects_->abort(bucket_, ObjectKey(upload.key), upload.id);
  if (!aborted) expect_trouble("aborting", aborted.error());
  upload.ending = true;
  co_return Result<void>{};
}

Task<void> World::put_part(OpenUpload& upload) {
  const auto content = fresh();
  const auto number = static_cast<std::uint32_t>(1 + dice(3));
  auto body = async::from_string(bytes_of(content));
  PartRequest request{bucket_, ObjectKey(upload.key), upload.id, number};
  const auto put = co_await objects_->put_part(std::move(request), std::move(body));
  auto& part = upload.parts[number];
  if (put) {
    part = {content, {}};
  } else {
    expect_trouble("putting a part", put.error());
    part.maybe.push_back(content);
  }
  co_return Result<void>{};
}

// Of one part, as any but the last must have 5 MiB; the others go with the upload.
Task<void> World::complete(OpenUpload& upload) {
  auto chosen = upload.parts.begin();
  std::advance(chosen, static_cast<std::ptrdiff_t>(dice(upload.parts.size())));
  const auto [number, part] = *chosen;
  if (!part.told || !part.maybe.empty()) co_return Result<void>{};
  CompleteRequest request;
  request.bucket = bucket_;
  request.key = ObjectKey(upload.key);
  request.upload_id = upload.id;
  request.parts = {{number, md5_hex(bytes_of(*part.told)), {}}};
  begin(upload.key);
  const auto completed = co_await objects_->complete(std::move(request));
  upload.ending = true;
  if (completed) {
    told(upload.key, part.told, *completed);
  } else {
    failed(upload.key, part.told, completed.error());
  }
  co_return Result<void>{};
}

// What is there, which must be exactly one of the contents that were ever written.
Task<Content> World::read(std::string key) {
  GUST_CO_TRY(const auto object, co_await objects_->get(bucket_, ObjectKey(key)));
  GUST_CO_TRY(auto source, co_await objects_->open(object, 0, object.size));
  GUST_CO_TRY(const auto bytes, co_await async::read_all(*source, 1 << 30));
  EXPECT_EQ(bytes.size(), object.size);
  if (object.parts.empty()) EXPECT_EQ(md5_hex(bytes), object.etag);
  const auto known = keys_[key];
  EXPECT_GE(object.sequence, known.sequence) << key << ": an older version is there";
  auto candidates = known.maybe;
  candidates.push_back(known.told);
  for (const auto& candidate : candidates) {
    if (candidate && bytes == bytes_of(*candidate)) co_return *candidate;
  }
  ADD_FAILURE() << key << " has " << bytes.size() << " bytes that were not written, or were replaced before";
  co_return Content{};
}

Task<std::vector<Object>> World::versions() {
  std::vector<Object> out;
  VersionsQuery query{.limit = 7};
  for (;;) {
    GUST_CO_TRY(auto page, co_await objects_->list_versions(bucket_, query));
    for (auto& one : page.versions) {
      EXPECT_EQ(one.latest, out.empty() || out.back().key != one.object.key) << one.object.key.str();
      out.push_back(std::move(one.object));
    }
    if (!page.truncated) co_return out;
    query.key_marker = page.next_key;
    query.version_marker = page.next_version;
  }
}

Task<State> World::content_of(Object version) {
  if (version.kind == VersionKind::kDeleteMarker) co_return State();
  GUST_CO_TRY(const auto object, co_await objects_->get(bucket_, version.key, version.version_id));
  GUST_CO_TRY(auto source, co_await objects_->open(object, 0, object.size));
  GUST_CO_TRY(const auto bytes, co_await async::read_all(*source, 1 << 30));
  for (const auto& [number, content] : contents_) {
    if (bytes.size() == content.size && bytes == bytes_of(content)) co_return content;
  }
  ADD_FAILURE() << "a version of " << version.key.str() << " has " << bytes.size() << " bytes that were not written";
  co_return State();
}

// Every version that was told is there, in the order of the writes, and no other that was not tried.
void World::check_history(const std::string& key, const std::vector<Object>& there) {
  auto& history = history_[key];
  std::vector<Written> found;
  auto next = history.rbegin();
  for (const auto& version : there) {
    const auto state = run_here([&] { return content_of(version); });
    ASSERT_TRUE(state) << state.error().message;
    auto written = std::find_if(next, history.rend(), [&](const auto& one) { return one.id == version.version_id; });
    if (written == history.rend()) {
      const auto may_be = [&](const Written& one) { return one.id.empty() && same(one.state, *state); };
      written = std::find_if(next, history.rend(), may_be);
    }
    ASSERT_TRUE(written != history.rend()) << key << ": a version that was not written, or out of order";
    for (; next != written; ++next) EXPECT_TRUE(next->id.empty() || next->may_be_gone) << key << " lost " << next->id;
    EXPECT_TRUE(same(written->state, *state)) << key << " " << version.version_id;
    found.push_back({written->state, version.version_id});
    next = written + 1;
  }
  for (; next != history.rend(); ++next)
    EXPECT_TRUE(next->id.empty() || next->may_be_gone) << key << " lost " << next->id;
  history.assign(found.rbegin(), found.rend());
}

void World::check_versions() {
  const auto all = run_here([&] { return versions(); });
  ASSERT_TRUE(all) << all.error().message;
  std::map<std::string, std::vector<Object>> by_key;
  for (const auto& version : *all) by_key[version.key.str()].push_back(version);
  for (const auto& [key, there] : by_key) {
    const auto newer = [](const Object& left, const Object& right) { return left.sequence > right.sequence; };
    EXPECT_TRUE(std::ranges::is_sorted(there, newer)) << key;
    EXPECT_TRUE(history_.contains(key)) << key;
  }
  for (const auto& [key, known] : history_) check_history(key, by_key[key]);
}

Task<void> World::check_key(std::string key) {
  const auto& known = keys_[key];
  const auto found = co_await read(key);
  if (!found && found.error().code != Code::kNotFound) {
    expect_trouble("reading " + key, found.error());
  } else if (!found) {
    const bool may_be_gone = !known.told || std::ranges::find(known.maybe, State()) != known.maybe.end();
    EXPECT_TRUE(may_be_gone) << key << " is gone";
  }
  co_return Result<void>{};
}

Task<void> World::check_upload(OpenUpload& upload) {
  if (upload.id.empty()) co_return Result<void>{};
  const auto parts = co_await objects_->parts(bucket_, ObjectKey(upload.key), upload.id);
  if (!parts) {
    EXPECT_TRUE(parts.error().code == Code::kNotFound && upload.ending) << "an upload: " << parts.error().message;
    upload.id.clear();
    co_return Result<void>{};
  }
  std::map<std::uint32_t, std::string> etags;
  for (const auto& part : *parts) etags[part.number] = part.etag;
  for (auto& [number, part] : upload.parts) {
    auto candidates = part.maybe;
    if (part.told) candidates.push_back(*part.told);
    const auto is_there = [&](const Content& content) { return md5_hex(bytes_of(content)) == etags[number]; };
    const auto found = std::ranges::find_if(candidates, is_there);
    EXPECT_TRUE(found != candidates.end() || !part.told) << "part " << number << " of an upload is gone";
    if (found != candidates.end()) part = {*found, {}};
  }
  std::erase_if(upload.parts, [](const auto& part) { return !part.second.told; });
  upload.ending = false;
  co_return Result<void>{};
}

// Every acknowledged write has its event, every object that is there, too; and there is none of a write that never was.
void World::check_events() {
  const auto found = store_->snapshot()->scan(kv::Range::prefix("outbox/", 1'000'000));
  ASSERT_TRUE(found);
  std::set<std::string> events;
  for (const auto& row : *found) {
    EXPECT_TRUE(events.insert(row.value).second) << "twice: " << row.value;
    EXPECT_TRUE(outbox_.tried.contains(row.value)) << row.value;
  }
  for (const auto& event : told_events_) EXPECT_TRUE(events.contains(event)) << "lost: " << event;
  const auto page = run_here([&] { return objects_->list(bucket_, {}); });
  ASSERT_TRUE(page);
  for (const auto& object : page->objects) {
    const bool has_event = std::ranges::any_of(events, [&](const std::string& event) {
      return event.ends_with(fmt::format(" {} {}", object.key, object.sequence));
    });
    EXPECT_TRUE(has_event) << object.key.str();
  }
}

void World::check_blobs() {
  const auto named = ObjectStore::referenced(*store_->snapshot());
  ASSERT_TRUE(named);
  std::set<blobs::BlobId> there;
  for (unsigned folder = 0; folder < blobs::FileStore::kFolders; ++folder) {
    const auto some = run_here([&] { return blobs_->list(folder); });
    ASSERT_TRUE(some) << some.error().message;
    for (const auto& blob : *some) there.insert(blob.id);
  }
  EXPECT_EQ(there, *named);
  EXPECT_TRUE(store_->snapshot()->scan(kv::Range::prefix("s3/g/"))->empty());
}

void World::check() {
  for (auto& [key, known] : keys_) {
    const auto found = run_here([&, key = key] { return read(key); });
    EXPECT_TRUE(run_here([&, key = key] { return check_key(key); }));
    const auto object = run_here([&, key = key] { return objects_->get(bucket_, ObjectKey(key)); });
    if (object) known.sequence = object->sequence;
    known.told = found ? State(*found) : std::nullopt;
    known.maybe.clear();
  }
  for (auto& [number, upload] : uploads_) EXPECT_TRUE(run_here([&] { return check_upload(upload); }));
  if (versioned_) check_versions();
  check_events();
  check_blobs();
}

namespace {

std::uint64_t setting(const char* name, std::uint64_t otherwise) {
  const char* given = std::getenv(name);
  return given == nullptr ? otherwise : std::strtoull(given, nullptr, 10);
}

env::SimulatedFiles::Plan draw(World& world) {
  const std::uint64_t scales[] = {30, 150, 400};
  env::SimulatedFiles::Plan plan;
  plan.power_off_at = world.dice(scales[world.dice(3)]);
  if (world.dice(3) > 0) return plan;
  plan.error_number = world.dice(2) == 0 ? EIO : ENOSPC;
  plan.fail_at = world.dice(60);
  plan.failures = 1 + world.dice(5);
  if (world.dice(4) == 0) plan.read_fails_at = world.dice(20);
  return plan;
}

// How often the power went while the store lived through `crashes` of them, or its start.
std::uint64_t live_through(std::uint64_t seed, std::uint64_t crashes) {
  World world(seed);
  std::uint64_t count = 0;
  while (count < crashes && !::testing::Test::HasFailure()) {
    if (world.dice(4) == 0) world.files().plan(draw(world));  // which may strike in the start
    const bool started = world.start();
    world.files().plan({});
    if (started && !world.files().is_off()) {  // a thread of RocksDB's may go on after the start, into the plan
      if (count > 0) world.check();
      world.live(draw(world));
    }
    world.crash();
    ++count;
  }
  EXPECT_TRUE(world.start());
  world.check();
  return count;
}

#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr std::uint64_t kUsual = 200;
#else
constexpr std::uint64_t kUsual = 2000;
#endif

TEST(Faults, WhatWasAcknowledgedSurvivesEveryCrash) {
  const auto wanted = setting("GUST_FAULT_CRASHES", kUsual);
  const auto first = setting("GUST_FAULT_SEED", 1);
  constexpr std::uint64_t kEach = 5;
  std::uint64_t crashes = 0;
  log::set_level(log::Level::kError);  // every crash warns of what it broke off
  for (auto seed = first; crashes < wanted && !HasFailure(); ++seed) {
    SCOPED_TRACE(fmt::format("GUST_FAULT_SEED={}", seed));
    crashes += live_through(seed, kEach);
  }
  log::set_level(log::Level::kInfo);
  RecordProperty("crashes", static_cast<int>(crashes));
  EXPECT_GE(crashes, wanted);
}

}  // namespace
}  // namespace gust::objects::testing
