// For tests only: a source whose records come when they are put, a function that answers as it is told, and time that
// passes when nobody has anything to do.
#pragma once

#include "env/clock.h"
#include "event_sources/source.h"

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <list>
#include <map>
#include <set>

namespace gust::event_sources::testing {

class FakeTiming final : public Timing {
 public:
  explicit FakeTiming(env::FakeClock& clock) : clock_(clock) {}
  WallTime now() const override { return clock_.now(); }
  async::Task<void> wait(async::Event& event, WallTime until) override {
    const auto place = waits_.insert(waits_.end(), {until, &event});
    auto done = co_await event.wait();
    waits_.erase(place);
    co_return done;
  }
  // The next moment that somebody waits for comes; false when nobody waits for one.
  bool advance() {
    const auto next = std::ranges::min_element(waits_, {}, &Wait::until);
    if (next == waits_.end() || next->until == kNever) return false;
    if (next->until > now()) clock_.advance(next->until - now());
    const auto time = now();
    for (const auto& wait : waits_) {
      if (wait.until <= time) wait.event->pulse();
    }
    return true;
  }

 private:
  struct Wait {
    WallTime until;
    async::Event* event;
  };
  env::FakeClock& clock_;
  std::list<Wait> waits_;
};

class FakeSource final : public Source {
 public:
  FakeSource(async::Executor executor, env::FakeClock& clock) : executor_(executor), clock_(clock) {}

  static std::string position(std::size_t index) { return fmt::format("{:04}", index); }
  // Its position is the number of records before it, and one.
  void put(std::string key, std::string json) {
    records_.push_back({position(records_.size() + 1), std::move(key), std::move(json), clock_.now()});
    changed();
  }
  void end() {
    ended_ = true;
    changed();
  }
  void fail_reads(std::size_t count) { failing_ = count; }
  std::size_t reads() const { return reads_; }
  std::size_t read_most = 1000;  // at once

  async::Task<std::vector<std::string>> shards(AccountId, std::string stream) override {
    if (stream == "gone") co_return fail(Code::kNotFound, "there is no such stream", "stream");
    co_return std::vector<std::string>{"shard-1"};
  }
  async::Task<std::string> newest(std::string, std::string) override { co_return position(records_.size()); }
  async::Task<Piece> read(std::string, std::string, std::string after, std::size_t limit) override {
    ++reads_;
    if (failing_ > 0) {
      --failing_;
      co_return fail(Code::kUnavailable, "the disk is away");
    }
    Piece out;
    out.next = after;
    for (const auto& record : records_) {
      if (record.position <= after || clock_.now() - record.at >= retention()) continue;
      out.more = out.records.size() == std::min(limit, read_most);
      if (out.more) break;
      out.records.push_back(record);
      out.next = record.position;
    }
    out.ended = ended_ && !out.more;
    co_return out;
  }
  std::shared_ptr<async::Event> changes(std::string) override {
    auto event = std::make_shared<async::Event>(executor_);
    readers_.push_back(event);
    return event;
  }
  Millis retention() const override { return std::chrono::hours(24); }

 private:
  void changed() {
    for (const auto& reader : readers_) {
      if (const auto event = reader.lock()) event->set();
    }
  }

  async::Executor executor_;
  env::FakeClock& clock_;
  std::vector<Record> records_;
  std::vector<std::weak_ptr<async::Event>> readers_;
  std::size_t failing_ = 0, reads_ = 0;
  bool ended_ = false;
};

class FakeTarget final : public Target {
 public:
  using Handler = std::function<Result<Answer>(const std::string& event)>;
  FakeTarget(async::Executor executor, Handler handler) : handler_(std::move(handler)), released_(executor) {
    released_.set();
  }
  void hold() { released_.reset(); }
  void release() { released_.set(); }
  std::size_t running = 0, most_running = 0;

  async::Task<Answer> invoke(RequestContext context, std::string, std::string payload) override {
    contexts.push_back(context);
    most_running = std::max(most_running, ++running);
    auto answer = handler_(payload);
    const auto waited = co_await released_.wait();
    --running;
    if (!waited) co_return std::unexpected(waited.error());
    co_return answer;
  }
  std::vector<RequestContext> contexts;

 private:
  Handler handler_;
  async::Event released_;
};

class FakeFailures final : public Failures {
 public:
  async::Task<void> put(RequestContext, std::string arn, std::string name, std::string record) override {
    if (failing > 0) {
      --failing;
      co_return fail(Code::kUnavailable, "later");
    }
    if (arn.ends_with("gone")) co_return fail(Code::kNotFound, "there is no such bucket", "bucket");
    kept.emplace_back(std::move(name), std::move(record));
    co_return Result<void>{};
  }
  std::vector<std::pair<std::string, std::string>> kept;
  std::size_t failing = 0;
};

class FakeCheckpoints final : public Checkpoints {
 public:
  async::Task<std::optional<Checkpoint>> load(Mapping, std::string) override { co_return kept; }
  async::Task<void> save(Mapping, std::string, Checkpoint checkpoint) override {
    ++saves;
    if (failing) co_return fail(Code::kNoSpace, "the disk is full");
    kept = std::move(checkpoint);
    co_return Result<void>{};
  }
  std::optional<Checkpoint> kept;
  std::size_t saves = 0;
  bool failing = false;
};

}  // namespace gust::event_sources::testing
