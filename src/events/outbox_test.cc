// What the pump promises when the process dies between any two of its steps: an event is in the outbox or in the queue,
// never in both, never in neither.
#include "async/testing.h"
#include "events/outbox.h"
#include "kv/memory/memory_store.h"

#include <gtest/gtest.h>

namespace gust::events {
namespace {

using async::Task;

constexpr const char* kConfiguration =
    R"({"LambdaFunctionConfigurations":[{"Id":"1","LambdaFunctionArn":"arn:f","Events":["s3:ObjectCreated:*"]},
        {"Id":"2","LambdaFunctionArn":"arn:g","Events":["s3:ObjectCreated:*"]}]})";

// A store whose process dies at the next commit of more than a read: before it, or after it and before the answer.
class DyingStore final : public kv::Store {
 public:
  enum class Dies { kNever, kBeforeCommit, kAfterCommit };

  explicit DyingStore(kv::Store& inner, async::Event& died) : inner_(inner), died_(died) {}
  Dies dies = Dies::kNever;

  Task<void> transact(Body body, kv::Durability durability) override {
    if (dies == Dies::kBeforeCommit) {
      Body rolled_back = [&body](kv::Transaction& tx) -> Result<void> {
        GUST_CHECK(body(tx));
        return fail(Code::kUnavailable, "killed");
      };
      const auto done = co_await inner_.transact(std::move(rolled_back), durability);
      died_.set();
      co_return done;
    }
    GUST_CO_CHECK(co_await inner_.transact(std::move(body), durability));
    if (dies == Dies::kNever) co_return Result<void>{};
    died_.set();
    co_return fail(Code::kUnavailable, "killed");
  }
  Task<std::optional<std::string>> get(std::string key) override { return inner_.get(std::move(key)); }
  Task<std::vector<kv::Entry>> scan(kv::Range range) override { return inner_.scan(std::move(range)); }
  std::unique_ptr<kv::Reader> snapshot() override { return inner_.snapshot(); }

 private:
  kv::Store& inner_;
  async::Event& died_;
};

// Stands for the queue of invocations: a row "queued/<id>" for each.
struct QueueTarget final : Target {
  Result<void> enqueue(kv::Transaction& tx, const std::string& arn, std::string, const std::string& id,
                       const std::string&) override {
    GUST_TRY(const auto there, tx.get("queued/" + id));
    tx.put("queued/" + id, there ? "twice" : "once");
    if (arn == refused) return fail(Code::kThrottled, "the queue is full");
    return {};
  }
  void notify() override { notified->set(); }
  async::Event* notified = nullptr;
  std::string refused;
};

class PumpCrash : public ::testing::Test {
 protected:
  PumpCrash() { target_.notified = &notified_; }

  Task<void> write(Outbox& outbox, std::string name) {
    ObjectRecord record;
    record.name = "ObjectCreated:Put";
    record.bucket = "b";
    record.key = std::move(name);
    record.configuration = kConfiguration;
    kv::Store::Body body = [&outbox, record](kv::Transaction& tx) { return outbox.append(tx, record); };
    co_return co_await store_.transact(std::move(body), kv::Durability::kSynced);
  }
  std::vector<std::string> rows(std::string prefix) {
    const auto found = store_.snapshot()->scan(kv::Range::prefix(prefix));
    std::vector<std::string> out;
    for (const auto& row : *found) out.push_back(row.value);
    return out;
  }
  // One life of the daemon: pumps until it dies, or until all is handed on.
  Task<void> live(DyingStore::Dies dies) {
    DyingStore store(store_, died_);
    store.dies = dies;
    died_.reset();
    notified_.reset();
    Outbox outbox(loop_.get_executor(), store, clock_, random_, target_);
    outbox.start();
    GUST_CO_CHECK(co_await (dies == DyingStore::Dies::kNever ? notified_.wait() : died_.wait()));
    co_return co_await outbox.stop();
  }
  Result<void> write_two() {
    return async::testing::run(loop_, [&]() -> Task<void> {
      Outbox outbox(loop_.get_executor(), store_, clock_, random_, target_);
      GUST_CO_CHECK(co_await write(outbox, "one"));
      co_return co_await write(outbox, "two");
    });
  }
  Result<void> run_life(DyingStore::Dies dies) {
    return async::testing::run(loop_, [&] { return live(dies); });
  }

  boost::asio::io_context loop_;
  kv::MemoryStore store_;
  env::FakeClock clock_;
  env::SystemRandom random_;
  async::Event died_{loop_.get_executor()}, notified_{loop_.get_executor()};
  QueueTarget target_;
};

TEST_F(PumpCrash, KilledBeforeTheCommitItStartsAgain) {
  ASSERT_TRUE(write_two());
  ASSERT_TRUE(run_life(DyingStore::Dies::kBeforeCommit));
  EXPECT_EQ(rows("outbox/").size(), 2u);
  EXPECT_TRUE(rows("queued/").empty());
  ASSERT_TRUE(run_life(DyingStore::Dies::kNever));
  EXPECT_TRUE(rows("outbox/").empty());
  EXPECT_EQ(rows("queued/"), (std::vector<std::string>(4, "once")));
}

TEST_F(PumpCrash, KilledAfterTheCommitNothingIsHandedOnTwice) {
  ASSERT_TRUE(write_two());
  ASSERT_TRUE(run_life(DyingStore::Dies::kAfterCommit));
  EXPECT_TRUE(rows("outbox/").empty());
  EXPECT_EQ(rows("queued/"), (std::vector<std::string>(4, "once")));
}

TEST_F(PumpCrash, ATargetThatRefusesKeepsTheEventWhole) {
  ASSERT_TRUE(write_two());
  target_.refused = "arn:g";  // the second of an event's targets: what the first wrote is rolled back with it
  ASSERT_TRUE(run_life(DyingStore::Dies::kBeforeCommit));
  EXPECT_EQ(rows("outbox/").size(), 2u);
  EXPECT_TRUE(rows("queued/").empty());
  target_.refused = "";
  ASSERT_TRUE(run_life(DyingStore::Dies::kNever));
  EXPECT_TRUE(rows("outbox/").empty());
  EXPECT_EQ(rows("queued/"), (std::vector<std::string>(4, "once")));
}

TEST_F(PumpCrash, ARowThatCannotBeReadDoesNotStopTheOthers) {
  ASSERT_TRUE(write_two());
  ASSERT_TRUE(async::testing::run(loop_, [&]() -> Task<void> {
    kv::Store::Body body = [](kv::Transaction& tx) -> Result<void> {
      tx.put("outbox/", "not a record");
      return {};
    };
    co_return co_await store_.transact(std::move(body), kv::Durability::kSynced);
  }));
  ASSERT_TRUE(run_life(DyingStore::Dies::kNever));
  EXPECT_TRUE(rows("outbox/").empty());
  EXPECT_EQ(rows("queued/").size(), 4u);
}

}  // namespace
}  // namespace gust::events
