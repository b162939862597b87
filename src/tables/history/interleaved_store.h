// For tests: stores whose transactions run into each other. Each pauses before every read and before its commit, and
// meanwhile others go on: SteppedStore lets one of them at a time take its next step, drawn by a seed, so that a run
// repeats itself exactly; JitteryStore only makes threads give way at those places, as often as the seed says.
#pragma once

#include "env/random.h"
#include "kv/store.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <set>
#include <thread>

namespace gust::tables::history {

class PausingTransaction final : public kv::Transaction {
 public:
  PausingTransaction(kv::Transaction& inner, const std::function<void()>& pause) : inner_(inner), pause_(pause) {}
  Result<std::optional<std::string>> get(std::string_view key) override {
    pause_();
    return inner_.get(key);
  }
  Result<std::vector<kv::Entry>> scan(const kv::Range& range) override {
    pause_();
    return inner_.scan(range);
  }
  void put(std::string_view key, std::string_view value) override { inner_.put(key, value); }
  void erase(std::string_view key) override { inner_.erase(key); }
  void after_commit(Then then) override { inner_.after_commit(std::move(then)); }

 private:
  kv::Transaction& inner_;
  const std::function<void()>& pause_;
};

class InterleavedStore : public kv::Store {
 public:
  explicit InterleavedStore(kv::Store& inner) : inner_(inner) {}
  async::Task<std::optional<std::string>> get(std::string key) override { return inner_.get(std::move(key)); }
  async::Task<std::vector<kv::Entry>> scan(kv::Range range) override { return inner_.scan(std::move(range)); }
  std::unique_ptr<kv::Reader> snapshot() override { return inner_.snapshot(); }

 protected:
  static Body pausing(Body body, std::function<void()> pause) {
    return [body = std::move(body), pause = std::move(pause)](kv::Transaction& tx) {
      PausingTransaction view(tx, pause);
      auto result = body(view);
      pause();
      return result;
    };
  }
  kv::Store& inner_;
};

class JitteryStore final : public InterleavedStore {
 public:
  JitteryStore(kv::Store& inner, std::uint64_t seed) : InterleavedStore(inner), random_(seed) {}
  async::Task<void> transact(Body body, kv::Durability durability) override {
    auto pause = [this] {
      for (auto left = random_.u64() % 4 == 0 ? random_.u64() % 50 : 0; left > 0; --left) std::this_thread::yield();
    };
    auto slow = pausing(std::move(body), std::move(pause));
    co_return co_await inner_.transact(std::move(slow), durability);
  }

 private:
  env::SeededRandom random_;
};

// Over a store that runs bodies on `threads` threads of its own and takes them in order, as MemoryStore does. The loop
// is run by run(), which is where the steps are drawn.
class SteppedStore final : public InterleavedStore {
 public:
  SteppedStore(kv::Store& inner, boost::asio::io_context& loop, std::size_t threads, std::uint64_t seed)
      : InterleavedStore(inner), loop_(loop), threads_(threads), random_(seed) {}

  async::Task<void> transact(Body body, kv::Durability durability) override {
    const auto number = ++last_;
    ++open_;
    auto stepped = pausing(std::move(body), [this, number] { pause(number); });
    const auto done = co_await inner_.transact(std::move(stepped), durability);
    --open_;
    std::lock_guard lock(mutex_);
    moving_ = 0;
    co_return done;
  }

  // Until nothing is left to do.
  void run() {
    for (;;) {
      loop_.restart();
      loop_.poll();
      if (open_ == 0) break;
      release(draw());
      while (is_moving()) loop_.run_one();
    }
    loop_.restart();
    loop_.run();
  }
  std::uint64_t steps() const { return steps_; }

 private:
  // One of those that pause, once all pause that can.
  std::uint64_t draw() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return paused_.size() == std::min(open_, threads_); });
    auto chosen = paused_.begin();
    std::advance(chosen, static_cast<std::ptrdiff_t>(random_.u64() % paused_.size()));
    return *chosen;
  }

  void release(std::uint64_t number) {
    std::lock_guard lock(mutex_);
    ++steps_;
    moving_ = number;
    paused_.erase(number);
    changed_.notify_all();
  }

  bool is_moving() {
    std::lock_guard lock(mutex_);
    return moving_ != 0;
  }

  // On a thread of the inner store.
  void pause(std::uint64_t number) {
    std::unique_lock lock(mutex_);
    paused_.insert(number);
    if (moving_ == number) {
      moving_ = 0;
      boost::asio::post(loop_, [] {});  // run() looks again
    }
    changed_.notify_all();
    changed_.wait(lock, [&] { return !paused_.contains(number); });
  }

  boost::asio::io_context& loop_;
  const std::size_t threads_;
  env::SeededRandom random_;
  std::uint64_t last_ = 0, steps_ = 0;
  std::size_t open_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t moving_ = 0;  // the one that has left its pause, until it pauses again or has ended
  std::set<std::uint64_t> paused_;
};

}  // namespace gust::tables::history
