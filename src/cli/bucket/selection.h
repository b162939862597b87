// Selection: what a cp or a sync moves, found on both sides. Blocking.
#pragma once

#include "cli/bucket/client.h"
#include "cli/bucket/plan.h"
#include "cli/bucket/transfer.h"

#include <string>
#include <vector>

namespace gust::cli {

struct Selection {
  std::vector<Item> items;
  std::vector<Place> surplus;         // what a sync finds only at the target
  std::vector<std::string> problems;  // what is left out, and why
};

// One thing: cp without --recursive. kInvalid "usage" where a folder or a bucket is named.
Result<Selection> select_one(BucketClient& client, const Place& from, const Place& to);
// Everything below a folder or a prefix. kNotFound where there is nothing.
Result<Selection> select_below(BucketClient& client, const Place& from, const Place& to);
// What differs between two folders or prefixes.
Result<Selection> select_different(BucketClient& client, const Place& from, const Place& to, Compare compare);

}  // namespace gust::cli
