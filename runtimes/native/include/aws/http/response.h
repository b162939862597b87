// The HTTP status codes that the Runtime API answers with. -1 is the connection itself: refused or broken.
#pragma once

namespace aws::http {

enum class response_code {
  REQUEST_NOT_MADE = -1,
  OK = 200,
  ACCEPTED = 202,
  BAD_REQUEST = 400,
  FORBIDDEN = 403,
  NOT_FOUND = 404,
  GONE = 410,
  REQUEST_ENTITY_TOO_LARGE = 413,
  INTERNAL_SERVER_ERROR = 500,
};

}  // namespace aws::http
