// How long a sandbox takes: from Launcher::start to the start's answer, to the program's first byte, and whole lives a
// second. Run it on a quiet machine: `build/release/bench/bench_sandbox [rounds]`.
#include "async/testing.h"
#include "sandbox/linux/linux_launcher.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <unistd.h>

namespace {

using namespace gust;
using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

void print(std::string_view what, std::vector<double>& values) {
  std::ranges::sort(values);
  fmt::print("{:<44} median {:6.2f} ms   p99 {:6.2f} ms\n", what, values[values.size() / 2],
             values[values.size() * 99 / 100]);
}

struct Program {
  std::string name;
  std::vector<std::string> argv;
};

// One life; false when it could not start.
bool measure(boost::asio::io_context& loop, sandbox::Launcher& launcher, const Program& program, int round,
             std::vector<double>& started, std::vector<double>& first_byte) {
  sandbox::Spec spec;
  spec.id = fmt::format("bench-{}-{}", program.name, round);
  spec.argv = program.argv;
  spec.working_dir = "/tmp";
  spec.cpu_millis = 2000;
  spec.memory_bytes = 256u << 20;
  spec.listen_ports = {9001, 4566};
  const auto start = Clock::now();
  auto made = async::testing::run(loop, [&]() { return launcher.start(std::move(spec)); });
  if (!made) {
    fmt::print(stderr, "{}\n", made.error().message);
    return false;
  }
  started.push_back(ms_since(start));
  const sandbox::Fd output((*made)->take_output());
  char byte = 0;
  if (::read(output.get(), &byte, 1) == 1) first_byte.push_back(ms_since(start));
  return async::testing::run(loop, [&]() { return (*made)->wait(); }).has_value();
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 200;
  char name[] = "/tmp/gust-bench-XXXXXX";
  const std::filesystem::path folder = ::mkdtemp(name);
  boost::asio::io_context loop;
  const auto binary = std::filesystem::canonical("/proc/self/exe").parent_path().parent_path() / "gust-launcher";
  auto launcher = async::testing::run(loop, [&]() {
    return sandbox::LinuxLauncher::create(loop.get_executor(), sandbox::LinuxSettings{binary, folder, {}});
  });
  if (!launcher) {
    fmt::print(stderr, "{}\n", launcher.error().message);
    return 1;
  }
  fmt::print("{}, cgroup {}\n", (*launcher)->capabilities().privilege, (*launcher)->capabilities().cgroup);
  const std::vector<Program> programs = {{"echo", {"/bin/echo", "x"}},
                                         {"python", {"/usr/bin/python3", "-I", "-c", "print(1)"}},
                                         {"node", {"/usr/bin/node", "-e", "console.log(1)"}}};
  for (const auto& program : programs) {
    std::vector<double> started, first_byte;
    const auto begin = Clock::now();
    const int lives = program.name == "node" ? rounds / 4 + 1 : rounds;
    for (int i = 0; i < lives; ++i) {
      if (!measure(loop, **launcher, program, i, started, first_byte)) return 1;
    }
    const double a_second = lives * 1000 / ms_since(begin);
    fmt::print("{:<44} {:.0f} a second, one after another\n", program.name + ": whole lives", a_second);
    print(program.name + ": start answered (program runs)", started);
    if (!first_byte.empty()) print(program.name + ": first byte of output", first_byte);
  }
  const auto stopped = async::testing::run(loop, [&]() -> async::Task<void> { return (*launcher)->stop(); });
  std::filesystem::remove_all(folder);
  return stopped ? 0 : 1;
}
