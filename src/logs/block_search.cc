#include "logs/block_search.h"

#include "base/log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

namespace gust::logs {
namespace {

bool in_window(Position at, const SearchQuery& query) { return query.low <= at && at < query.high; }

bool wants(std::string_view stream, std::uint64_t block, const Corpus& corpus, const SearchQuery& query) {
  if (query.stream && !query.stream(stream)) return false;
  const auto gone = corpus.below_block.find(stream);
  return gone == corpus.below_block.end() || block >= gone->second;
}

// One event of a decompressed block.
struct Look {
  const Block& block;
  const SearchQuery& query;
  const BlockContent& content;
  const std::vector<char>& wanted;  // streams of the header

  // False: no more are wanted.
  bool at(std::size_t i, const std::function<bool(Event)>& take) const {
    if (wanted[content.stream(i)] == 0 || !in_window(content.position(i), query)) return true;
    if (query.pattern && !query.pattern->matches(content.message(i))) return true;
    auto event = content.event(block.header, i);
    if (!query.request_id.empty() && event.request_id != query.request_id) return true;
    return take(std::move(event));
  }
};

// Only the messages that have `literal`.
void each_with(const BlockContent& content, std::string_view literal, const Look& look,
               const std::function<bool(Event)>& take) {
  const auto all = content.messages();
  std::size_t index = 0;
  for (auto at = all.find(literal); at != std::string_view::npos; at = all.find(literal, content.offset(index))) {
    while (index + 1 < content.size() && content.offset(index + 1) <= at) ++index;
    if (!look.at(index, take) || ++index >= content.size()) return;
  }
}

class FilterFile {
 public:
  explicit FilterFile(const Block& block) : block_(block), fd_(::open(block.file.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~FilterFile() {
    if (fd_ >= 0) ::close(fd_);
  }
  FilterFile(const FilterFile&) = delete;
  // Also true where it cannot be read: the block itself will say why.
  bool has(std::uint64_t key) const {
    char piece[kFilterPiece];
    const auto at = filter_piece(key, block_.filter_bytes / kFilterPiece) * kFilterPiece;
    const auto n = ::pread(fd_, piece, kFilterPiece, static_cast<off_t>(block_.offset + block_.filter_at + at));
    return n != static_cast<ssize_t>(kFilterPiece) || filter_has(piece, key);
  }

 private:
  const Block& block_;
  int fd_;
};

}  // namespace

bool may_have(const Block& block, const Corpus& corpus, const SearchQuery& query) {
  const auto& header = block.header;
  if (header.last_ms < query.low.at_ms || header.first_ms > query.high.at_ms) return false;
  return std::ranges::any_of(header.streams,
                             [&](const auto& each) { return wants(each.name, header.number, corpus, query); });
}

bool filter_allows(const Block& block, const Needs& needs) {
  if (needs.kind == Needs::Kind::kNothing || block.filter_bytes == 0) return true;
  const FilterFile file(block);
  return may_meet(needs, [&](std::uint64_t key, KeyOf of) {
    return (of == KeyOf::kField && block.header.fields_cut) || file.has(key);
  });
}

std::uint64_t each_match(const Block& block, const Corpus& corpus, const SearchQuery& query, std::string_view literal,
                         const std::function<bool(Event)>& take) {
  const auto payload = read_piece(block.file, block.offset + block.payload_at, block.payload_bytes);
  if (!payload) {
    if (payload.error().code != Code::kNotFound) GUST_WARN("logs: {}", payload.error().message);
    return 0;
  }
  const auto content = BlockContent::open(block.header, *payload);
  if (!content) {
    GUST_WARN("logs: '{}' at {}: {}", block.file, block.offset, content.error().message);
    return 0;
  }
  std::vector<char> wanted;
  for (const auto& stream : block.header.streams)
    wanted.push_back(wants(stream.name, block.header.number, corpus, query) ? 1 : 0);
  const Look look{block, query, *content, wanted};
  if (!literal.empty()) {
    each_with(*content, literal, look, take);
  } else {
    for (std::size_t i = 0; i < content->size() && look.at(i, take);) ++i;
  }
  return block.header.raw_bytes;
}

bool is_meant(const Event& event, const Corpus& corpus, const SearchQuery& query) {
  constexpr auto kNewest = std::numeric_limits<std::uint64_t>::max();
  return in_window(position_of(event), query) && wants(event.stream, kNewest, corpus, query) &&
         (query.request_id.empty() || event.request_id == query.request_id) &&
         (!query.pattern || query.pattern->matches(event.message));
}

}  // namespace gust::logs
