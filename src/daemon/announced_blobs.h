// A folder from before blobs were announced (docs/decisions/0270): all of its blobs are looked at once.
#pragma once

#include "async/task.h"
#include "blobs/store.h"
#include "kv/store.h"

namespace gust::daemon {

// At the start. Removes blobs that nothing names, and notes that from here on each one is announced; nothing where that
// was noted. Answers how many.
async::Task<std::uint64_t> sweep_unannounced(kv::Store& store, blobs::Store& blobs);

}  // namespace gust::daemon
