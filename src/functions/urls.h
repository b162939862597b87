// Urls: the addresses at which functions answer HTTP by themselves, one for a function and one for each alias. Errors
// name their thing in Error::source: "url", "function", "alias". Loop thread only.
#pragma once

#include "async/task.h"
#include "env/clock.h"
#include "env/random.h"
#include "functions/function.h"
#include "kv/store.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace gust::functions {

// Empty lists and no number: not set.
struct UrlCors {
  bool allow_credentials = false;
  std::vector<std::string> allow_headers, allow_methods, allow_origins, expose_headers;
  std::optional<std::int32_t> max_age_s;
  bool operator==(const UrlCors&) const = default;
};

struct Url {
  FunctionRef ref;  // the qualifier is an alias, or empty
  std::string id;   // 32 of [a-z0-9]
  enum class Auth { kIam, kNone } auth = Auth::kIam;
  enum class Mode { kBuffered, kStream } mode = Mode::kBuffered;
  std::optional<UrlCors> cors;
  WallTime created_at{}, modified_at{};
};

class Urls {
 public:
  Urls(kv::Store& store, env::Clock& clock, env::Random& random) : store_(store), clock_(clock), random_(random) {}

  async::Task<Url> create(Url url);       // id and times are set here; kAlreadyExists "url"
  async::Task<Url> get(FunctionRef ref);  // kNotFound "url"
  async::Task<Url> update(FunctionRef ref, std::function<void(Url&)> change);
  async::Task<void> remove(FunctionRef ref);
  async::Task<std::vector<Url>> list(FunctionKey key);  // the function's own first
  async::Task<Url> find(std::string id);                // kNotFound "url"

 private:
  kv::Store& store_;
  env::Clock& clock_;
  env::Random& random_;
};

}  // namespace gust::functions
