#include "base/result.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

namespace gust {

std::string_view code_name(Code code) {
  switch (code) {
    case Code::kInvalid: return "invalid";
    case Code::kNotFound: return "not_found";
    case Code::kAlreadyExists: return "already_exists";
    case Code::kConflict: return "conflict";
    case Code::kPrecondition: return "precondition";
    case Code::kDenied: return "denied";
    case Code::kUnauthenticated: return "unauthenticated";
    case Code::kThrottled: return "throttled";
    case Code::kTooLarge: return "too_large";
    case Code::kTimeout: return "timeout";
    case Code::kCancelled: return "cancelled";
    case Code::kUnavailable: return "unavailable";
    case Code::kNoSpace: return "no_space";
    case Code::kCorrupt: return "corrupt";
    case Code::kUnsupported: return "unsupported";
    case Code::kInternal: return "internal";
  }
  return "internal";
}

bool is_retryable(Code code) {
  switch (code) {
    case Code::kConflict:
    case Code::kThrottled:
    case Code::kTimeout:
    case Code::kUnavailable:
    case Code::kNoSpace:
    case Code::kInternal: return true;
    default: return false;
  }
}

static Code code_of_errno(int error_number) {
  switch (error_number) {
    case ENOENT: return Code::kNotFound;
    case EEXIST: return Code::kAlreadyExists;
    case EACCES:
    case EPERM: return Code::kDenied;
    case ENOSPC:
    case EDQUOT: return Code::kNoSpace;
    case EINVAL: return Code::kInvalid;
    case ETIMEDOUT: return Code::kTimeout;
    case ECANCELED: return Code::kCancelled;
    case EAGAIN:
    case EMFILE:
    case ENFILE:
    case ECONNREFUSED:
    case ECONNRESET:
    case EPIPE: return Code::kUnavailable;
    default: return Code::kInternal;
  }
}

std::unexpected<Error> fail_errno(std::string_view what, int error_number) {
  return fail(code_of_errno(error_number), fmt::format("{}: {}", what, std::strerror(error_number)));
}

}  // namespace gust
