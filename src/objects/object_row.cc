// The row of an object, read in one pass: every read of an object, and every line of a list, reads one.
#include "objects/rows.h"

#include "codec/base64.h"

#include <simdjson.h>

namespace gust::objects::rows {
namespace {

namespace json = simdjson::dom;

// What is of another kind is an exception, which decode_object() turns into kCorrupt.
std::string text(json::element value) { return std::string(std::string_view(value)); }
std::uint64_t number(json::element value) { return std::uint64_t(value); }
WallTime time(json::element value) { return from_epoch_ms(std::int64_t(value)); }
std::string raw(json::element value) { return codec::from_base64(std::string_view(value)).value(); }

std::map<std::string, std::string> texts(json::element value) {
  std::map<std::string, std::string> out;
  for (const auto& [name, of] : json::object(value)) out.emplace_hint(out.end(), std::string(name), text(of));
  return out;
}

std::vector<Segment> segments(json::element value) {
  std::vector<Segment> out;
  for (const auto item : json::array(value)) {
    const json::array s(item);
    const bool sealed = s.size() > 3;
    out.push_back({blobs::BlobId(text(s.at(0))), number(s.at(1)), number(s.at(2)) == 1 ? Place::kRow : Place::kBlob,
                   sealed ? raw(s.at(3)) : std::string()});
  }
  return out;
}

Checksum checksum(json::element value) {
  return {static_cast<ChecksumKind>(number(value["kind"])), static_cast<ChecksumType>(number(value["type"])),
          codec::from_base64(std::string_view(value["value"])).value_or(""),
          static_cast<std::uint32_t>(number(value["parts"]))};
}

// The kind of their checksums comes later: it is the whole's.
std::vector<Part> parts(json::element value) {
  std::vector<Part> out;
  for (const auto item : json::array(value)) {
    Part part;
    part.number = static_cast<std::uint32_t>(out.size() + 1);
    if (!item.is_array()) {  // the sizes alone, as they were written before
      part.size = number(item);
    } else {
      const json::array one(item);
      part.number = static_cast<std::uint32_t>(number(one.at(0)));
      part.size = number(one.at(1));
      if (one.size() > 2) part.checksum = Checksum{{}, ChecksumType::kFullObject, raw(one.at(2)), 0};
    }
    out.push_back(std::move(part));
  }
  return out;
}

Encryption encryption(json::element value) {
  if (!value.is_object()) return {EncryptionKind::kStore};
  return {EncryptionKind::kCustomer, raw(value["salt"]), raw(value["proof"])};
}

// Of what is not in every row.
void take_optional(Object& object, std::string_view name, json::element value) {
  if (name == "checksum") object.checksum = checksum(value);
  else if (name == "parts") object.parts = parts(value);
  else if (name == "sse") object.encryption = encryption(value);
  else if (name == "owner") object.owner = AccountId(text(value));
  else if (name == "acl") object.acl = text(value);
  else if (name == "tags") object.tags = texts(value);
  else if (name == "lock") object.lock.mode = static_cast<LockMode>(number(value));
  else if (name == "until") object.lock.until = time(value);
  else if (name == "hold") object.lock.legal_hold = true;
  else if (name == "marker") object.kind = VersionKind::kDeleteMarker;
  else if (name == "version") object.version_id = text(value);
  else if (name == "upload") object.upload_id = text(value);
  else if (name == "null") object.null_sequence = number(value);
  else if (name == "noncurrent") object.noncurrent_at = time(value);
}

Object read(json::object document) {
  Object object;
  int needed = 8;  // of the names here
  for (const auto& [name, value] : document) {
    --needed;
    if (name == "key") object.key = ObjectKey(text(value));
    else if (name == "etag") object.etag = text(value);
    else if (name == "size") object.size = number(value);
    else if (name == "modified") object.modified_at = time(value);
    else if (name == "headers") object.headers = texts(value);
    else if (name == "metadata") object.metadata = texts(value);
    else if (name == "segments") object.segments = segments(value);
    else if (name == "sequence") object.sequence = number(value);
    else {
      ++needed;
      take_optional(object, name, value);
    }
  }
  if (needed > 0) throw std::runtime_error("a member that every row has");
  for (auto& part : object.parts) {
    if (part.checksum && object.checksum) part.checksum->kind = object.checksum->kind;
    if (!object.checksum) part.checksum.reset();
  }
  return object;
}

}  // namespace

Result<Object> decode_object(std::string_view bytes) {
  thread_local json::parser parser;
  try {
    return read(json::object(parser.parse(bytes.data(), bytes.size())));
  } catch (const std::exception& e) {
    return fail(Code::kCorrupt, std::string("a row of the object store is not JSON, or lacks something: ") + e.what());
  }
}

}  // namespace gust::objects::rows
