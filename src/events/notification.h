// What a bucket's notification configuration says of an event, and the record that its targets get. Any thread.
#pragma once

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"

#include <cstdint>
#include <string>
#include <vector>

namespace gust::events {

// A write of an object, as the outbox keeps it.
struct ObjectRecord {
  std::string event_id;      // stable from the first row to the last log line
  std::string name;          // ObjectCreated:Put
  std::string bucket;
  std::string bucket_owner;  // account
  std::string region;
  std::string configuration;  // the bucket's notification configuration when it was written (JSON)
  std::string key;
  std::uint64_t size = 0;
  std::string etag;
  std::uint64_t sequence = 0;
  WallTime at{};
  std::string request_id;
  std::string source_ip;
  std::string requester;  // account
  std::string trace_id;   // of the request, for what it sets off
  std::string version_id;  // an id, or "null"; empty: of a bucket without versioning
};

std::string encode(const ObjectRecord& record);
// kCorrupt when the bytes are not such a row.
Result<ObjectRecord> decode(std::string_view row);

struct Match {
  std::string configuration_id;
  std::string target_arn;
};

// The targets whose event names, prefix and suffix fit the record.
Result<std::vector<Match>> match(const ObjectRecord& record);

// The documented event message: {"Records":[{...}]}.
std::string to_message(const ObjectRecord& record, const Match& match);

}  // namespace gust::events
