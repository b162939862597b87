// The rows of mappings and of how far they are, as keys and bytes (docs/formats/event_sources.md). Any thread.
#pragma once

#include "base/result.h"
#include "event_sources/mapping.h"

#include <string>
#include <string_view>

namespace gust::event_sources::rows {

inline constexpr std::string_view kMappings = "es/m/";

std::string mappings_prefix(const AccountId& account);
std::string mapping_key(const AccountId& account, std::string_view id);
// Of the one mapping that this function and this source may have.
std::string pair_key(const Mapping& mapping);
std::string checkpoints_prefix(std::string_view id);
std::string checkpoint_key(std::string_view id, std::string_view shard);

std::string encode(const Mapping& mapping);
std::string encode(const Checkpoint& checkpoint);
// kCorrupt.
Result<Mapping> decode_mapping(std::string_view row);
Result<Checkpoint> decode_checkpoint(std::string_view row);

}  // namespace gust::event_sources::rows
