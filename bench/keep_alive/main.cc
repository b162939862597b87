// bench_keep_alive [SEED [FUNCTIONS [DAYS]]]: the table of docs/benchmarks.md, in Markdown.
#include "bench/keep_alive/replay.h"

#include <fmt/format.h>

#include <malloc.h>

#include <charconv>
#include <cstring>

namespace {

using namespace gust;
using std::chrono::minutes;

std::vector<bench::Policy> policies() {
  std::vector<bench::Policy> out;
  for (const int fixed : {1, 5, 10, 20, 60})
    out.push_back({fmt::format("fixed {} min", fixed), {.fixed = minutes(fixed)}});
  out.push_back({"auto", {}});
  out.push_back({"the paper's whole window", {.start_is_worth = 0}});
  out.push_back({"and 4 h while unknown", {.unknown = minutes(240), .start_is_worth = 0}});
  return out;
}

constexpr std::pair<bench::Kind, const char*> kKinds[] = {{bench::Kind::kTimer, "timers"},
                                                          {bench::Kind::kPeriodic, "nearly periodic"},
                                                          {bench::Kind::kPoisson, "Poisson"},
                                                          {bench::Kind::kBursty, "bursty"}};

void print(const bench::Trace& trace) {
  const auto all = policies();
  const auto results = bench::replay(trace, all);
  const auto& ten = results[2].all;
  fmt::print("{} functions, {} day(s) of which {} only learned from, seed {}: {} invocations of {} functions\n\n",
             trace.functions, trace.days, trace.learned_days, trace.seed, ten.invocations,
             results[2].cold_shares.size());
  fmt::print(
      "| keep-alive | cold starts | of all | of the function at the 50th / 75th percentile | GiB hours wasted | of "
      "fixed 10 min |\n"
      "|---|---|---|---|---|---|\n");
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto& r = results[i];
    fmt::print("| {} | {} | {:.2f} % | {:.1f} % / {:.1f} % | {:.1f} | {:.2f} |\n", all[i].name, r.all.cold,
               100 * r.cold_share(), 100 * r.percentile(0.5), 100 * r.percentile(0.75), r.all.wasted_mb_s / 1024 / 3600,
               r.all.wasted_mb_s / ten.wasted_mb_s);
  }
  fmt::print("\n| cold starts / GiB hours wasted |");
  for (const auto& [kind, name] : kKinds) fmt::print(" {} |", name);
  fmt::print("\n|---|---|---|---|---|\n");
  for (std::size_t i = 0; i < all.size(); ++i) {
    fmt::print("| {} |", all[i].name);
    for (const auto& [kind, name] : kKinds) {
      const auto& one = results[i].by_kind.at(kind);
      fmt::print(" {} / {:.1f} |", one.cold, one.wasted_mb_s / 1024 / 3600);
    }
    fmt::print("\n");
  }
  fmt::print("\n");
}

void print_memory() {
  constexpr std::size_t kFunctions = 100'000;
  functions::KeepAlive keep_alive({});
  const auto before = ::mallinfo2().uordblks;
  for (std::size_t i = 0; i < kFunctions; ++i) {
    const functions::FunctionRef ref{{AccountId("000000000000"), FunctionName(fmt::format("a-function-of-many-{}", i))},
                                     "$LATEST"};
    keep_alive.began(ref, SteadyTime{});
    keep_alive.ended(ref, SteadyTime{});
  }
  fmt::print("What is learned takes {} bytes a function, with its name, for {} functions.\n",
             (::mallinfo2().uordblks - before) / kFunctions, kFunctions);
}

}  // namespace

int main(int argc, char** argv) {
  bench::Trace trace;
  const auto number = [&](int i, auto& out) {
    return argc <= i || std::from_chars(argv[i], argv[i] + std::strlen(argv[i]), out).ec == std::errc();
  };
  if (!number(1, trace.seed) || !number(2, trace.functions) || !number(3, trace.days)) {
    fmt::print(stderr, "usage: bench_keep_alive [SEED [FUNCTIONS [DAYS]]]\n");
    return 2;
  }
  print(trace);
  if (trace.days > 1) {
    trace.learned_days = trace.days - 1;
    print(trace);
  }
  print_memory();
}
