#include "event_sources/mappings.h"

#include "async/testing.h"
#include "event_sources/clock_timing.h"
#include "event_sources/pollers.h"
#include "event_sources/rows.h"
#include "event_sources/testing.h"
#include "kv/memory/memory_store.h"

#include <gtest/gtest.h>

namespace gust::event_sources {
namespace {

using async::Task;

class MappingsTest : public ::testing::Test {
 protected:
  template <typename F>
  auto run(F make_task) {
    return async::testing::run(loop_, std::move(make_task));
  }
  ~MappingsTest() override {
    target_.release();
    if (pollers_) EXPECT_TRUE(run([&] { return pollers_->stop(SteadyTime::max()); }));
  }
  Mapping wanted(std::string source = "stream", std::string function = "f") {
    Mapping out;
    out.account = account_;
    out.region = "us-east-1";
    out.source_arn = std::move(source);
    out.function_arn = std::move(function);
    return out;
  }
  Result<Mapping> create(Mapping mapping) {
    return run([&] { return mappings_.create(mapping); });
  }
  Result<Mapping> change(const Mapping& mapping, Mappings::Change with) {
    return run([&] { return mappings_.update(account_, mapping.id, with); });
  }
  void open_pollers() {
    pollers_ = std::make_unique<Pollers>(loop_.get_executor(), Pollers::Parts{mappings_, source_, target_, failures_,
                                                                              timing_, random_, metrics_});
    EXPECT_TRUE(run([&] { return pollers_->start(); }));
  }
  void spin_until(const std::function<bool()>& condition) {
    loop_.restart();
    while (!condition()) ASSERT_GT(loop_.run_one_for(std::chrono::seconds(20)), 0u) << "nothing happens any more";
  }
  std::string result_of(const Mapping& mapping) {
    return *run([&] { return pollers_->last_result(mapping); });
  }
  std::size_t row_count() { return store_.snapshot()->scan(kv::Range::prefix("es/"))->size(); }

