// Who the processes of a sandbox run as. Part of gust-launcher; single-threaded.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <sys/types.h>

namespace gust::sandbox::launcher {

inline constexpr const char* kUserName = "sandbox";

enum class Privilege { kRoot, kUserNamespace };

struct UserIds {
  uid_t uid = 0;
  gid_t gid = 0;
};

// The launcher's own standing and the ids that it can give away.
class UserRange {
 public:
  // As root: nothing changes. Else: enters a user and a mount namespace of its own, where it may mount.
  static Result<UserRange> enter();

  Privilege privilege() const { return privilege_; }
  // As root each slot has a user of its own; in a user namespace all share the one that is mapped.
  UserIds of_slot(std::uint32_t slot) const;

 private:
  Privilege privilege_ = Privilege::kRoot;
  uid_t base_ = 0;
  std::uint32_t count_ = 1;
};

}  // namespace gust::sandbox::launcher
