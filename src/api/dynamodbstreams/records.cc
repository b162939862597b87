// Places in a stream, and the records behind one.
#include "api/dynamodb/answer.h"
#include "api/dynamodb/body.h"
#include "api/dynamodbstreams/record_json.h"
#include "api/dynamodbstreams/service.h"
#include "api/dynamodbstreams/shard_iterator.h"

#include <utility>

namespace gust::api {

namespace wanted = dynamodbstreams;

namespace {

std::unexpected<wire::Fault> trimmed() {
  return wire::fault("TrimmedDataAccessException",
                     "The operation attempted to read past the oldest stream record in a shard.", {}, 400);
}

// What comes behind these records, for a reader that was at `from`.
ShardIterator iterator_behind(ShardIterator from, const tables::ItemStore::Records& got, WallTime now) {
  // At the last of them there may be more, which can be trimmed before he comes; else he has seen all there is.
  const bool more = !got.records.empty() && got.next == got.records.back().sequence;
  from.trimmed = more ? ShardIterator::Trimmed::kTold : ShardIterator::Trimmed::kPassed;
  from.after = got.next;
  from.issued_at = now;
  return from;
}

}  // namespace

bool DynamoDbStreamsService::is_trimmed(std::uint64_t sequence) const {
  return sequence <= tables::sequence_at(clock_.now() - tables::kStreamRetention);
}

TableReply<wanted::GetShardIteratorOutput> DynamoDbStreamsService::iterator(wire::Call call,
                                                                            wanted::GetShardIteratorInput request) {
  GUST_CO_TRY(const auto stream, co_await find(call, request.stream_arn));
  if (request.shard_id != shard_id(stream)) {
    co_return wire::fault("ResourceNotFoundException",
                          fmt::format("Requested resource not found: Shard: {} in Stream: {} not found",
                                      request.shard_id, request.stream_arn), {}, 400);
  }
  ShardIterator out{.stream_arn = stream_arn(stream.table), .issued_at = clock_.now()};
  const auto& type = request.shard_iterator_type;
  if (type == "LATEST") {
    auto name = stream.name();
    GUST_CO_TRY(out.after, co_await items_.newest(std::move(name)));
  } else if (type != "TRIM_HORIZON") {
    if (!request.sequence_number)
      co_return bad_request(fmt::format("SequenceNumber must be specified when ShardIteratorType is {}", type));
    GUST_CO_TRY(const auto sequence, tables::parse_sequence(*request.sequence_number));
    if (is_trimmed(sequence)) co_return trimmed();
    out.after = type == "AT_SEQUENCE_NUMBER" ? sequence - 1 : sequence;
    out.trimmed = ShardIterator::Trimmed::kTold;
  }
  wanted::GetShardIteratorOutput answer;
  answer.shard_iterator = iterator_text(out);
  co_return answer;
}

TableReply<std::string> DynamoDbStreamsService::records(wire::Call call,
                                                        std::shared_ptr<const wire::Document> document) {
  const auto& body = document->value->get_object();
  GUST_CO_TRY(auto at, parse_iterator(text_of(body, "ShardIterator")));
  if (clock_.now() - at.issued_at > kIteratorLives) {
    co_return wire::fault("ExpiredIteratorException",
                          "The shard iterator has expired. Shard iterators are only valid for 15 minutes.", {}, 400);
  }
  GUST_CO_TRY(const auto stream, co_await find(call, at.stream_arn));
  // An iterator at a number is just before it.
  if (at.trimmed == ShardIterator::Trimmed::kTold && is_trimmed(at.after + 1)) co_return trimmed();
  const auto limit = static_cast<std::size_t>(number_of(body, "Limit").value_or(1000));
  auto name = stream.name();
  GUST_CO_TRY(const auto got, co_await items_.records(std::move(name), at.after, limit));
  Answer out;
  auto& records = out.member("Records");
  records += '[';
  bool first = true;
  for (const auto& record : got.records) {
    if (!std::exchange(first, false)) records += ',';
    records += record_json(stream, record, Shown::kRecord);
  }
  records += ']';
  // A stream that has ended gets no more records by then.
  const bool at_end = stream.ended_at && got.next >= tables::sequence_at(*stream.ended_at + kStreamSettles);
  if (!at_end || !got.records.empty()) {
    const auto next = iterator_behind(std::move(at), got, clock_.now());
    append_text(out.member("NextShardIterator"), iterator_text(next));
  }
  co_return out.take();
}

}  // namespace gust::api
