#include "objects/rows.h"

#include "codec/base64.h"
#include "codec/json.h"
#include "kv/key.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace gust::objects::rows {
namespace {

namespace json = boost::json;

json::object texts(const std::map<std::string, std::string>& map) {
  json::object out;
  for (const auto& [name, text] : map) out[name] = text;
  return out;
}

json::array segments(const std::vector<Segment>& list) {
  json::array out;
  for (const auto& s : list) out.push_back(json::array{s.id.str(), s.size, s.place == Place::kRow ? 1 : 0});
  return out;
}

void put_checksum(json::object& out, const std::optional<Checksum>& checksum) {
  if (!checksum) return;
  out["checksum"] = json::object{{"kind", static_cast<int>(checksum->kind)},
                                 {"type", static_cast<int>(checksum->type)},
                                 {"value", codec::to_base64(checksum->value)},
                                 {"parts", checksum->parts}};
}

// Reads a row that this module wrote; a member of the wrong kind throws, which decode() turns into kCorrupt.
struct Row {
  const json::object& object;

  std::string text(std::string_view name) const { return std::string(object.at(name).as_string()); }
  std::uint64_t number(std::string_view name) const { return object.at(name).to_number<std::uint64_t>(); }
  WallTime time(std::string_view name) const { return from_epoch_ms(object.at(name).to_number<std::int64_t>()); }
  std::map<std::string, std::string> texts(std::string_view name) const {
    std::map<std::string, std::string> out;
    for (const auto& [key, value] : object.at(name).as_object()) out.emplace(key, value.as_string());
    return out;
  }
  std::vector<Segment> segments() const {
    std::vector<Segment> out;
    for (const auto& item : object.at("segments").as_array()) {
      const auto& s = item.as_array();
      out.push_back({blobs::BlobId(std::string(s.at(0).as_string())), s.at(1).to_number<std::uint64_t>(),
                     s.at(2).to_number<int>() == 1 ? Place::kRow : Place::kBlob});
    }
    return out;
  }
  std::optional<Checksum> checksum() const {
    const auto* value = object.if_contains("checksum");
    if (value == nullptr) return std::nullopt;
    const Row row{value->as_object()};
    return Checksum{static_cast<ChecksumKind>(row.number("kind")), static_cast<ChecksumType>(row.number("type")),
                    codec::from_base64(row.text("value")).value_or(""),
                    static_cast<std::uint32_t>(row.number("parts"))};
  }
};

template <typename F>
auto decode(std::string_view bytes, F read) -> Result<std::invoke_result_t<F, Row>> {
  const auto document = codec::parse_json(bytes);
  if (!document || !document->is_object()) return fail(Code::kCorrupt, "a row of the object store is not JSON");
  try {
    return read(Row{document->get_object()});
  } catch (const std::exception& e) {
    return fail(Code::kCorrupt, std::string("a row of the object store lacks something: ") + e.what());
  }
}

}  // namespace

std::string bucket_key(const BucketName& bucket) { return std::string(kBuckets) + bucket.str(); }

std::string objects_prefix(const BucketName& bucket) {
  std::string key(kAllObjects);
  kv::append_text(key, bucket.str());
  return key;
}

std::string object_key(const BucketName& bucket, std::string_view key) { return objects_prefix(bucket).append(key); }

std::string uploads_prefix(const BucketName& bucket) {
  std::string key(kAllUploads);
  kv::append_text(key, bucket.str());
  return key;
}

std::string upload_key(const BucketName& bucket, std::string_view key, std::string_view upload_id) {
  auto row = uploads_prefix(bucket);
  kv::append_text(row, key);
  return row.append(upload_id);
}

std::string parts_prefix(std::string_view upload_id) {
  std::string key(kAllParts);
  kv::append_text(key, upload_id);
  return key;
}

std::string part_key(std::string_view upload_id, std::uint32_t number) {
  auto key = parts_prefix(upload_id);
  kv::append_number(key, number);
  return key;
}

