// SigningKeyCache: derived keys by (access key, date, region, service), so that a request costs one HMAC and not five.
// Bounded: emptied when full. Loop thread only.
#pragma once

#include "auth/sigv4.h"

#include <string>
#include <unordered_map>

namespace gust::auth {

class SigningKeyCache {
 public:
  // The secret is part of the cache key, so that a changed secret never meets an old derived key.
  const std::string& get(std::string_view access_key_id, std::string_view secret, const Scope& scope);
  std::size_t size() const { return keys_.size(); }

 private:
  std::unordered_map<std::string, std::string> keys_;
};

}  // namespace gust::auth
