#include "objects/rows.h"

#include "codec/base64.h"
#include "codec/json.h"
#include "kv/key.h"

#include <boost/json/array.hpp>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <array>

namespace gust::objects::rows {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxDepth = 64;

json::object texts(const std::map<std::string, std::string>& map) {
  json::object out;
  for (const auto& [name, text] : map) out[name] = text;
  return out;
}

json::array segments(const std::vector<Segment>& list) {
  json::array out;
  for (const auto& s : list) {
    json::array one{s.id.str(), s.size, s.place == Place::kRow ? 1 : 0};
    if (!s.sealed_key.empty()) one.push_back(json::string(codec::to_base64(s.sealed_key)));
    out.push_back(std::move(one));
  }
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
                     s.at(2).to_number<int>() == 1 ? Place::kRow : Place::kBlob,
                     s.size() > 3 ? raw(s.at(3)) : std::string()});
    }
    return out;
  }
  // Of base64.
  static std::string raw(const json::value& text) { return codec::from_base64(std::string(text.as_string())).value(); }
  bool has(std::string_view name) const { return object.contains(name); }
  // Their checksums are of the whole's kind.
  std::vector<Part> parts(const std::optional<Checksum>& of) const {
    std::vector<Part> out;
    const auto* list = object.if_contains("parts");
    if (list == nullptr) return out;
    for (const auto& item : list->as_array()) {
      Part part;
      part.number = static_cast<std::uint32_t>(out.size() + 1);
      if (!item.is_array()) {  // the sizes alone, as they were written before
        part.size = item.to_number<std::uint64_t>();
        out.push_back(std::move(part));
        continue;
      }
      const auto& one = item.as_array();
      part.number = one.at(0).to_number<std::uint32_t>();
      part.size = one.at(1).to_number<std::uint64_t>();
      if (one.size() > 2 && of) {
        part.checksum = Checksum{of->kind, ChecksumType::kFullObject, raw(one.at(2)), 0};
      }
      out.push_back(std::move(part));
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

// What an upload gives to its object.
template <typename T>
void put_owned(json::object& out, const T& from) {
  if (!from.owner.str().empty()) out["owner"] = from.owner.str();
  if (!from.acl.empty()) out["acl"] = from.acl;
  if (!from.tags.empty()) out["tags"] = texts(from.tags);
  if (from.lock.mode != LockMode::kNone) {
    out["lock"] = static_cast<int>(from.lock.mode);
    out["until"] = to_epoch_ms(from.lock.until);
  }
  if (from.lock.legal_hold) out["hold"] = true;
  if (from.encryption.kind == EncryptionKind::kStore) out["sse"] = 1;
  if (from.encryption.kind == EncryptionKind::kCustomer) {
    out["sse"] = json::object{{"salt", codec::to_base64(from.encryption.salt)},
                              {"proof", codec::to_base64(from.encryption.proof)}};
  }
}

template <typename T>
void take_owned(const Row& row, T& to) {
  if (row.has("owner")) to.owner = AccountId(row.text("owner"));
  if (row.has("acl")) to.acl = row.text("acl");
  if (row.has("tags")) to.tags = row.texts("tags");
  if (row.has("lock")) {
    to.lock.mode = static_cast<LockMode>(row.number("lock"));
    to.lock.until = row.time("until");
  }
  to.lock.legal_hold = row.has("hold");
  if (const auto* sse = row.object.if_contains("sse"); sse != nullptr && sse->is_object()) {
    const auto& kept = sse->get_object();
    to.encryption = {EncryptionKind::kCustomer, Row::raw(kept.at("salt")), Row::raw(kept.at("proof"))};
  } else if (sse != nullptr) {
    to.encryption.kind = EncryptionKind::kStore;
  }
}

template <typename F>
auto decode(std::string_view bytes, F read) -> Result<std::invoke_result_t<F, Row>> {
  std::array<unsigned char, 4096> room;
  json::monotonic_resource memory(room.data(), room.size());
  const auto document = codec::parse_json(bytes, kMaxDepth, &memory);
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

std::string versions_prefix(const BucketName& bucket) {
  std::string key(kAllVersions);
  kv::append_text(key, bucket.str());
  return key;
}

std::string versions_prefix(const BucketName& bucket, std::string_view key) {
  auto row = versions_prefix(bucket);
  kv::append_text(row, key);
  return row;
}

std::string version_key(const BucketName& bucket, std::string_view key, std::uint64_t sequence) {
  auto row = versions_prefix(bucket, key);
  kv::append_number(row, ~sequence);
  return row;
}

std::string make_version_id(std::uint64_t sequence, std::span<const std::byte, 16> random) {
  std::string bytes;
  kv::append_number(bytes, sequence);
  bytes.append(reinterpret_cast<const char*>(random.data()), random.size());
  auto id = codec::to_base64(bytes);
  std::ranges::replace(id, '+', '.');
  std::ranges::replace(id, '/', '_');
  return id;
}

std::optional<std::uint64_t> sequence_of(std::string_view version_id) {
  std::string text(version_id);
  std::ranges::replace(text, '.', '+');
  std::ranges::replace(text, '_', '/');
  const auto bytes = codec::from_base64(text);
  if (!bytes || bytes->size() != 24) return std::nullopt;
  std::string_view rest = *bytes;
  std::uint64_t sequence = 0;
  return kv::take_number(rest, sequence) ? std::optional(sequence) : std::nullopt;
}

std::string uploads_prefix(const BucketName& bucket) {
  std::string key(kAllUploads);
  kv::append_text(key, bucket.str());
  return key;
}

std::string uploads_prefix(const BucketName& bucket, std::string_view key_prefix) {
  auto row = uploads_prefix(bucket);
  kv::append_text(row, key_prefix);
  row.resize(row.size() - 2);  // without the text's end
  return row;
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
std::string key_key(std::string_view name) { return std::string(kKeys).append(name); }

std::string encode(const Bucket& bucket) {
  json::object out{{"name", bucket.name.str()},
                   {"owner", bucket.owner.str()},
                   {"region", bucket.region},
                   {"created", to_epoch_ms(bucket.created_at)},
                   {"configurations", texts(bucket.configurations)}};
  if (bucket.versioning != Versioning::kNever) out["versioning"] = static_cast<int>(bucket.versioning);
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
  if (!object.parts.empty()) {
    json::array parts;
    for (const auto& part : object.parts) {
      json::array one{part.number, part.size};
      if (part.checksum) one.push_back(json::string(codec::to_base64(part.checksum->value)));
      parts.push_back(std::move(one));
    }
    out["parts"] = std::move(parts);
  }
  if (!object.upload_id.empty()) out["upload"] = object.upload_id;
  put_checksum(out, object.checksum);
  put_owned(out, object);
  if (object.kind == VersionKind::kDeleteMarker) out["marker"] = true;
  if (!object.version_id.empty()) out["version"] = object.version_id;
  if (object.null_sequence != 0) out["null"] = object.null_sequence;
  if (object.noncurrent_at != WallTime{}) out["noncurrent"] = to_epoch_ms(object.noncurrent_at);
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
  put_owned(out, upload);
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

// Before there were others a bucket had these three, and its owner owned all in it.
static std::map<std::string, std::string> configurations_of(const Row& row) {
  if (row.has("configurations")) return row.texts("configurations");
  std::map<std::string, std::string> out{
      {"ownershipControls", R"({"Rules":[{"ObjectOwnership":"BucketOwnerEnforced"}]})"}};
  for (const auto* name : {"cors", "notification", "website"}) {
    if (auto text = row.text(name); !text.empty()) out.emplace(name, std::move(text));
  }
  return out;
}

static Result<Bucket> decode_new_bucket(std::string_view bytes) {
  return decode(bytes, [](Row row) {
    return Bucket{BucketName(row.text("name")),
                  AccountId(row.text("owner")),
                  row.text("region"),
                  row.time("created"),
                  configurations_of(row),
                  row.has("versioning") ? static_cast<Versioning>(row.number("versioning")) : Versioning::kNever,
                  row.has("closing") ? Closing::kYes : Closing::kNo};
  });
}

// Every request reads its bucket's row, which hardly ever changes: what it says is kept beside its bytes.
Result<Bucket> decode_bucket(std::string_view bytes) {
  struct Known {
    std::string bytes;
    Bucket bucket;
  };
  constexpr std::size_t kKnown = 16, kMostBytes = 8 << 10;
  thread_local std::array<Known, kKnown> all;
  auto& known = all[std::hash<std::string_view>{}(bytes) % kKnown];
  if (!bytes.empty() && known.bytes == bytes) return known.bucket;
  GUST_TRY(auto bucket, decode_new_bucket(bytes));
  if (bytes.size() <= kMostBytes) known = {std::string(bytes), bucket};
  return bucket;
}

Result<Upload> decode_upload(std::string_view bytes) {
  return decode(bytes, [](Row row) {
    Upload upload;
    upload.id = row.text("id");
    upload.key = ObjectKey(row.text("key"));
    upload.started_at = row.time("started");
    upload.headers = row.texts("headers");
    upload.metadata = row.texts("metadata");
    upload.checksum_type = static_cast<ChecksumType>(row.number("checksum_type"));
    if (row.has("checksum_kind")) upload.checksum_kind = static_cast<ChecksumKind>(row.number("checksum_kind"));
    take_owned(row, upload);
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
