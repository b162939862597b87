// The store's own key: <folder>/objects.key, 64 hexadecimal digits and a line feed, made at the first start. A row
// names it, so that a store whose key file is lost does not start with another (docs/formats/objects.md).
#pragma once

#include "codec/aes_gcm.h"
#include "env/files.h"
#include "env/random.h"
#include "kv/store.h"

#include <optional>
#include <string>

namespace gust::objects {

inline constexpr const char* kKeyFile = "/objects.key";

// Makes the key when there is none: it is on the disk before this answers. kNotFound or kInvalid, "key file": it is
// missing, cannot be read, or is another store's. Blocks; before any request.
async::Task<codec::Key256> open_key(kv::Store& store, env::Files& files, std::string folder, env::Random& random);
// Of a store that nobody opens for writing: nothing when it has never had one.
Result<std::optional<codec::Key256>> read_key(kv::Reader& reader, env::Files& files, const std::string& folder);

}  // namespace gust::objects