std::string bytes_key(const blobs::BlobId& id) { return "s3/d/" + id.str(); }
std::string garbage_key(const blobs::BlobId& id) { return std::string(kGarbage) + id.str(); }

std::string encode(const Bucket& bucket) {
  json::object out{{"name", bucket.name.str()}, {"owner", bucket.owner.str()},
                   {"region", bucket.region},   {"created", to_epoch_ms(bucket.created_at)},
                   {"cors", bucket.cors},       {"notification", bucket.notification},
                   {"website", bucket.website}};
  if (bucket.closing == Closing::kYes) out["closing"] = true;
  return codec::to_json(out);
}

std::string encode(const Object& object) {
  json::object out{{"key", object.key.str()},
                   {"etag", object.etag},
                   {"size", object.size},
                   {"modified", to_epoch_ms(object.modified_at)},
                   {"headers", texts(object.headers)},
                   {"metadata", texts(object.metadata)},
                   {"segments", segments(object.segments)},
                   {"sequence", object.sequence}};
  if (!object.part_sizes.empty()) {
    json::array sizes;
    for (const auto n : object.part_sizes) sizes.push_back(n);
    out["parts"] = std::move(sizes);
  }
  put_checksum(out, object.checksum);
  return codec::to_json(out);
}

std::string encode(const Upload& upload) {
  json::object out{{"id", upload.id},
                   {"key", upload.key.str()},
                   {"started", to_epoch_ms(upload.started_at)},
                   {"headers", texts(upload.headers)},
                   {"metadata", texts(upload.metadata)},
                   {"checksum_type", static_cast<int>(upload.checksum_type)}};
  if (upload.checksum_kind) out["checksum_kind"] = static_cast<int>(*upload.checksum_kind);
  return codec::to_json(out);
}

std::string encode(const Part& part) {
  json::object out{{"number", part.number},
                   {"etag", part.etag},
                   {"size", part.size},
                   {"modified", to_epoch_ms(part.modified_at)},
                   {"segments", segments(part.segments)}};
  put_checksum(out, part.checksum);
  return codec::to_json(out);
}

Result<Bucket> decode_bucket(std::string_view bytes) {
  return decode(bytes, [](Row row) {
    return Bucket{BucketName(row.text("name")),
                  AccountId(row.text("owner")),
                  row.text("region"),
                  row.time("created"),
                  row.text("cors"),
                  row.text("notification"),
                  row.text("website"),
                  row.object.contains("closing") ? Closing::kYes : Closing::kNo};
  });
}

Result<Object> decode_object(std::string_view bytes) {
  return decode(bytes, [](Row row) {
    Object object{ObjectKey(row.text("key")),
                  row.text("etag"),
                  row.number("size"),
                  row.time("modified"),
                  row.texts("headers"),
                  row.texts("metadata"),
                  row.checksum(),
                  row.segments(),
                  {},
                  row.number("sequence")};
    if (const auto* parts = row.object.if_contains("parts")) {
      for (const auto& n : parts->as_array()) object.part_sizes.push_back(n.to_number<std::uint64_t>());
    }
    return object;
  });
}

Result<Upload> decode_upload(std::string_view bytes) {
  return decode(bytes, [](Row row) {
    Upload upload{row.text("id"),
                  ObjectKey(row.text("key")),
                  row.time("started"),
                  row.texts("headers"),
                  row.texts("metadata"),
                  std::nullopt,
                  static_cast<ChecksumType>(row.number("checksum_type"))};
    if (row.object.contains("checksum_kind"))
      upload.checksum_kind = static_cast<ChecksumKind>(row.number("checksum_kind"));
    return upload;
  });
}

Result<Part> decode_part(std::string_view bytes) {
  return decode(bytes, [](Row row) {
    return Part{static_cast<std::uint32_t>(row.number("number")),
                row.text("etag"),
                row.number("size"),
                row.time("modified"),
                row.checksum(),
                row.segments()};
  });
}

}  // namespace gust::objects::rows
