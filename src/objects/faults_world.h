// For tests only: an object store on a disk that loses its power and fails, clients that write to it, and what each was
// told, so that what is there after a crash can be held against it. A seed repeats itself; where the stores have
// threads, but for their order.
#pragma once

#include "env/simulated_files.h"
#include "kv/rocks/files_env.h"
#include "objects/rows.h"
#include "objects/testing.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>
#include <set>

namespace gust::objects::testing {

// The bytes of an object that no other write has.
struct Content {
  std::uint64_t size = 0, number = 0;
  bool operator==(const Content&) const = default;
};
using State = std::optional<Content>;  // nothing: there is no object

std::string bytes_of(const Content& content);

// Rows "outbox/<n>", one an event, and what was tried.
struct EventRows final : Outbox {
  Result<void> append(kv::Transaction& tx, const ObjectEvent& event) override;
  void notify() override {}

  std::mutex mutex;
  std::uint64_t count = 0;
  std::set<std::string> tried;
  std::map<std::string, std::string> last;  // by key
};

class World {
 public:
  explicit World(std::uint64_t seed);
  ~World() { stop(); }

  // The daemon's start. False when the power went or the disk failed meanwhile; a test fails when neither did.
  bool start();
  // Clients write and read for a while; the plan is that of the disk.
  void live(env::SimulatedFiles::Plan plan);
  void crash();
  // Holds everything that is there against what was told.
  void check();
  std::uint64_t dice(std::uint64_t sides) { return random_.u64() % sides; }
  env::SimulatedFiles& files() { return files_; }

 private:
  struct Key {
    State told;                // acknowledged
    std::vector<State> maybe;  // of writes that failed since, and may have happened
    std::uint64_t sequence = 0;
  };
  // A version, as it was told or may have been made.
  struct Written {
    State state;               // nothing: a delete marker
    std::string id;            // empty: the write failed, and may have happened
    bool may_be_gone = false;  // its deletion failed, and may have happened
  };
  struct PartState {
    std::optional<Content> told;
    std::vector<Content> maybe;
  };
  struct OpenUpload {
    std::string id, key;
    bool ending = false;  // was completed or aborted with an error
    std::map<std::uint32_t, PartState> parts;
  };

  Task<void> client(int number);
  Task<void> step(int number);
  Task<void> put(std::string key);
  Task<void> erase(std::string key);
  Task<void> erase_version(std::string key);
  Task<void> copy(std::string from, std::string to);
  Task<void> upload_step(int number);
  Task<void> put_part(OpenUpload& upload);
  Task<void> complete(OpenUpload& upload);
  Task<Content> read(std::string key);
  Task<std::vector<Object>> versions();
  Task<State> content_of(Object version);
  void check_versions();
  void check_history(const std::string& key, const std::vector<Object>& there);
  Task<void> check_key(std::string key);
  Task<void> check_upload(OpenUpload& upload);
  void check_events();
  void check_blobs();
  void stop();
  bool broke(std::string_view what, const Error& error);

  void begin(const std::string& key);
  void told(const std::string& key, State state, std::string version);
  void told(const std::string& key, State state, const Object& made);
  void told_event(const std::string& key);
  void failed(const std::string& key, State state, const Error& error);
  // Errors come only from a disk that fails.
  void expect_trouble(std::string_view what, const Error& error);
  Content fresh();
  std::string own_key(int number) { return fmt::format("{}/{}", number, dice(2)); }
  template <typename F>
  auto run_here(F make_task) {
    return run(loop_, std::move(make_task), async::testing::RunUntil::kIdle);
  }

  std::uint64_t seed_;
  std::size_t threads_;
  env::SeededRandom random_;
  env::SimulatedFiles files_;
  std::shared_ptr<rocksdb::Env> env_;
  env::FakeClock clock_;
  EventRows outbox_;
  BucketName bucket_{"bucket"};
  std::map<std::string, Key> keys_;
  const bool versioned_;
  std::map<std::string, std::vector<Written>> history_;  // of a versioned bucket, the oldest first
  std::map<int, OpenUpload> uploads_;
  std::map<std::uint64_t, Content> contents_;  // all that were ever written, by number
  std::vector<std::string> told_events_;
  bool has_bucket_ = false;
  std::uint64_t failed_before_ = 0;

  boost::asio::io_context loop_;
  std::unique_ptr<kv::RocksStore> store_;
  std::unique_ptr<blobs::FileStore> blobs_;
  std::unique_ptr<ObjectStore> objects_;
};

}  // namespace gust::objects::testing
