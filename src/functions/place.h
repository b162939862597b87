// Place: where an instance keeps one of the invocations that it runs, from when it is given until the runtime asks for
// another in its stead; then the place is used again. Loop thread only.
#pragma once

#include "async/event.h"
#include "base/context.h"
#include "functions/cpu_shares.h"
#include "functions/function.h"
#include "functions/response_stream.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

namespace gust::functions {

// What the runtime said of an invocation.
struct Answer {
  std::string payload;
  std::string error_type;  // set: an error
  std::string content_type = {};
  bool streamed = false;  // the payload went into the stream
  std::uint64_t streamed_bytes = 0;
};

struct Place {
  static constexpr std::size_t kTailBytes = 4096;

  explicit Place(async::Executor executor) : answer(executor) {}

  enum class State {
    kFree,
    kGiven,     // until the runtime takes it
    kTaken,
    kAnswered,  // until the runtime asks for another
    kLost,      // its time is over, or its runtime has not asked again: nobody waits for it, but its code may run on
  };
  State state = State::kFree;
  bool collected = true;                   // invoke() has what it needs of it
  std::shared_ptr<Invocation> invocation;  // until it is taken
  RequestContext context;
  std::int64_t deadline_ms = 0;
  std::size_t max_response_bytes = 0;
  std::shared_ptr<ResponseStream> stream;  // while it runs, if its caller has one
  bool answering = false;                  // the runtime sends its answer
  async::Event answer;                     // it has one, or the instance ended
  std::optional<Answer> answered;
  SteadyTime answered_at{};
  std::deque<std::string> tail;  // its last lines
  std::size_t tail_bytes = 0;
  std::uint64_t bytes_in = 0, queued_ms = 0;
  CpuShares::Claim cpu = CpuShares::kNone;

  bool runs() const { return state == State::kGiven || state == State::kTaken; }
  const std::string& id() const { return context.request_id.str(); }
  // Keeps a line of it, and the last 4 KiB of all.
  void keep_line(const std::string& line);
};

}  // namespace gust::functions
