#include "api/dynamodbstreams/shard_iterator.h"

#include "codec/base64.h"
#include "tables/streams/stream.h"

#include <fmt/format.h>

#include <charconv>

namespace gust::api {
namespace {

constexpr std::string_view kVersion = "|1|";

}  // namespace

std::string iterator_text(const ShardIterator& iterator) {
  const auto place = fmt::format("{}{}{}", tables::sequence_text(iterator.after),
                                 iterator.trimmed == ShardIterator::Trimmed::kTold ? 'T' : 'P',
                                 to_epoch_ms(iterator.issued_at));
  return iterator.stream_arn + std::string(kVersion) + codec::to_base64(place);
}

Result<ShardIterator> parse_iterator(std::string_view text) {
  const auto invalid = [] { return fail(Code::kInvalid, "Invalid ShardIterator", "request"); };
  const auto version = text.rfind(kVersion);
  if (version == std::string_view::npos) return invalid();
  const auto place = codec::from_base64(text.substr(version + kVersion.size()));
  const auto digits = tables::sequence_text(0).size();
  if (!place || place->size() <= digits + 1) return invalid();
  const auto after = tables::parse_sequence(std::string_view(*place).substr(0, digits));
  const char kind = (*place)[digits];
  std::int64_t issued = 0;
  const auto* end = place->data() + place->size();
  const auto [stopped, error] = std::from_chars(place->data() + digits + 1, end, issued);
  if (!after || (kind != 'T' && kind != 'P') || error != std::errc() || stopped != end || issued < 0) return invalid();
  return ShardIterator{std::string(text.substr(0, version)), *after,
                       kind == 'T' ? ShardIterator::Trimmed::kTold : ShardIterator::Trimmed::kPassed,
                       from_epoch_ms(issued)};
}

}  // namespace gust::api
