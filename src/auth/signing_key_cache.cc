#include "auth/signing_key_cache.h"

#include <fmt/format.h>

namespace gust::auth {
namespace {

constexpr std::size_t kMaxKeys = 4096;

}  // namespace

const std::string& SigningKeyCache::get(std::string_view access_key_id, std::string_view secret, const Scope& scope) {
  const auto name = fmt::format("{}\n{}\n{}", access_key_id, secret, scope.str());
  const auto it = keys_.find(name);
  if (it != keys_.end()) return it->second;
  if (keys_.size() >= kMaxKeys) keys_.clear();
  return keys_.emplace(name, signing_key(secret, scope)).first->second;
}

}  // namespace gust::auth
