#include "logs/event_store.h"

#include "async/testing.h"
#include "kv/memory/memory_store.h"
#include "kv/testing.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>

namespace gust::logs {
namespace {

namespace fs = std::filesystem;
using async::Task;
using Texts = std::vector<std::string>;

class EventStoreTest : public ::testing::Test {
 protected:
  template <typename F>
  auto run(F make) {
    return async::testing::run(loop_, std::move(make));
  }
  EventStoreTest() {
    std::string name = (fs::temp_directory_path() / "gust-event-store-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    open();
    Group wanted;
    wanted.key = key_;
    EXPECT_TRUE(run([&]() { return groups_->create(wanted); }));
  }
  ~EventStoreTest() override {
    close();
    fs::remove_all(folder_);
  }
  void open() {
    groups_.emplace(store_, clock_, random_);
    EXPECT_TRUE(run([&]() { return groups_->open(); }));
    events_.emplace(loop_.get_executor(), *groups_, clock_, folder_.string(), limits_);
  }
  void close() {
    (void)run([&]() -> Task<void> {
      GUST_CO_CHECK(co_await events_->flush());
      co_return co_await events_->stop();
    });
    events_.reset();
  }
  void reopen() {
    close();
    open();
  }
  void put(std::string stream, std::int64_t at, std::string message) {
    const auto done = run([&]() -> Task<void> {
      std::vector<NewEvent> events;
      events.push_back({at, stream, "", message});
      co_return co_await events_->put(key_, std::move(events));
    });
    ASSERT_TRUE(done) << done.error().message;
  }
  SearchResult search(SearchQuery query = {}) {
    auto found = run([&]() { return events_->search(key_, query); });
    EXPECT_TRUE(found) << found.error().message;
    return found ? *std::move(found) : SearchResult();
  }
  Texts texts(SearchQuery query = {}) {
    Texts out;
    for (const auto& event : search(std::move(query)).events) out.push_back(event.message);
    return out;
  }
  static SearchQuery matching(std::string_view pattern) {
    SearchQuery out;
    out.pattern = *parse_filter_pattern(pattern);
    return out;
  }
  std::size_t files(std::string_view kind) const {
    std::size_t out = 0;
    for (const auto& each : fs::recursive_directory_iterator(folder_)) out += each.path().extension() == kind ? 1 : 0;
    return out;
  }

  boost::asio::io_context loop_;
  env::FakeClock clock_;
  env::SeededRandom random_{1};
  kv::MemoryStore store_;
  fs::path folder_;
  GroupKey key_{AccountId("000000000000"), "/app"};
  GroupFolder::Limits limits_{.block_bytes = 2000, .file_bytes = 600};
  std::optional<Groups> groups_;
  std::optional<EventStore> events_;
};

TEST_F(EventStoreTest, EventsAreFoundInTheOrderOfTimeAlsoAfterARestart) {
  put("a", 300, "third");
  put("b", 100, "first");
  put("a", 200, "second");
  EXPECT_EQ(texts(), (Texts{"first", "second", "third"}));
  reopen();
  EXPECT_EQ(texts(), (Texts{"first", "second", "third"}));
  put("a", 200, "second, too");
  EXPECT_EQ(texts(), (Texts{"first", "second", "second, too", "third"}));
  SearchQuery back;
  back.direction = Direction::kBackward;
  back.limit = 2;
  EXPECT_EQ(texts(back), (Texts{"third", "second, too"}));
}

// Against the plainest way to do the same.
TEST_F(EventStoreTest, PagesOfASearchAreWhatAScanOfAllGives) {
  std::mt19937 random(7);
  std::vector<Event> all;
  for (int i = 0; i < 600; ++i) {
    const auto at = static_cast<std::int64_t>(1000 + random() % 500 + static_cast<unsigned>(i));
    const auto stream = fmt::format("s{}", random() % 4);
    const auto message = fmt::format("event {} {} {}", i, random() % 3 == 0 ? "needle" : "straw", std::string(20, 'x'));
    put(stream, at, message);
    all.push_back({at, 0, static_cast<std::uint64_t>(i + 1), stream, "", message});
    if (i % 200 == 150) reopen();
  }
  EXPECT_GT(files(".blocks"), 3U);
  std::ranges::sort(all, {}, position_of);
  for (const auto direction : {Direction::kForward, Direction::kBackward}) {
    for (const auto* pattern : {"", "needle", "missing"}) {
      for (const std::size_t limit : {1, 7, 50, 10'000}) {
        Texts expected, got;
        for (const auto& event : all) {
          if (event.stream != "s2" && event.at_ms >= 1100 && event.at_ms < 1900 && event.message.contains(pattern))
            expected.push_back(event.message);
        }
        if (direction == Direction::kBackward) std::ranges::reverse(expected);
        auto query = matching(pattern);
        query.low = {1100, 0}, query.high = {1900, 0};
        query.limit = limit, query.direction = direction;
        query.stream = [](std::string_view stream) { return stream != "s2"; };
        for (;;) {
          const auto page = search(query);
          EXPECT_LE(page.events.size(), limit);
          for (const auto& event : page.events) got.push_back(event.message);
          if (!page.next) break;
          (direction == Direction::kForward ? query.low : query.high) = *page.next;
        }
        EXPECT_EQ(got, expected) << pattern << " by " << limit;
      }
    }
  }
}

TEST_F(EventStoreTest, BlocksThatCannotHaveWhatIsSoughtAreNotRead) {
  for (int i = 0; i < 200; ++i)
    put("a", i, fmt::format("{{\"request\":\"id{:06}\",\"n\":{}}} {}", i, i, std::string(60, 'y')));
  const auto found = search(matching("id000123"));
  ASSERT_EQ(found.events.size(), 1U);
  EXPECT_LE(found.blocks_read, 2U);
  EXPECT_GT(found.blocks_passed, 5U);
}

TEST_F(EventStoreTest, FieldsOfJsonAreFoundByTheirValues) {
  for (int i = 0; i < 200; ++i) put("a", i, fmt::format("{{\"n\":{},\"pad\":\"{}\"}}", i, std::string(60, 'y')));
  const auto found = search(matching("{ $.n = 77 }"));
  ASSERT_EQ(found.events.size(), 1U);
  EXPECT_EQ(found.events[0].at_ms, 77);
  EXPECT_LE(found.blocks_read, 3U);
}

TEST_F(EventStoreTest, WhatIsCutOffInTheMiddleIsLeftOut) {
  put("a", 1, "whole");
  close();
  for (const auto& each : fs::recursive_directory_iterator(folder_)) {
    if (each.path().extension() == ".journal") std::ofstream(each.path(), std::ios::app) << "\x20\x00\x00\x00 cut";
  }
  open();
  EXPECT_EQ(texts(), (Texts{"whole"}));
  put("a", 2, "after");
  reopen();
  EXPECT_EQ(texts(), (Texts{"whole", "after"}));
}

// A crash between a block's bytes and the end of its journal.
TEST_F(EventStoreTest, ABlockThatIsNotWholeIsMadeAgain) {
  for (int i = 0; i < 10; ++i) put("a", i, std::string(100, 'x'));
  const auto all = texts();
  fs::path journal;
  for (const auto& each : fs::recursive_directory_iterator(folder_)) {
    if (each.path().extension() == ".journal") journal = each.path();
  }
  close();
  std::ofstream(fs::path(journal).replace_extension(".blocks"), std::ios::binary) << "GLB1 and so on";
  open();
  EXPECT_EQ(texts(), all);
  for (int i = 10; i < 40; ++i) put("a", i, std::string(100, 'x'));
  reopen();
  EXPECT_EQ(texts().size(), 40U);
}

TEST_F(EventStoreTest, RetentionHidesAtOnceAndFreesLater) {
  const auto now = to_epoch_ms(clock_.now());
  for (int i = 0; i < 100; ++i) put("a", now + i, std::string(100, 'x'));
  const auto keep = [](Group& group) -> Result<void> {
    group.retention_days = 1;
    return {};
  };
  ASSERT_TRUE(run([&]() { return groups_->update(key_, keep); }));
  EXPECT_EQ(texts().size(), 100U);
  clock_.advance(std::chrono::hours(24) + Millis(50));
  EXPECT_EQ(texts().size(), 50U);
  const auto before = files(".blocks");
  clock_.advance(std::chrono::hours(24));
  put("a", to_epoch_ms(clock_.now()), "new");
  ASSERT_TRUE(run([&]() { return events_->tidy(); }));
  EXPECT_LT(files(".blocks"), before);
  EXPECT_EQ(texts(), (Texts{"new"}));
  reopen();
  EXPECT_EQ(texts(), (Texts{"new"}));
}

TEST_F(EventStoreTest, StreamsComeWithTheirEventsAndGoWithThem) {
  ASSERT_TRUE(run([&]() { return events_->create_stream(key_, "made"); }));
  EXPECT_EQ(run([&]() { return events_->create_stream(key_, "made"); }).error().code, Code::kAlreadyExists);
  put("came", 5, "one");
  put("came", 3, "two");
  reopen();
  const auto streams = run([&]() { return events_->streams(key_); });
  ASSERT_EQ(streams->size(), 2U);
  EXPECT_EQ((*streams)[0].name, "came");
  EXPECT_EQ((*streams)[0].share.first_ms, 3);
  EXPECT_EQ((*streams)[0].share.last_ms, 5);
  EXPECT_EQ((*streams)[1].share.events, 0U);
  ASSERT_TRUE(run([&]() { return events_->remove_stream(key_, "came"); }));
  EXPECT_EQ(texts(), Texts());
  EXPECT_EQ(run([&]() { return events_->remove_stream(key_, "came"); }).error().source, "stream");
  put("came", 9, "again");
  reopen();
  EXPECT_EQ(texts(), (Texts{"again"}));
}

TEST_F(EventStoreTest, AGroupOfTheSameNameIsANewOne) {
  put("a", 1, "old");
  const auto removed = run([&]() { return groups_->remove(key_); });
  ASSERT_TRUE(run([&]() { return events_->drop(*removed); }));
  EXPECT_EQ(run([&]() { return events_->search(key_, {}); }).error().source, "group");
  Group wanted;
  wanted.key = key_;
  ASSERT_TRUE(run([&]() { return groups_->create(wanted); }));
  EXPECT_EQ(texts(), Texts());
  EXPECT_EQ(files(".journal"), 0U);
}

TEST_F(EventStoreTest, WhatNobodyWaitsForMakesItsGroup) {
  key_.name = "/aws/lambda/f";
  for (int i = 0; i < 50; ++i) events_->add(key_, {i, "a", "r", std::to_string(i)});
  ASSERT_TRUE(run([&]() { return events_->flush(); }));
  EXPECT_EQ(texts().size(), 50U);
  EXPECT_NE(groups_->find(key_), nullptr);
  SearchQuery of_request;
  of_request.request_id = "another";
  EXPECT_EQ(texts(of_request), Texts());
}

TEST_F(EventStoreTest, WhatIsTooMuchForTheDiskIsCounted) {
  const std::string text(1 << 20, 'x');
  for (int i = 0; i < 20; ++i) events_->add(key_, {i, "a", "r", text});
  ASSERT_TRUE(run([&]() { return events_->flush(); }));
  events_->add(key_, {30, "a", "r", "after"});
  ASSERT_TRUE(run([&]() { return events_->flush(); }));
  SearchQuery last;
  last.direction = Direction::kBackward;
  last.limit = 2;
  const auto told = texts(last);
  EXPECT_TRUE(std::ranges::any_of(told, [](const auto& line) { return line.contains("lines were lost"); }));
}

TEST_F(EventStoreTest, FollowersGetWhatCameInItsOrder) {
  for (int i = 0; i < 60; ++i) put("a", 1000 - i, fmt::format("{} {}", i, std::string(60, 'x')));
  Texts got;
  for (std::uint64_t from = 1;;) {
    const auto some = run([&]() { return events_->since(key_, from, 7); });
    for (const auto& event : *some) got.push_back(event.message.substr(0, event.message.find(' ')));
    if (some->empty()) break;
    from = some->back().sequence + 1;
  }
  ASSERT_EQ(got.size(), 60U);
  for (int i = 0; i < 60; ++i) EXPECT_EQ(got[static_cast<std::size_t>(i)], std::to_string(i));
  const auto wait = [&](Millis limit) {
    return run([&]() { return events_->wait(key_, 61, std::chrono::steady_clock::now() + limit); });
  };
  EXPECT_EQ(wait(Millis(1)).error().code, Code::kTimeout);
  put("a", 1, "one more");
  EXPECT_TRUE(wait(Millis(0)));
}

TEST_F(EventStoreTest, FoldersWithoutAGroupGo) {
  fs::create_directories(folder_ / "nobodys");
  events_->start(std::chrono::hours(1));
  EXPECT_EQ(texts(), Texts());  // which the disk did after what start() told it to do
  EXPECT_FALSE(fs::exists(folder_ / "nobodys"));
}

// Acknowledged writes of a process that is killed are there.
class EventStoreCrash : public EventStoreTest {};

TEST_F(EventStoreCrash, DISABLED_Child) {
  fs::remove_all(folder_);
  GroupFolder group(kv::testing::child_folder() + "/group", {.block_bytes = 5000, .file_bytes = 20'000});
  auto content = group.open();
  ASSERT_TRUE(content);
  for (auto n = content->next_sequence;; ++n) {
    auto batch = std::make_shared<Batch>();
    batch->push_back({static_cast<std::int64_t>(n), 0, n, "a", "", fmt::format("{} {}", n, std::string(n % 300, 'z'))});
    ASSERT_TRUE(group.append(std::move(batch)));
    kv::testing::acknowledge(std::to_string(n));
  }
}

TEST_F(EventStoreCrash, AcknowledgedEventsAreThere) {
  const auto folder = (folder_ / "crash").string();
  fs::create_directories(folder);
  for (int round = 0; round < 5; ++round) {
    const auto lines = kv::testing::run_until_killed("EventStoreCrash", folder, 150);
    ASSERT_FALSE(lines.empty());
    GroupFolder group(folder + "/group", {.block_bytes = 5000, .file_bytes = 20'000});
    const auto content = group.open();
    ASSERT_TRUE(content) << content.error().message;
    EXPECT_GT(content->next_sequence, std::stoull(lines.back()));
    Corpus corpus;
    corpus.blocks = content->blocks;
    corpus.tail = content->tail;
    const auto found = logs::search(corpus, {});
    ASSERT_EQ(found.events.size() + 1, content->next_sequence);
    for (std::size_t i = 0; i < found.events.size(); ++i) EXPECT_EQ(found.events[i].sequence, i + 1);
  }
  fs::remove_all(folder);
}

}  // namespace
}  // namespace gust::logs
