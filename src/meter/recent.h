// Recent: how each function did in the last minute, from the records on their way into the ledger. Loop thread only.
#pragma once

#include "env/clock.h"
#include "meter/record.h"

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace gust::meter {

class Recent final : public Sink {
 public:
  static constexpr std::size_t kSlots = 12;
  static constexpr Millis kSlot{5000};

  Recent(Sink& next, env::Clock& clock) : next_(next), clock_(clock) {}

  async::Task<void> append(Record record) override;

  struct Row {
    std::string function;
    std::uint64_t invocations = 0, errors = 0, starts = 0;  // in the last minute
    double rate = 0;                                        // a second, in the last 5 to 10 seconds
    double p50_ms = 0, p99_ms = 0;                          // within 10 %
    double cpu = 0;                                         // cores, in the last minute
    std::uint64_t peak_bytes = 0;                           // of an instance
  };
  // Those of an account that were invoked in the last minute, by name.
  std::vector<Row> rows(const AccountId& account) const;

 private:
  static constexpr std::size_t kBuckets = 96;  // each a fifth larger than the one before, from 50 us
  struct Slot {
    std::int64_t number = -1;  // which of the slots since 1970
    std::uint64_t invocations = 0, errors = 0, starts = 0, cpu_us = 0, peak_bytes = 0;
    std::array<std::uint32_t, kBuckets> durations{};
  };
  struct Minute {
    std::array<Slot, kSlots> slots;
    std::int64_t last = 0;  // that something was added to
  };
  std::int64_t slot_now() const { return to_epoch_ms(clock_.now()) / kSlot.count(); }
  static double quantile(const std::array<std::uint64_t, kBuckets>& counts, double q);

  Sink& next_;
  env::Clock& clock_;
  std::map<std::pair<AccountId, std::string>, Minute> functions_;
  std::int64_t tidied_ = 0;
};

}  // namespace gust::meter
