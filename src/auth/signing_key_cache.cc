#include "auth/signing_key_cache.h"

namespace gust::auth {
namespace {

constexpr std::size_t kMaxKeys = 4096;

}  // namespace

const std::string& SigningKeyCache::get(std::string_view access_key_id, std::string_view secret, const Scope& scope) {
  std::string name;
  name.reserve(access_key_id.size() + secret.size() + 64);
  name.append(access_key_id).append("\n").append(secret).append("\n");
  name.append(scope.date).append("/").append(scope.region).append("/").append(scope.service);
  const auto it = keys_.find(name);
  if (it != keys_.end()) return it->second;
  if (keys_.size() >= kMaxKeys) keys_.clear();
  return keys_.emplace(name, signing_key(secret, scope)).first->second;
}

}  // namespace gust::auth
