// Remote: one signed request to the daemon and its answer; blocking. HttpRemote speaks HTTP, tests bring a fake. One
// thread.
#pragma once

#include "auth/keys.h"
#include "base/result.h"
#include "http/message.h"
#include "http/origin.h"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace gust::cli {

struct Answer {
  int status = 0;
  http::Headers headers;
  std::string body;
  bool ok() const { return status >= 200 && status < 300; }
};

struct Call {
  std::string method = "GET";
  std::string service = "gust";  // signing name
  std::string path = "/";        // percent-encoded
  std::string query;             // percent-encoded
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string file;  // when not empty the body is this file
  std::uint64_t file_offset = 0;
  std::optional<std::uint64_t> file_size;  // else to the file's end
  // Hears of every piece of the file that goes out; false ends the request with kCancelled.
  std::function<bool(std::size_t)> sent;
  // Sees status and headers of a success before its body; false stops.
  std::function<bool(const Answer&)> begins;
  std::chrono::minutes patience{16};  // until the whole answer is there; a function may run 15 minutes
};

inline constexpr std::chrono::minutes kNoEnd = std::chrono::hours(24 * 365);  // the patience of what goes on and on

class Remote {
 public:
  virtual ~Remote() = default;
  // kUnavailable "daemon" when nothing answers. Every HTTP status is a success here.
  virtual Result<Answer> send(const Call& call) = 0;
  // Hands the body of a success over piece by piece as it comes; `sink` answers false to stop. Another's is in the
  // answer.
  virtual Result<Answer> stream(const Call& call, std::function<bool(std::string_view)> sink) = 0;
};

// `authorities`: as of http::make_client.
std::unique_ptr<Remote> make_remote(http::Origin endpoint, auth::Keys keys, std::string region,
                                    std::string authorities);

// The answer when it is a success; otherwise an error with what the service said. `what` begins its message.
Result<Answer> expect_ok(Result<Answer> answer, std::string_view what);
// Of what goes on until Ctrl-C and ended by itself. kUnavailable "daemon".
std::unexpected<Error> gust_has_ended();
// The code that the service gave ("NoSuchBucket", "ResourceNotFoundException"), or empty.
std::string error_code(const Answer& answer);

}  // namespace gust::cli
