// What a search does with one block. Any thread.
#pragma once

#include "logs/search.h"

namespace gust::logs {

// Whether the block may have events that are meant, by its header alone.
bool may_have(const Block& block, const Corpus& corpus, const SearchQuery& query);
// The same by its filter, which is read for it.
bool filter_allows(const Block& block, const Needs& needs);

// Hands over every event of the block that is meant, from the earliest on, until `take` answers false. Answers how many
// bytes were decompressed; 0 when its file is gone, or is damaged, which is logged.
std::uint64_t each_match(const Block& block, const Corpus& corpus, const SearchQuery& query, std::string_view literal,
                         const std::function<bool(Event)>& take);
// Whether an event that is in no block is meant.
bool is_meant(const Event& event, const Corpus& corpus, const SearchQuery& query);

}  // namespace gust::logs
