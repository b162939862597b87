// Transfers: the words that a client gave its request for an export or an import, so that the same request again is the
// same one. In transactions.
#pragma once

#include "kv/store.h"
#include "tables/transfers/export.h"

namespace gust::tables {

inline constexpr std::chrono::hours kTransferTokenLife{8};

enum class TransferKind { kExport, kImport };

struct TransferToken {
  TransferKind kind = TransferKind::kExport;
  AccountId account;
  std::string region;
  std::string token;
  std::string digest;  // of the request
};

// The id of the transfer that came with it in the last eight hours. kConflict "token": that was another request.
Result<std::optional<std::string>> known_transfer(kv::Reader& reader, const TransferToken& token, WallTime now);
// The same; where there is none it is noted with `id`.
Result<std::optional<std::string>> seen_before(kv::Transaction& tx, const TransferToken& token, std::string_view id,
                                               WallTime now);

// Erases those of more than eight hours ago.
async::Task<void> trim_transfers(kv::Store& store, WallTime now);

}  // namespace gust::tables
