// The credentials file of a data folder: the root keys as an AWS shared credentials file (INI, section [default]), mode
// 0600. Blocking; any thread.
#pragma once

#include "auth/keys.h"
#include "base/result.h"

#include <optional>
#include <string>

namespace gust::auth {

// nullopt when there is no such file. kInvalid "credentials" when it is not readable as one; kDenied without
// permission.
Result<std::optional<Keys>> read_credentials(const std::string& path, const std::string& section = "default");

// Replaces the file atomically; it is never readable by others, not even for a moment.
Result<void> write_credentials(const std::string& path, const Keys& keys);

}  // namespace gust::auth
