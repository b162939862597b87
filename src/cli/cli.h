// The gust command: parses its arguments and runs one subcommand. The daemon itself is given by main(), so that this
// module talks to it over HTTP only.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace gust::cli {

// Exit codes (docs/guide/cli.md).
inline constexpr int kOk = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;
inline constexpr int kUnreachable = 3;
inline constexpr int kFunctionError = 4;

enum class Mode { kNormal, kDev };

struct UpOptions {
  Mode mode = Mode::kNormal;
  std::string address = "127.0.0.1";
  std::uint16_t port = 4566;
  std::string data;                                // the data folder, absolute
  std::optional<std::chrono::seconds> keep_alive;  // none: learned
  std::uint64_t instance_memory_mb = 0;            // 0: three quarters of the machine's
};

// Runs the daemon in the foreground until it is told to end; answers an exit code.
using Up = std::function<int(const UpOptions&)>;

int run(int argc, const char* const* argv, const Up& up);

// $GUST_DATA, else $XDG_DATA_HOME/gust, else ~/.local/share/gust.
std::string default_data_folder();

}  // namespace gust::cli
