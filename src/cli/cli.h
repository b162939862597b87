// The gust command: parses its arguments and runs one subcommand. The daemon itself is given by main(), so that this
// module talks to it over HTTP only.
#pragma once

#include "base/result.h"

#include <boost/json/object.hpp>

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
  std::string tls_address;                         // empty: no TLS
  std::uint16_t tls_port = 8443;
  std::string tls_certificate, tls_key;            // files, absolute
  std::string data;                                // the data folder, absolute
  std::optional<std::chrono::seconds> keep_alive;  // none: learned
  std::uint64_t instance_memory_mb = 0;            // 0: three quarters of the machine's
};

// What is done in this process, without a daemon.
struct Local {
  // Runs the daemon in the foreground until it is told to end; answers an exit code.
  std::function<int(const UpOptions&)> up;
  // What is wrong with the store in a data folder, as the daemon answers to GET /_gust/fsck. kUnavailable "data" when
  // one has it.
  std::function<Result<boost::json::object>(const std::string& data)> check;
  // Makes a data folder from a backup, and checks it.
  std::function<Result<boost::json::object>(const std::string& backup, const std::string& data)> restore;
};

int run(int argc, const char* const* argv, const Local& local);

// $GUST_DATA, else $XDG_DATA_HOME/gust, else ~/.local/share/gust.
std::string default_data_folder();

}  // namespace gust::cli
