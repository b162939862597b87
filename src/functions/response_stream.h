// ResponseStream: what a function answers, as it writes it. The engine writes, the caller reads. Loop thread only.
#pragma once

#include "async/pipe.h"
#include "functions/function.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace gust::functions {

struct ResponseStream {
  static constexpr std::size_t kBuffered = 256 << 10;       // before the function is held up
  static constexpr std::uint64_t kMaxBytes = 200ULL << 20;  // of one response

  explicit ResponseStream(async::Executor executor)
      : begun(executor), pipe(std::make_shared<async::Pipe>(executor, kBuffered)) {}

  async::Event begun;
  // Set when it begins. The type is what the runtime called its answer.
  std::string content_type = "application/octet-stream";
  std::string executed_version;
  std::shared_ptr<async::Pipe> pipe;
  // How the invocation ended, set before the pipe's end; its payload is what went into the pipe, unless it failed.
  std::optional<InvokeResult> result;
  std::optional<Error> error;  // set when the invocation never came to a function's answer
  std::function<void()> ended = {};  // called once when one of both is set, by who runs the invocation
};

}  // namespace gust::functions
