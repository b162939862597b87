// Some hundred clients' lives of an item store, each of its own seed: what they were told must be linearizable for each
// register and strictly serializable for all lists, and items, indexes, counts and the stream must be one.
//
// Three kinds of runs. In memory transactions run into each other step by step, before each read and before each
// commit, in an order that the seed draws: such a run repeats itself exactly. On a disk that loses its power and fails,
// with the RocksDB store of production: half of the seeds run every job on one thread and repeat themselves but for
// RocksDB's own threads; the others have threads of their own that commit in groups, and give way at random. What was
// in flight at a crash is not known, and may have happened until the store is open again. Time jumps, so that tokens
// run out and are used again.
// GUST_FAULT_CRASHES: how many crashes and runs; GUST_FAULT_SEED: the first seed.
#include "tables/history/simulation.h"

#include "base/log.h"

#include <cerrno>

namespace gust::tables::history {

namespace {

std::int64_t integer(const Value& value) { return std::stoll(value.as<Number>()->text()); }

Item projected(const Table& table, const Index& index, const Item& item) {
  if (index.projected == Projected::kAll) return item;
  std::set<std::string> names(index.included.begin(), index.included.end());
  names.insert({table.key.hash.name, table.key.range->name, index.key.hash.name});
  if (index.key.range) names.insert(index.key.range->name);
  Item out;
  for (const auto& name : names) {
    if (item.contains(name)) out[name] = item.at(name);
  }
  return out;
}

std::vector<Item> sorted(std::vector<Item> items) {
  std::ranges::sort(items, {}, name_of_key);
  return items;
}

}  // namespace

ItemModel::State state_of(const std::optional<Item>& item) {
  if (!item || item->empty()) return std::nullopt;
  ItemState out;
  if (item->contains("value")) out.value = integer(item->at("value"));
  if (item->contains("count")) out.count = integer(item->at("count"));
  out.list = list_of(item);
  return out;
}

Elements list_of(const std::optional<Item>& item) {
  Elements out;
  if (!item || !item->contains("list")) return out;
  for (const auto& element : *item->at("list").as<List>()) out.push_back(integer(element));
  return out;
}

Item key_of_name(const std::string& name) {
  return {{"h", testing::text(name.substr(0, 1))}, {"r", testing::number(name.substr(2))}};
}
std::string name_of_key(const Item& item) {
  return *item.at("h").as<std::string>() + "/" + item.at("r").as<Number>()->text();
}
bool is_list(const std::string& name) { return name[0] == 'l' || name[0] == 'm'; }

Simulation::Simulation(std::uint64_t seed, Disk disk)
    : seed_(seed), disk_(disk), threads_(seed % 2 == 1 ? 3 : 0), random_(seed), files_(seed + 1'000'000) {
  table_ = testing::two_keys();
  table_.key = {{"h", Type::kString}, KeyAttribute{"r", Type::kNumber}};
  table_.stream = StreamView::kNewAndOldImages;
  table_.stream_label = "label";
  const KeyAttribute value{"value", Type::kNumber};
  table_.indexes = {testing::index("by-g", {"g", Type::kString}),
                    testing::index("by-value", {"g", Type::kString}, value, Projected::kKeysOnly),
                    testing::index("local", table_.key.hash, KeyAttribute{"count", Type::kNumber}, Projected::kInclude,
                                   {"list"})};
  table_.indexes[2].scope = Scope::kLocal;
  if (disk_ == Disk::kMemory) return;
  env_ = kv::make_env(files_);
  files_.make_folder("/data").value();
  files_.sync_folder("").value();
}

void Simulation::stop() {
  items_.reset();
  if (disk_ == Disk::kMemory) return;
  interleaved_.reset();
  store_.reset();
}

bool Simulation::did_not_happen(const Error& error) const {
  return error.code == Code::kConflict || error.code == Code::kThrottled;
}

void Simulation::expect_trouble(std::string_view what, const Error& error) {
  EXPECT_TRUE(files_.is_off() || files_.failed() > failed_before_) << what << ": " << error.message;
  EXPECT_NE(error.code, Code::kCorrupt) << what << ": " << error.message;
}

bool Simulation::broke(std::string_view what, const Error& error) {
  expect_trouble(what, error);
  stop();
  return false;
}

bool Simulation::start() {
  failed_before_ = files_.failed();
  if (disk_ == Disk::kBreaking) {
    // Some have so small a memtable that they flush and compact meanwhile.
    const std::size_t memtable = seed_ % 8 > 5 ? 64 << 10 : 4 << 20;
    auto store = kv::RocksStore::open("/data/kv", {threads_, 1 << 20, memtable, env_});
    if (!store) return broke("opening the rows", store.error());
    store_ = *std::move(store);
    interleaved_ = std::make_unique<JitteryStore>(*store_, seed_);
  } else if (!store_) {
    constexpr std::size_t kThreads = 4;  // of MemoryStore
    store_ = std::make_unique<kv::MemoryStore>();
    auto stepped = std::make_unique<SteppedStore>(*store_, loop_, kThreads, seed_);
    stepped_ = stepped.get();
    interleaved_ = std::move(stepped);
  }
  items_ = std::make_unique<ItemStore>(*interleaved_, clock_, disk_ == Disk::kMemory ? 0 : threads_);
  for (auto& [key, events] : registers_) {
    for (auto& event : events) event.returned = std::min(event.returned, tick());
  }
  for (const auto& transaction : transactions_) transaction->returned = std::min(transaction->returned, tick());
  return true;
}

void Simulation::crash() {
  if (disk_ == Disk::kMemory) {
    items_.reset();
  } else {
    files_.power_off();
    stop();
    files_.power_on();
  }
  clock_.advance(Millis(1 + dice(1000)));
  if (dice(3) == 0) clock_.advance(std::chrono::minutes(1 + dice(8)));
}

void Simulation::live(env::SimulatedFiles::Plan plan) {
  files_.plan(plan);
  async::TaskGroup group(loop_.get_executor(), "clients");
  const auto ended = run_here([&]() -> Task<void> {
    for (int number = 0; number < 5; ++number) group.spawn(client(number));
    group.spawn(follow());
    co_return co_await group.drain(SteadyTime::max());
  });
  EXPECT_TRUE(ended);
}

Task<void> Simulation::client(int number) {
  for (int n = 0; n < 12 && !files_.is_off(); ++n) {
    clock_.advance(Millis(dice(4) == 0 ? 1 : 0));
    GUST_CO_CHECK(co_await step(number));
  }
  co_return Result<void>{};
}

Task<void> Simulation::step(int number) {
  switch (dice(16)) {
    case 0:
    case 1: return read_register(number);
    case 2:
    case 3:
    case 4:
    case 5: return write_register(number);
    case 6:
    case 7: return write_registers(number);
    case 8: return append(number);
    case 9: return append_many(number);
    case 10:
    case 11: return append_if_unchanged(number);
    case 12: return append_once(number);
    case 13: return send_again();
    case 14: return read_lists(number);
    default: return read_page(number);
  }
}

// Reads the stream while it is written, and goes on after a crash where it was.
Task<void> Simulation::follow() {
  for (int n = 0; n < 15 && !files_.is_off(); ++n) {
    const StreamName stream{table_.id, table_.stream_label};
    const auto got = co_await items_->records(stream, follow_after_, 1 + dice(5));
    if (!got) {
      expect_trouble("reading the stream", got.error());
      continue;
    }
    followed_.insert(followed_.end(), got->records.begin(), got->records.end());
    follow_after_ = got->next;
  }
  co_return Result<void>{};
}

std::vector<std::string> Simulation::some(const std::vector<std::string>& keys, std::size_t most) {
  auto out = keys;
  for (std::size_t i = 0; i + 1 < out.size(); ++i) std::swap(out[i], out[i + dice(out.size() - i)]);
  out.resize(1 + dice(std::min(most, out.size())));
  return out;
}

PageQuery Simulation::query_of(std::string index) const {
  PageQuery query;
  query.table = table_;
  query.index = std::move(index);
  return query;
}

// In pages of a few.
std::vector<Item> Simulation::all_of(std::string index) {
  auto query = query_of(std::move(index));
  query.limit = 1 + dice(5);
  std::vector<Item> out;
  for (;;) {
    const auto page = run_here([&] { return items_->page(query); });
    if (!page) {
      ADD_FAILURE() << page.error().message;
      return out;
    }
    out.insert(out.end(), page->items.begin(), page->items.end());
    if (!page->last) return out;
    query.start = page->last;
  }
}

void Simulation::check_index(const std::string& name, const std::vector<Item>& items) {
  const auto& index = *std::ranges::find(table_.indexes, name, &Index::name);
  std::vector<Item> wanted;
  for (const auto& item : items) {
    const bool in = item.contains(index.key.hash.name) && (!index.key.range || item.contains(index.key.range->name));
    if (in) wanted.push_back(projected(table_, index, item));
  }
  EXPECT_EQ(sorted(all_of(name)), wanted) << name;
}

void Simulation::check() {
  const auto items = sorted(all_of(""));
  for (const auto& index : table_.indexes) check_index(index.name, items);
  const auto counts = run_here([&] { return items_->count(table_); });
  ASSERT_TRUE(counts);
  EXPECT_EQ(counts->at("").items, items.size());
  for (const auto& index : table_.indexes) EXPECT_EQ(counts->at(index.name).items, all_of(index.name).size());
  check_stream(items);
  read_everything();
}

// All that the stream tells, one change of an item after the other, ends in what is there; and who followed it missed
// nothing.
void Simulation::check_stream(const std::vector<Item>& items) {
  const StreamName stream{table_.id, table_.stream_label};
  std::vector<StreamRecord> records;
  for (std::uint64_t after = 0;;) {
    const auto got = run_here([&] { return items_->records(stream, after, 1 + dice(50)); });
    ASSERT_TRUE(got) << got.error().message;
    if (got->records.empty()) break;
    records.insert(records.end(), got->records.begin(), got->records.end());
    after = got->next;
  }
  std::map<std::string, Item> told;
  std::uint64_t last = 0;
  for (const auto& record : records) {
    ASSERT_GT(record.sequence, last);
    last = record.sequence;
    const auto name = name_of_key(record.keys);
    const auto there = told.find(name);
    ASSERT_EQ(record.before, there == told.end() ? std::nullopt : std::optional(there->second)) << name;
    ASSERT_EQ(record.event, !record.before  ? EventName::kInsert
                            : record.after ? EventName::kModify
                                           : EventName::kRemove);
    if (record.after) {
      told[name] = *record.after;
    } else {
      told.erase(name);
    }
  }
  std::vector<Item> ends;
  for (const auto& [name, item] : told) ends.push_back(item);
  EXPECT_EQ(sorted(std::move(ends)), items);
  ASSERT_LE(followed_.size(), records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (i < followed_.size()) ASSERT_EQ(followed_[i].sequence, records[i].sequence) << "a record was missed";
    if (i == followed_.size()) ASSERT_GT(records[i].sequence, follow_after_) << "a record will be missed";
  }
}

void Simulation::read_everything() {
  for (const auto& key : kRegisters) {
    ItemEvent event{{ItemModel::Kind::kGet}, {}, tick(), kNever, -1};
    const auto got = run_here([&] { return items_->get(table_, key_of_name(key)); });
    ASSERT_TRUE(got) << got.error().message;
    event.returned = tick();
    event.answer = ItemModel::Answer{true, state_of(*got)};
    record(key, std::move(event));
  }
  const auto transaction = begin(-1);
  transaction->outcome = Transaction::Outcome::kDone;
  for (const auto& key : kLists) {
    const auto got = run_here([&] { return items_->get(table_, key_of_name(key)); });
    ASSERT_TRUE(got) << got.error().message;
    transaction->reads[key] = list_of(*got);
  }
  transaction->returned = tick();
}

void Simulation::check_history() {
  for (const auto& [key, events] : registers_) {
    const auto wrong = not_linearizable(events);
    EXPECT_FALSE(wrong) << key << ": " << *wrong;
  }
  std::vector<Transaction> all;
  for (const auto& transaction : transactions_) all.push_back(*transaction);
  const auto wrong = not_serializable(std::move(all));
  EXPECT_FALSE(wrong) << *wrong;
}

namespace {

std::uint64_t setting(const char* name, std::uint64_t otherwise) {
  const char* given = std::getenv(name);
  return given == nullptr ? otherwise : std::strtoull(given, nullptr, 10);
}

#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr std::uint64_t kUsual = 60;
#else
constexpr std::uint64_t kUsual = 600;
#endif

// Calls one(seed) until as many were lived through as are wanted; it answers how many it was.
template <typename F>
void run_seeds(F one) {
  const auto wanted = setting("GUST_FAULT_CRASHES", kUsual), first = setting("GUST_FAULT_SEED", 1);
  std::uint64_t lived = 0, operations = 0, unknown = 0;
  log::set_level(log::Level::kError);  // every crash warns of what it broke off
  for (auto seed = first; lived < wanted && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(fmt::format("GUST_FAULT_SEED={}", seed));
    lived += one(seed, operations, unknown);
  }
  log::set_level(log::Level::kInfo);
  ::testing::Test::RecordProperty("lived", static_cast<int>(lived));
  ::testing::Test::RecordProperty("operations", static_cast<int>(operations));
  ::testing::Test::RecordProperty("unknown", static_cast<int>(unknown));
  EXPECT_GE(lived, wanted);
}

env::SimulatedFiles::Plan draw(Simulation& world) {
  const std::uint64_t scales[] = {30, 100, 300};
  env::SimulatedFiles::Plan plan;
  plan.power_off_at = world.dice(scales[world.dice(3)]);
  if (world.dice(3) > 0) return plan;
  plan.error_number = world.dice(2) == 0 ? EIO : ENOSPC;
  plan.fail_at = world.dice(60);
  plan.failures = 1 + world.dice(5);
  return plan;
}

TEST(History, InMemoryEveryInterleavingIsSerializable) {
  run_seeds([](std::uint64_t seed, std::uint64_t& operations, std::uint64_t& unknown) -> std::uint64_t {
    Simulation world(seed, Simulation::Disk::kMemory);
    for (int life = 0; life < 3; ++life) {
      world.start();
      world.live();
      world.check();
      world.crash();
    }
    world.check_history();
    operations += world.operations();
    unknown += world.unknown();
    return 1;
  });
}

TEST(History, WhatWasAcknowledgedIsSerializableAcrossCrashes) {
  run_seeds([](std::uint64_t seed, std::uint64_t& operations, std::uint64_t& unknown) -> std::uint64_t {
    Simulation world(seed, Simulation::Disk::kBreaking);
    std::uint64_t crashes = 0;
    for (; crashes < 5 && !::testing::Test::HasFailure(); ++crashes) {
      if (world.dice(4) == 0) world.files().plan(draw(world));  // which may strike in the start
      const bool started = world.start();
      world.files().plan({});
      if (started && !world.files().is_off()) {
        if (crashes > 0) world.check();
        world.live(draw(world));
      }
      world.crash();
    }
    EXPECT_TRUE(world.start());
    world.live({});
    world.check();
    world.check_history();
    operations += world.operations();
    unknown += world.unknown();
    return crashes;
  });
}

}  // namespace
}  // namespace gust::tables::history
