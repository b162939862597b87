#include "api/dynamodbstreams/record_json.h"

#include "api/dynamodb/answer.h"
#include "api/dynamodbstreams/service.h"
#include "codec/digest.h"

namespace gust::api {
namespace {

// The same whenever and by whomever the record is read.
std::string event_id(const tables::Stream& stream, const tables::StreamRecord& record) {
  const auto name = stream.name();
  return codec::sha256_hex(fmt::format("{}/{}/{}", name.table_id, name.label, record.sequence)).substr(0, 32);
}

std::string change_json(const tables::StreamRecord& record) {
  Answer out;
  out.number("ApproximateCreationDateTime", static_cast<std::size_t>(to_epoch_ms(record.at) / 1000));
  out.item("Keys", record.keys);
  if (record.after) out.item("NewImage", *record.after);
  if (record.before) out.item("OldImage", *record.before);
  append_text(out.member("SequenceNumber"), tables::sequence_text(record.sequence));
  out.number("SizeBytes", tables::size_of(record));
  append_text(out.member("StreamViewType"), name_of(record.view));
  return out.take();
}

}  // namespace

std::string record_json(const tables::Stream& stream, const tables::StreamRecord& record, Shown shown) {
  Answer out;
  append_text(out.member("eventID"), event_id(stream, record));
  append_text(out.member("eventName"), tables::name_of(record.event));
  append_text(out.member("eventVersion"), "1.1");
  append_text(out.member("eventSource"), "aws:dynamodb");
  append_text(out.member("awsRegion"), stream.table.region);
  out.member("dynamodb") += change_json(record);
  if (record.cause == tables::Cause::kExpiry) {
    // Functions get, and filter by, names in lower case.
    const bool client = shown == Shown::kRecord;
    Answer who;
    append_text(who.member(client ? "PrincipalId" : "principalId"), "dynamodb.amazonaws.com");
    append_text(who.member(client ? "Type" : "type"), "Service");
    out.member("userIdentity") += who.take();
  }
  if (shown == Shown::kRecordAndSource) append_text(out.member("eventSourceARN"), stream_arn(stream.table));
  return out.take();
}

}  // namespace gust::api
