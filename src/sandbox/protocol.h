// The packets between the daemon and gust-launcher: JSON, one message a packet (docs/formats/launcher-protocol.md).
// Only encoding and decoding; no sockets. Any thread.
#pragma once

#include "base/result.h"
#include "sandbox/sandbox.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace gust::sandbox {

enum class Limit { kEnforced, kMissing };

// What this machine lets the launcher enforce; found once, at its start.
struct Capabilities {
  std::string privilege;  // "root" or "user-namespace"
  std::string cgroup;     // "v2", "v1" or "none"
  Limit memory = Limit::kMissing;
  Limit pids = Limit::kMissing;
  Limit cpu = Limit::kMissing;
  std::vector<std::string> notes;  // what is missing and what to do about it, a sentence each
};

struct StartRequest {
  std::uint64_t seq = 0;  // repeated in the answer
  Spec spec;
};
struct KillRequest {
  std::string id;
};
struct UsageRequest {
  std::uint64_t seq = 0;
  std::string id;
};
struct SpecialiseRequest {
  std::uint64_t seq = 0;
  std::string id;
  Specialisation to;
};
using Request = std::variant<StartRequest, KillRequest, UsageRequest, SpecialiseRequest>;

struct Hello {
  Capabilities capabilities;
};
// How a file of a cgroup says what was used; the last two freeze it instead, on v2 and v1. As named on the wire:
// "bytes", "cpu.stat", "nanoseconds", "cgroup.freeze", "freezer.state".
enum class UsageFile { kBytes, kCpuStat, kNanoseconds, kFreeze, kFreezerState };

// Carries the descriptors: the output pipe first, then the listeners in the order of Spec::listen_ports, then the
// files of `usage`.
struct Started {
  std::uint64_t seq = 0;
  std::int64_t pid = 0;  // of the sandbox's init, in the host's pid namespace
  std::vector<UsageFile> usage = {};
};
struct Failed {
  std::uint64_t seq = 0;
  Error error;
};
// Sent when the sandbox is gone and cleaned up; `usage` is its last.
struct Exited {
  std::string id;
  Exit exit;
  Usage usage;
};
struct UsageAnswer {
  std::uint64_t seq = 0;
  Usage usage;
};
struct Specialised {
  std::uint64_t seq = 0;
};
using Event = std::variant<Hello, Started, Failed, Exited, UsageAnswer, Specialised>;

// What a program is started with, as text; the launcher sends it into a sandbox that has none yet.
std::string encode_program(const Specialisation& to);
Result<Specialisation> decode_program(std::string_view text);  // kInvalid

std::string encode(const Request& request);
std::string encode(const Event& event);
// kInvalid, naming the member, when the text is not such a message.
Result<Request> decode_request(std::string_view text);
Result<Event> decode_event(std::string_view text);

// Adds what the file says to `usage`; kInvalid when it is not of that kind.
Result<void> parse_usage(UsageFile kind, std::string_view text, Usage& usage);

// kInvalid with the member named when a Spec cannot be started as it stands.
Result<void> validate(const Spec& spec);
Result<void> validate(const Specialisation& to);

}  // namespace gust::sandbox
