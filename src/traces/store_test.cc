#include "traces/store.h"

#include "async/testing.h"
#include "env/simulated_files.h"
#include "traces/testing.h"

#include <gtest/gtest.h>

#include <thread>

namespace gust::traces {
namespace {

class StoreTest : public testing::Test {
 protected:
  std::unique_ptr<Store> open(StoreSettings settings = {}) {
    auto opened = Store::open(loop_.get_executor(), files_, clock_, "/traces", settings);
    EXPECT_TRUE(opened) << opened.error().message;
    return std::move(*opened);
  }
  Trace find(Store& store, std::uint64_t trace) {
    const auto id = span_for_test(trace, 0).trace;
    auto found = async::testing::run(loop_, [&] { return store.find(id, account_); });
    EXPECT_TRUE(found);
    return *std::move(found);
  }

  boost::asio::io_context loop_;
  env::SimulatedFiles files_{3};
  env::FakeClock clock_;
  AccountId account_{std::string(kDefaultAccount)};
};

TEST_F(StoreTest, WhatWasRecordedIsFoundAtOnceAndAfterAStart) {
  {
    auto store = open();
    store->record(span_for_test(1, 0));
    store->record(span_for_test(1, 1));
    EXPECT_EQ(find(*store, 1).spans.size(), 2u);
    store->record(span_for_test(1, 2));
    EXPECT_TRUE(async::testing::run(loop_, [&] { return store->stop(); }));
    EXPECT_EQ(store->recorded(), 3u);
    EXPECT_EQ(store->dropped(), 0u);
  }
  auto store = open();
  EXPECT_EQ(find(*store, 1).spans.size(), 3u);
  EXPECT_TRUE(find(*store, 2).spans.empty());
}

TEST_F(StoreTest, SpansWithoutATraceAreNone) {
  auto store = open();
  store->record(Span());
  EXPECT_EQ(store->recorded(), 0u);
}

TEST_F(StoreTest, ListenersHearOfWhatBegins) {
  auto store = open();
  auto feed = store->listen();
  for (std::uint64_t i = 1; i <= Feed::kMost + 5; ++i) {
    store->record(span_for_test(i, 0));
    store->record(span_for_test(i, 1));  // begins nothing
    auto beside = span_for_test(i, 2);   // begins as well, but it is told of once
    beside.parent = 0;
    store->record(beside);
  }
  auto heard = store->take(*feed);
  EXPECT_EQ(heard.ids.size(), Feed::kMost);
  EXPECT_EQ(heard.ids.front(), span_for_test(1, 0).trace);
  EXPECT_EQ(heard.left_out, 5u);
  EXPECT_TRUE(store->take(*feed).ids.empty());
}

TEST_F(StoreTest, FromManyThreads) {
  auto store = open({.block_bytes = 2000});
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&store, t] {
      for (std::uint64_t i = 1; i <= 200; ++i) store->record(span_for_test(t * 1000 + i, 0));
    });
  }
  for (auto& thread : threads) thread.join();
  ASSERT_TRUE(async::testing::run(loop_, [&] { return store->flush(); }));
  EXPECT_EQ(store->recorded(), 800u);
  EXPECT_EQ(store->dropped(), 0u);
  for (std::uint64_t t = 0; t < 4; ++t) EXPECT_EQ(find(*store, t * 1000 + 77).spans.size(), 1u);
}

}  // namespace
}  // namespace gust::traces
