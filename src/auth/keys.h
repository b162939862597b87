// Keys: what a client signs with. Any thread.
#pragma once

#include <string>

namespace gust::auth {

struct Keys {
  std::string access_key_id;
  std::string secret;
  std::string session_token;  // empty for long-lived keys
  bool operator==(const Keys&) const = default;
};

}  // namespace gust::auth
