// Sessions: temporary keys for a role. Stateless: the token carries the claims sealed with a secret of this Gust, so
// that issuing writes nothing and keys live on over a restart (docs/decisions/0071-session-tokens.md). Loop thread
// only.
#pragma once

#include "async/task.h"
#include "auth/keys.h"
#include "base/context.h"
#include "env/clock.h"
#include "env/random.h"
#include "kv/store.h"

#include <memory>
#include <string>

namespace gust::auth {

struct Session {
  Keys keys;
  WallTime expires;
  Principal principal;  // arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION
};

class Sessions {
 public:
  // Reads the sealing secret, or makes it at the first start. `random` and `clock` outlive the result.
  static async::Task<std::unique_ptr<Sessions>> open(kv::Store& store, env::Random& random, const env::Clock& clock);

  Sessions(std::string seal, env::Random& random, const env::Clock& clock);

  // `account` owns the role; its canonical id goes into the principal. kInvalid "role" when the ARN is not that of a
  // role, "session-name" when it is not 2-64 of [A-Za-z0-9_+=,.@-].
  Result<Session> issue(const AccountId& account, std::string_view canonical_id, std::string_view role_arn,
                        std::string_view session_name, Millis duration);

  // The keys that go with a token. kUnauthenticated "token" when it is not one of ours or not for this access key,
  // kUnauthenticated "token-expired".
  Result<Session> open_token(std::string_view access_key_id, std::string_view token) const;

 private:
  std::string seal_;
  env::Random& random_;
  const env::Clock& clock_;
};

}  // namespace gust::auth
