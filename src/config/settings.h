// Settings of the daemon, checked. Any thread.
#pragma once

#include "base/result.h"
#include "base/time.h"

#include <cstdint>
#include <optional>
#include <string>

namespace gust::config {

enum class Mode { kNormal, kDev };  // kDev: the keys test/test are the root account's, on loopback only

// Where TLS is spoken, besides the plain address.
struct TlsSettings {
  std::string address;
  std::uint16_t port = 0;         // 0 picks a free one
  std::string certificate, key;   // files in PEM
};

struct Settings {
  Mode mode = Mode::kNormal;
  std::string address = "127.0.0.1";
  std::uint16_t port = 4566;  // 0 picks a free one
  std::optional<TlsSettings> tls;
  std::string data;           // folder; made when it is not there
  std::string runtimes;       // folder with python/ and node/; empty: beside the build folder of this program
  std::uint64_t memory_bytes = 0;  // of all instances together; 0: three quarters of the machine's
  std::optional<Millis> keep_alive;  // of idle instances; none: learned for each function
  std::uint64_t ready_runtimes_bytes = 512ULL << 20;  // for runtimes booted ahead of cold starts; 0: none
};

// kInvalid names the setting and what to do.
Result<void> check(const Settings& settings);

bool is_loopback(const std::string& address);

}  // namespace gust::config