  AccountId account_{"000000000000"};
  async::asio::io_context loop_;
  kv::MemoryStore store_;
  env::FakeClock clock_;
  env::SeededRandom random_{1};
  telemetry::Metrics metrics_;
  ClockTiming timing_{clock_};
  testing::FakeSource source_{loop_.get_executor(), clock_};
  std::vector<std::string> events_;
  testing::FakeTarget target_{loop_.get_executor(), [this](const std::string& event) -> Result<Target::Answer> {
                                events_.push_back(event);
                                return Target::Answer{"", "null", "$LATEST"};
                              }};
  testing::FakeFailures failures_;
  Mappings mappings_{store_, source_, clock_, random_};
  std::unique_ptr<Pollers> pollers_;
};

TEST(MappingRows, AreReadAsTheyWereWritten) {
  Mapping mapping;
  mapping.account = AccountId("1");
  mapping.id = "i";
  mapping.region = "r";
  mapping.source_arn = "s";
  mapping.function_arn = "f";
  mapping.start = StartAt::kLatest;
  mapping.enabled = false;
  mapping.settings = {7, 8, 9, 10, 11, true, true, {"{}"}, "b", {"EventCount"}};
  mapping.tags = {{"k", "v"}};
  mapping.modified_at = from_epoch_ms(12);
  const auto read = rows::decode_mapping(rows::encode(mapping));
  ASSERT_TRUE(read);
  EXPECT_EQ(rows::encode(*read), rows::encode(mapping));
  EXPECT_EQ(read->settings, mapping.settings);
  EXPECT_EQ(rows::decode_checkpoint(rows::encode(Checkpoint{"5", "OK"})), (Checkpoint{"5", "OK"}));
  for (const auto* bad : {"", "{}", "[]", R"({"position":5,"result":""})"}) {
    EXPECT_EQ(rows::decode_mapping(bad).error().code, Code::kCorrupt);
    EXPECT_EQ(rows::decode_checkpoint(bad).error().code, Code::kCorrupt);
  }
}

TEST_F(MappingsTest, AreMadeFoundListedAndRemoved) {
  const auto first = create(wanted()), other = create(wanted("stream", "g"));
  ASSERT_TRUE(first && other);
  EXPECT_EQ(first->id.size(), 36u);
  EXPECT_EQ(run([&] { return mappings_.find(account_, first->id); })->source_arn, "stream");
  EXPECT_EQ(run([&] { return mappings_.find(AccountId("1"), first->id); }).error().source, "mapping");

  const auto again = create(wanted());
  EXPECT_EQ(again.error().code, Code::kAlreadyExists);
  EXPECT_EQ(again.error().message, first->id);
  EXPECT_EQ(create(wanted("gone")).error().source, "stream");

  Mappings::Wanted all{account_};
  all.limit = 1;
  const auto page = run([&] { return mappings_.list(all); });
  ASSERT_EQ(page->mappings.size(), 1u);
  EXPECT_TRUE(page->more);
  all.after = page->mappings[0].id;
  EXPECT_FALSE(run([&] { return mappings_.list(all); })->more);
  Mappings::Wanted of_g{account_};
  of_g.function_arn = "g";
  EXPECT_EQ(run([&] { return mappings_.list(of_g); })->mappings.at(0).id, other->id);
  of_g.source_arn = "another";
  EXPECT_TRUE(run([&] { return mappings_.list(of_g); })->mappings.empty());

  EXPECT_TRUE(run([&] { return mappings_.remove(account_, first->id); }));
  EXPECT_TRUE(run([&] { return mappings_.remove(account_, other->id); }));
  EXPECT_EQ(run([&] { return mappings_.remove(account_, first->id); }).error().code, Code::kNotFound);
  EXPECT_EQ(row_count(), 0u);
}

TEST_F(MappingsTest, ChangesKeepPairsApart) {
  const auto f = create(wanted()), g = create(wanted("stream", "g"));
  const auto to = [](std::string function) {
    return [function](Mapping& mapping) -> Result<void> {
      mapping.function_arn = function;
      return {};
    };
  };
  EXPECT_EQ(change(*g, to("f")).error().message, f->id);
  clock_.advance(Millis(5));
  const auto h = change(*g, to("h"));
  EXPECT_EQ(h->modified_at, clock_.now());
  EXPECT_TRUE(change(*f, to("g")));
  EXPECT_EQ(change(*h, to("g")).error().code, Code::kAlreadyExists);
  clock_.advance(Millis(5));
  EXPECT_TRUE(run([&] {
    return mappings_.annotate(account_, h->id, [](Mapping& mapping) -> Result<void> {
      mapping.tags["a"] = "b";
      return {};
    });
  }));
  const auto tagged = run([&] { return mappings_.find(account_, h->id); });
  EXPECT_EQ(tagged->tags.at("a"), "b");
  EXPECT_EQ(tagged->modified_at, h->modified_at);
}

TEST_F(MappingsTest, LatestIsSettledWhenItIsMade) {
  source_.put("k", R"({"n":1})");
  auto latest = wanted();
  latest.start = StartAt::kLatest;
  ASSERT_TRUE(create(latest));
  source_.put("k", R"({"n":2})");
  open_pollers();
  spin_until([&] { return !events_.empty(); });
  EXPECT_EQ(events_, std::vector<std::string>{R"({"Records":[{"n":2}]})"});
}

TEST_F(MappingsTest, PollersFollowTheMappings) {
  open_pollers();
  const auto mapping = create(wanted());
  EXPECT_EQ(result_of(*mapping), kNothingYet);
  source_.put("k", R"({"n":1})");
  spin_until([&] { return events_.size() == 1; });
  EXPECT_EQ(pollers_->status().enabled, 1u);

  target_.hold();
  source_.put("k", R"({"n":2})");
  spin_until([&] { return events_.size() == 2; });
  clock_.advance(Millis(70));
  EXPECT_EQ(pollers_->status().oldest, Millis(70));
  const auto off = change(*mapping, [](Mapping& m) -> Result<void> {
    m.enabled = false;
    return {};
  });
  EXPECT_EQ(pollers_->doing(*off), Pollers::Doing::kDisabling);
  target_.release();
  spin_until([&] { return pollers_->doing(*off) == Pollers::Doing::kSettled; });
  EXPECT_EQ(pollers_->status().enabled, 0u);
  EXPECT_EQ(result_of(*off), kOk);
  source_.put("k", R"({"n":3})");

  ASSERT_TRUE(change(*mapping, [](Mapping& m) -> Result<void> {
    m.enabled = true;
    return {};
  }));
  spin_until([&] { return events_.size() == 3; });
  EXPECT_EQ(events_[2], R"({"Records":[{"n":3}]})");

  ASSERT_TRUE(run([&] { return mappings_.remove(account_, mapping->id); }));
  spin_until([&] { return pollers_->doing(*mapping) == Pollers::Doing::kSettled; });
  source_.put("k", R"({"n":4})");
  loop_.restart();
  loop_.poll();
  EXPECT_EQ(events_.size(), 3u);
  spin_until([&] { return row_count() == 0; });
}

TEST_F(MappingsTest, ChangedSettingsTakeOverWhereTheOldOnesEnded) {
  open_pollers();
  const auto mapping = create(wanted());
  target_.hold();
  source_.put("k", R"({"n":1})");
  spin_until([&] { return events_.size() == 1; });
  const auto after = change(*mapping, [](Mapping& m) -> Result<void> {
    m.settings.filters = {R"({"n":[3]})"};
    return {};
  });
  EXPECT_EQ(pollers_->doing(*after), Pollers::Doing::kUpdating);
  source_.put("k", R"({"n":2})");
  source_.put("k", R"({"n":3})");
  target_.release();
  spin_until([&] { return events_.size() == 2; });
  EXPECT_EQ(events_[1], R"({"Records":[{"n":3}]})");
  EXPECT_EQ(pollers_->doing(*after), Pollers::Doing::kSettled);
}

TEST_F(MappingsTest, APlaceOfAMappingThatIsGoneIsNotKept) {
  const auto mapping = create(wanted());
  ASSERT_TRUE(run([&] { return mappings_.remove(account_, mapping->id); }));
  EXPECT_TRUE(run([&] { return mappings_.save(*mapping, "shard-1", {"1", "OK"}); }));
  EXPECT_EQ(row_count(), 0u);
}

}  // namespace
}  // namespace gust::event_sources
