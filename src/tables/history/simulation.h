// For tests only: an item store that many clients use at once, on a disk that loses its power or in memory, and the
// history of all that they were told. "Registers" are items of which each operation is recorded for the check of
// linearizability; "lists" are items that are only appended to, by transactions whose serializability is checked. A
// follower reads the stream meanwhile. A seed repeats itself; where the store has threads, but for their order.
#pragma once

#include "env/simulated_files.h"
#include "kv/rocks/files_env.h"
#include "tables/history/interleaved_store.h"
#include "tables/history/item_model.h"
#include "tables/history/serializability.h"
#include "tables/testing.h"

namespace gust::tables::history {

using async::Task;

class Simulation {
 public:
  enum class Disk { kMemory, kBreaking };
  Simulation(std::uint64_t seed, Disk disk);
  ~Simulation() { stop(); }

  // The daemon's start. False when the power went or the disk failed meanwhile; a test fails when neither did.
  bool start();
  // Clients work for a while; the plan is that of the disk.
  void live(env::SimulatedFiles::Plan plan = {});
  // The power goes, and comes again; in memory only the item store is made again.
  void crash();
  // That items, indexes, counts and stream are one.
  void check();
  // That what clients were told can be true.
  void check_history();

  std::uint64_t dice(std::uint64_t sides) { return random_.u64() % sides; }
  env::SimulatedFiles& files() { return files_; }
  std::size_t operations() const { return operations_; }
  std::size_t unknown() const { return unknown_; }

 private:
  struct Token {
    std::shared_ptr<Transaction> transaction;
    std::vector<Write> writes;
    std::string name;
    WallTime first_used;
  };
  using Registers = std::map<std::string, std::vector<ItemEvent>>;

  Task<void> client(int number);
  Task<void> step(int number);
  Task<void> follow();

  // registers.cc
  Task<void> read_register(int client);
  Task<void> write_register(int client);
  Task<void> write_registers(int client);  // in a transaction
  ItemModel::Call random_call();
  Write write_of(const std::string& key, const ItemModel::Call& call) const;
  void record_canceled(const std::vector<std::string>& keys, std::vector<ItemEvent> events,
                       const std::vector<ItemStore::Reason>& reasons);
  void record(const std::string& key, ItemEvent event);

  // lists.cc
  Task<void> append(int client);
  Task<void> append_many(int client);
  Task<void> append_if_unchanged(int client);
  Task<void> append_once(int client);
  Task<void> send_again();
  Task<void> read_lists(int client);
  Task<void> read_page(int client);
  Write append_of(const std::string& key, std::int64_t element) const;
  std::shared_ptr<Transaction> begin(int client);
  void failed(Transaction& transaction, const Error& error);
  Task<void> try_token(Token token);

  PageQuery query_of(std::string index) const;
  std::vector<Item> all_of(std::string index);
  void check_index(const std::string& name, const std::vector<Item>& items);
  void check_stream(const std::vector<Item>& items);
  void read_everything();

  Moment tick() { return ++moment_; }
  std::vector<std::string> some(const std::vector<std::string>& keys, std::size_t most);
  bool did_not_happen(const Error& error) const;
  // Errors come only from a disk that fails.
  void expect_trouble(std::string_view what, const Error& error);
  bool broke(std::string_view what, const Error& error);
  void stop();
  template <typename F>
  auto run_here(F make_task) {
    std::optional<typename std::invoke_result_t<F>::value_type> result;
    boost::asio::co_spawn(loop_, std::move(make_task), [&](std::exception_ptr thrown, auto answer) {
      if (thrown) std::rethrow_exception(thrown);
      result = std::move(answer);
    });
    loop_.restart();
    if (stepped_ != nullptr) {
      stepped_->run();
    } else {
      loop_.run();
    }
    return std::move(*result);
  }

  const std::uint64_t seed_;
  const Disk disk_;
  const std::size_t threads_;
  env::SeededRandom random_;
  env::SimulatedFiles files_;
  std::shared_ptr<rocksdb::Env> env_;
  env::FakeClock clock_;
  Table table_;

  Moment moment_ = 0;
  std::int64_t elements_ = 0;
  std::size_t operations_ = 0, unknown_ = 0;
  Registers registers_;
  std::vector<std::shared_ptr<Transaction>> transactions_;
  std::vector<Token> tokens_;
  std::map<std::string, WallTime> token_names_;  // and when each was sent last
  std::vector<StreamRecord> followed_;
  std::uint64_t follow_after_ = 0;
  std::uint64_t failed_before_ = 0;

  boost::asio::io_context loop_;
  std::unique_ptr<kv::Store> store_;
  std::unique_ptr<InterleavedStore> interleaved_;
  SteppedStore* stepped_ = nullptr;
  std::unique_ptr<ItemStore> items_;
};

// Of an item of the table; an empty one is none.
ItemModel::State state_of(const std::optional<Item>& item);
Elements list_of(const std::optional<Item>& item);
Item key_of_name(const std::string& name);  // "a/1"
std::string name_of_key(const Item& item);
bool is_list(const std::string& name);

inline const std::vector<std::string> kRegisters = {"a/0", "a/1", "b/0", "b/1"};
inline const std::vector<std::string> kLists = {"l/0", "l/1", "l/2", "m/0"};

}  // namespace gust::tables::history
