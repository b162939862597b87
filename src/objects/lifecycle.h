// What lifecycle rules say of a version or of an upload that is not complete. Pure functions: nothing is deleted here.
// Days are counted as the service documents it: to the next midnight UTC after so many times 24 hours. Any thread.
#pragma once

#include "base/result.h"
#include "objects/types.h"

#include <span>
#include <string_view>

namespace gust::objects {

struct LifecycleFilter {
  std::string prefix = {};
  std::map<std::string, std::string> tags = {};
  std::optional<std::uint64_t> larger_than = {}, smaller_than = {};  // bytes
};

// One that is enabled. Transitions are kept in the configuration and do nothing: there is one class of storage.
struct LifecycleRule {
  std::string id = {};
  LifecycleFilter filter = {};
  std::optional<int> days = {};
  std::optional<WallTime> date = {};
  bool expired_markers = false;
  std::optional<int> noncurrent_days = {};
  std::size_t newer_noncurrent = 0;  // so many of the newest noncurrent versions stay
  std::optional<int> abort_days = {};
};

// Of the text of a bucket's configuration "lifecycle": the rules that are enabled. kCorrupt when it is none.
Result<std::vector<LifecycleRule>> parse_lifecycle(std::string_view text);

// The first midnight UTC after `since` and so many days.
WallTime due_after(WallTime since, int days);

// When the rule that acts first acts, and which of the rules that is.
struct Due {
  WallTime at{};
  const LifecycleRule* rule = nullptr;
};

// A version among those of its key. `newer` counts the noncurrent ones that are newer, markers as well.
struct Rank {
  Standing standing = Standing::kCurrent;
  std::size_t newer = 0;
};

// Nothing when no rule ever applies: markers go only when alone (expired) or noncurrent.
std::optional<Due> expiration(std::span<const LifecycleRule> rules, const Object& object, Rank rank);
// Rules with tags or sizes do not apply to uploads.
std::optional<Due> abortion(std::span<const LifecycleRule> rules, const Upload& upload);

// Whether a lock forbids to delete this version for good.
bool is_locked(const Object& object, WallTime now);

// As in the header x-amz-expiration: expiry-date="...", rule-id="...".
std::string expiration_text(const Due& due);

}  // namespace gust::objects
