#include "functions/kept_events.h"

#include "async/testing.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace gust::functions {
namespace {

namespace fs = std::filesystem;
using Ids = std::vector<std::string>;

class KeptEventsTest : public ::testing::Test {
 protected:
  KeptEventsTest() {
    std::string name = (fs::temp_directory_path() / "gust-events-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    open();
  }
  ~KeptEventsTest() override {
    flush();
    store_.reset();
    fs::remove_all(folder_);
  }
  void open(EventBounds bounds = {}) {
    store_.reset();
    store_.emplace(loop_.get_executor(), clock_, folder_.string(), bounds);
  }
  void flush() {
    EXPECT_TRUE(async::testing::run(loop_, [&] { return store_->flush(); }));
  }
  void accept(const std::string& id, const std::string& function = "f", std::string payload = "{}",
              const std::string& account = "1") {
    KeptEvent event;
    event.id = id;
    event.function = {{AccountId(account), FunctionName(function)}, "live"};
    event.at = clock_.now();
    event.arrival = Arrival::kEvent;
    event.client_context = "{\"a\":1}";
    store_->accepted(std::move(event), payload);
  }
  void end(const std::string& id, Fate fate, std::string error = {}, std::uint64_t us = 5) {
    store_->ended({AccountId("1"), FunctionName("f")}, {id, clock_.now(), fate, us, "3", std::move(error)});
  }
  std::vector<KeptEvents::Row> list(KeptEvents::Query query = {AccountId("1")}) {
    auto rows = async::testing::run(loop_, [&] { return store_->list(query); });
    EXPECT_TRUE(rows);
    return rows.value_or(std::vector<KeptEvents::Row>());
  }
  Ids ids(KeptEvents::Query query = {AccountId("1")}) {
    Ids out;
    for (const auto& row : list(std::move(query))) out.push_back(row.event.id);
    return out;
  }
  Result<KeptEvent> find(const std::string& id) {
    return async::testing::run(loop_, [&] { return store_->find(AccountId("1"), id); });
  }
  std::uint64_t bytes_on_disk() const {
    std::uint64_t sum = 0;
    for (const auto& file : fs::directory_iterator(folder_)) sum += file.file_size();
    return sum;
  }

  boost::asio::io_context loop_;
  env::FakeClock clock_;
  fs::path folder_;
  std::optional<KeptEvents> store_;
};

TEST_F(KeptEventsTest, AnEventComesBackAsItWas) {
  std::string payload = "{\"x\":\"";
  payload += std::string(3 << 20, 'y') + "\"}";
  accept("one", "f", payload);
  accept("two", "g", "{\"n\":2}");
  const auto one = find("one");
  ASSERT_TRUE(one);
  EXPECT_EQ(one->payload, payload);
  EXPECT_EQ(one->function.key.name.str(), "f");
  EXPECT_EQ(one->function.qualifier, "live");
  EXPECT_EQ(one->client_context, "{\"a\":1}");
  EXPECT_EQ(find("two")->payload, "{\"n\":2}");
  EXPECT_EQ(find("three").error().code, Code::kNotFound);
}

TEST_F(KeptEventsTest, ListsTheNewestFirstOfOneAccountAndFunction) {
  accept("a");
  accept("b", "g");
  clock_.advance(Millis(1000));
  accept("c");
  accept("d", "f", "{}", "2");
  EXPECT_EQ(ids(), (Ids{"c", "b", "a"}));
  EXPECT_EQ(ids({AccountId("1"), "f"}), (Ids{"c", "a"}));
  EXPECT_EQ(ids({AccountId("1"), "", clock_.now()}), (Ids{"c"}));
  EXPECT_EQ(ids({AccountId("1"), "", {}, 2}), (Ids{"c", "b"}));
  EXPECT_EQ(ids({AccountId("2")}), (Ids{"d"}));
  EXPECT_FALSE(find("d"));
}

TEST_F(KeptEventsTest, TellsWhatBecameOfThem) {
  accept("ok"), accept("bad"), accept("runs");
  end("ok", Fate::kAnswered);
  end("bad", Fate::kFailed, "ValueError", 70);
  store_->ended({AccountId("1"), FunctionName("f")}, {"bad", clock_.now(), Fate::kRetrying, 0, "", ""});
  accept("bad");
  const auto rows = list();
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].event.id, "bad");
  EXPECT_EQ(rows[0].attempts, 2U);
  EXPECT_EQ(rows[0].outcome->fate, Fate::kRetrying);
  EXPECT_EQ(rows[0].outcome->error, "ValueError");
  EXPECT_EQ(rows[0].outcome->duration_us, 70U);
  EXPECT_FALSE(rows[1].outcome || rows[1].cut_off);
  EXPECT_EQ(rows[2].outcome->version, "3");
}

