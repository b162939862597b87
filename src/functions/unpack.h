// unpack: a function's zip into a new folder, trusting nothing in it. Blocking: call it on a BlockingPool. Any thread.
#pragma once

#include "base/result.h"
#include "functions/function.h"

#include <cstdint>
#include <span>
#include <string>

namespace gust::functions {

struct UnpackLimits {
  std::uint64_t total_bytes = 250ULL << 20;  // unpacked, as the service allows
  std::uint64_t entries = 100'000;
};

// Unpacks `zip` into `folder`, which must not exist. Not synced to disk: the caller does that. kInvalid (source "zip")
// for what is no zip, leaves the folder (also by a link), names a file twice, or holds hard links or devices; kTooLarge
// (source "zip") past a limit. After an error nothing is left of `folder`.
Result<void> unpack(std::span<const std::byte> zip, const std::string& folder, const UnpackLimits& limits = {});

// What is in a folder and those below it. Links are not followed, nor counted.
Result<FolderSize> measure(const std::string& folder);

}  // namespace gust::functions
