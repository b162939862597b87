// A record of a stream as JSON, for clients of the stream and for functions. Any thread. Source: Record of the DynamoDB
// Streams API; the Lambda guide's "Using AWS Lambda with Amazon DynamoDB".
#pragma once

#include "tables/streams/stream.h"
#include "tables/table_rows.h"

#include <string>

namespace gust::api {

enum class Shown { kRecord, kRecordAndSource };  // functions are told the stream's ARN, too

std::string record_json(const tables::Stream& stream, const tables::StreamRecord& record, Shown shown);

}  // namespace gust::api
