// Result and Error: how every fallible function of Gust answers. Any thread.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace gust {

// What kind of failure it is. Whether to retry is a function of the code, never of the text.
enum class Code {
  kInvalid,         // the input is wrong; the same input will fail again
  kNotFound,        // the named thing does not exist
  kAlreadyExists,   // the named thing exists
  kConflict,        // a concurrent change won; the whole operation may be tried again
  kPrecondition,    // a condition that the caller set does not hold
  kDenied,          // known who it is, not allowed
  kUnauthenticated, // not known who it is
  kThrottled,       // a limit or a full queue; try later
  kTooLarge,        // a size limit
  kTimeout,         // the deadline passed
  kCancelled,       // the caller or a shutdown ended it
  kUnavailable,     // a part that is needed does not answer; try later
  kNoSpace,         // the disk is full
  kCorrupt,         // stored bytes do not match their checksum or format
  kUnsupported,     // understood, and not served
  kInternal,        // a bug or an unexpected failure of the machine
};

std::string_view code_name(Code code);
bool is_retryable(Code code);

// `message` says what was given, what was expected and what to do. `source` is a short token for
// the thing that it is about ("bucket", "key", "part"), so that api/ can pick the wire code; or empty.
struct Error {
  Code code = Code::kInternal;
  std::string message;
  std::string source;

  bool operator==(const Error&) const = default;
};

template <typename T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(Code code, std::string message, std::string source = {}) {
  return std::unexpected(Error{code, std::move(message), std::move(source)});
}

// The failure of a system call: the code from errno, the message "<what>: <strerror>".
std::unexpected<Error> fail_errno(std::string_view what, int error_number);

}  // namespace gust

#define GUST_CONCAT_2(a, b) a##b
#define GUST_CONCAT(a, b) GUST_CONCAT_2(a, b)

// GUST_TRY(auto x, f()): declares x from the value, or returns the error. GUST_CHECK(f()) for Result<void>.
#define GUST_TRY_WITH(tmp, ret, decl, ...) \
  auto tmp = (__VA_ARGS__);                \
  if (!tmp) ret std::unexpected(std::move(tmp).error()); \
  decl = std::move(*tmp)
#define GUST_CHECK_WITH(ret, ...)                                            \
  do {                                                                       \
    if (auto gust_check_result = (__VA_ARGS__); !gust_check_result)          \
      ret std::unexpected(std::move(gust_check_result).error());             \
  } while (false)
#define GUST_TRY(decl, ...) GUST_TRY_WITH(GUST_CONCAT(gust_try_, __LINE__), return, decl, __VA_ARGS__)
#define GUST_CHECK(...) GUST_CHECK_WITH(return, __VA_ARGS__)
// The same inside a coroutine that returns Task<T>: GUST_CO_TRY(auto x, co_await f()).
#define GUST_CO_TRY(decl, ...) GUST_TRY_WITH(GUST_CONCAT(gust_try_, __LINE__), co_return, decl, __VA_ARGS__)
#define GUST_CO_CHECK(...) GUST_CHECK_WITH(co_return, __VA_ARGS__)