TEST_F(KeptEventsTest, AttemptsAreCountedHoweverManyEventsAreAskedFor) {
  accept("tried"), accept("a"), accept("tried");
  flush();
  clock_.advance(Millis(3'600'000));
  accept("b"), accept("tried"), accept("c");
  EXPECT_EQ(ids({AccountId("1"), "", {}, 1}), (Ids{"c"}));
  EXPECT_EQ(ids({AccountId("1"), "", {}, 2}), (Ids{"c", "tried"}));
  EXPECT_EQ(ids({AccountId("1"), "", {}, 4}), (Ids{"c", "tried", "b", "a"}));
  for (const std::size_t limit : {2, 3, 4}) EXPECT_EQ(list({AccountId("1"), "", {}, limit})[1].attempts, 3U);
  const auto row = async::testing::run(loop_, [&] { return store_->look(AccountId("1"), "tried"); });
  EXPECT_EQ(row->attempts, 3U);
}

TEST_F(KeptEventsTest, ListsThoseOfAQualifier) {
  accept("a");
  EXPECT_EQ(ids({AccountId("1"), "f", {}, 10, "live"}), (Ids{"a"}));
  EXPECT_EQ(ids({AccountId("1"), "f", {}, 10, "3"}), Ids());
}

TEST_F(KeptEventsTest, AnEarlierRunIsReadAndWhatItLeftRunningWasCutOff) {
  accept("before");
  accept("runs");
  end("before", Fate::kAnswered);
  flush();
  for (const auto& file : fs::directory_iterator(folder_)) {
    std::ofstream out(file.path(), std::ios::app);
    out << std::string("\x50\0\0\0half a record", 17);
  }
  clock_.advance(Millis(1000));
  open();
  accept("after");
  end("runs", Fate::kGivenUp, "late");
  const auto rows = list();
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].event.id, "after");
  EXPECT_EQ(rows[1].outcome->fate, Fate::kGivenUp);
  EXPECT_EQ(rows[2].outcome->fate, Fate::kAnswered);
  accept("late");
  flush();
  clock_.advance(Millis(1000));
  open();
  EXPECT_TRUE(list().front().cut_off);
}

TEST_F(KeptEventsTest, WhatIsDamagedIsNotGivenOut) {
  accept("one", "f", "{\"text\": \"hello\"}");
  flush();
  const auto path = fs::directory_iterator(folder_)->path();
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(fs::file_size(path)) - 4);
  file << "X";
  file.close();
  EXPECT_EQ(find("one").error().code, Code::kCorrupt);
  EXPECT_TRUE(ids().empty());
}

TEST_F(KeptEventsTest, TheOldestGoWhenItIsTooMuch) {
  open({8 << 20, std::chrono::hours(24)});
  const std::string payload(100 << 10, 'x');
  for (int i = 0; i < 200; ++i) {
    accept(std::to_string(i), "f", payload);
    if (i % 5 == 0) flush();
  }
  flush();
  EXPECT_LE(bytes_on_disk(), 9U << 20);
  EXPECT_FALSE(find("0"));
  EXPECT_TRUE(find("199"));
  EXPECT_GT(list({AccountId("1"), "", {}, 1000}).size(), 60U);
}

TEST_F(KeptEventsTest, TheOldestGoWhenTheyAreTooOld) {
  open({1 << 20, std::chrono::hours(24)});
  accept("old", "f", std::string(2 << 20, 'x'));
  flush();
  accept("new");
  flush();
  EXPECT_TRUE(find("new"));
  EXPECT_FALSE(find("old"));  // by size: the first file alone is over it
  open({64 << 20, std::chrono::hours(24)});
  accept("fresh");
  flush();
  clock_.advance(std::chrono::hours(25));
  open({64 << 20, std::chrono::hours(24)});
  accept("fresher");
  flush();
  EXPECT_TRUE(find("fresher"));
}

TEST_F(KeptEventsTest, OfTooLargeOnesOnlyThatThereWasOne) {
  accept("large", "f", std::string(KeptEvents::kMaxPayload + 1, 'x'));
  const auto found = find("large");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->bytes, KeptEvents::kMaxPayload + 1);
  EXPECT_TRUE(found->payload.empty());
}

TEST_F(KeptEventsTest, FollowersHearWhatHappens) {
  const auto follower = store_->follow();
  accept("one", "f", "{\"a\": 1}");
  end("one", Fate::kFailed, "E");
  ASSERT_EQ(follower->news.size(), 2U);
  EXPECT_EQ(follower->news[0].event->bytes, 8U);
  EXPECT_EQ(follower->news[1].outcome->error, "E");
}

TEST_F(KeptEventsTest, NothingIsKeptWhenItIsOff) {
  open({0, std::chrono::hours(1)});
  accept("one");
  EXPECT_FALSE(store_->keeps());
  EXPECT_TRUE(ids().empty());
  EXPECT_TRUE(fs::is_empty(folder_));
}

}  // namespace
}  // namespace gust::functions
