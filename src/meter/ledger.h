// Ledger: every invocation's record, in one file a day (docs/formats/meter.md). Survives kill -9; days older than
// kRawDays are kept as sums. Loop thread only; the disk is a pool's.
#pragma once

#include "async/blocking_pool.h"
#include "async/event.h"
#include "env/clock.h"
#include "meter/record.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace gust::meter {

// What is in the ledger between two days.
struct Usage {
  std::vector<Sum> sums;      // by day, account, function
  std::uint64_t damaged = 0;  // lines that are not what was written
};

class Ledger final : public Sink {
 public:
  static constexpr int kRawDays = 35;

  // `folder` is made when it is not there.
  Ledger(async::Executor executor, env::Clock& clock, std::string folder);

  // Records that come while the disk is busy, or within some milliseconds, are written together. kNoSpace,
  // kUnavailable: this record is lost, and the log says so.
  async::Task<void> append(Record record) override;
  // From the records where they are, else from the day's sums. Days as day_of(), both included.
  async::Task<Usage> usage(AccountId account, std::string from, std::string to);

 private:
  struct Batch {
    explicit Batch(async::Executor executor) : written(executor) {}
    std::string bytes;
    std::string day;
    async::Event written;
    Result<void> outcome;
  };

  struct Day;  // a day's records as sums, and how far its file was read
  static void read_on(Day& day, const std::string& path, const std::string& name);
  // Turns days that are over kRawDays old into their sums: with the first record, and with the first of each day.
  async::Task<void> tidy();

  async::Executor executor_;
  env::Clock& clock_;
  std::string folder_;
  std::shared_ptr<std::map<std::string, Day>> days_;  // the writer's
  async::BlockingPool writer_;
  std::shared_ptr<Batch> next_;  // what waits for the disk
  bool writing_ = false;
  std::string day_;  // of the last batch
  SteadyTime written_at_{};
};

// The lines of a day's file: those that are whole and sound are given to `take`. Answers how many were not, and sets
// `used` to where the last whole line ends.
std::uint64_t read_lines(std::string_view bytes, const std::function<void(Record)>& take,
                         std::size_t* used = nullptr);
// A line as it is written.
std::string line_of(const Record& record);

}  // namespace gust::meter
