#include "bench/keep_alive/trace.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace gust::bench {
namespace {

constexpr double kDay = 86'400;  // seconds

// SplitMix64, and draws of our own from it: those of <random> differ between standard libraries.
class Draws {
 public:
  explicit Draws(std::uint64_t seed) : state_(seed) {}

  double uniform() {  // (0, 1)
    state_ += 0x9e3779b97f4a7c15;
    auto z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return (static_cast<double>((z ^ (z >> 31)) >> 11) + 0.5) / 9007199254740992.0;
  }
  double exponential(double mean) { return -mean * std::log(uniform()); }
  double between(double least, double most) { return least * std::pow(most / least, uniform()); }  // evenly in the log
  double erlang(int shape, double mean) {
    double sum = 0;
    for (int i = 0; i < shape; ++i) sum += exponential(mean / shape);
    return sum;
  }

 private:
  std::uint64_t state_;
};

template <std::size_t N>
double pick(Draws& draws, const std::array<std::pair<double, double>, N>& shares) {  // {share, value}
  auto u = draws.uniform();
  for (const auto& [share, value] : shares) {
    if (u < share) return value;
    u -= share;
  }
  return shares.back().second;
}

// Invocations a day of a function without a timer.
double daily_rate(Draws& draws) {
  const auto u = draws.uniform();
  if (u < 0.45) return draws.between(1, 24);
  if (u < 0.81) return draws.between(24, 1'440);
  return draws.between(1'440, 43'200);
}

// Half of the load is always there, the rest follows the hours.
double activity(double second) { return 1 + 0.5 * std::sin(2 * std::numbers::pi * (second / kDay - 0.25)); }

using Seconds = std::vector<double>;

Seconds timer(Draws& draws, double end) {
  constexpr std::array<std::pair<double, double>, 9> kPeriods{{{.15, 60},
                                                               {.25, 300},
                                                               {.10, 600},
                                                               {.12, 900},
                                                               {.10, 1'800},
                                                               {.13, 3'600},
                                                               {.05, 7'200},
                                                               {.05, 21'600},
                                                               {.05, kDay}}};
  const auto period = pick(draws, kPeriods);
  Seconds out;
  for (auto t = period * draws.uniform(); t < end; t += period) out.push_back(t + draws.exponential(0.5));
  return out;
}

Seconds periodic(Draws& draws, double end) {
  const auto mean = kDay / daily_rate(draws);
  Seconds out;
  for (auto t = mean * draws.uniform(); t < end; t += draws.erlang(16, mean)) out.push_back(t);
  return out;
}

// A Poisson process whose rate follows the hours, by thinning.
Seconds poisson(Draws& draws, double end, double rate) {
  constexpr double kMost = 1.5;
  Seconds out;
  for (double t = 0; (t += draws.exponential(kDay / rate / kMost)) < end;) {
    if (draws.uniform() * kMost < activity(t)) out.push_back(t);
  }
  return out;
}

// Visits: ten calls on average, 20 s apart on average.
Seconds bursty(Draws& draws, double end) {
  constexpr double kCalls = 10, kApart = 20;
  Seconds out;
  for (auto t : poisson(draws, end, daily_rate(draws) / kCalls)) {
    do out.push_back(t);
    while (draws.uniform() > 1 / kCalls && (t += draws.exponential(kApart)) < end);
  }
  std::ranges::sort(out);
  return out;
}

}  // namespace

TraceFunction make_function(std::uint64_t seed, std::size_t index, int days) {
  Draws draws(seed * 1'000'003 + index);
  const auto end = days * kDay;
  TraceFunction out;
  out.memory_mb = static_cast<std::uint32_t>(pick<4>(draws, {{{.45, 128}, {.35, 256}, {.15, 512}, {.05, 1'024}}}));
  const auto u = draws.uniform();
  out.kind = u < 0.16 ? Kind::kTimer : u < 0.30 ? Kind::kPeriodic : u < 0.60 ? Kind::kPoisson : Kind::kBursty;
  Seconds seconds;
  switch (out.kind) {
    case Kind::kTimer:
      seconds = timer(draws, end);
      break;
    case Kind::kPeriodic:
      seconds = periodic(draws, end);
      break;
    case Kind::kPoisson:
      seconds = poisson(draws, end, daily_rate(draws));
      break;
    case Kind::kBursty:
      seconds = bursty(draws, end);
      break;
  }
  for (const auto t : seconds) {
    if (t < end) out.arrivals.push_back(Millis(static_cast<Millis::rep>(t * 1000)));
  }
  return out;
}

}  // namespace gust::bench
