// Listings of objects, of versions and of uploads, with prefixes in common.
#include "kv/key.h"
#include "objects/object_store.h"
#include "objects/rows.h"

#include <algorithm>

namespace gust::objects {
namespace {

// The part of `key` that it shares with others under `delimiter`; nothing when it stands by itself.
std::optional<std::string> common_prefix(std::string_view key, std::string_view prefix, std::string_view delimiter) {
  if (delimiter.empty() || key.size() < prefix.size()) return std::nullopt;
  const auto cut = key.find(delimiter, prefix.size());
  if (cut == std::string_view::npos) return std::nullopt;
  return std::string(key.substr(0, cut + delimiter.size()));
}

}  // namespace

async::Task<Page> ObjectStore::list(BucketName bucket_name, ListQuery query) {
  GUST_CO_CHECK(co_await bucket(bucket_name));
  const auto base = rows::objects_prefix(bucket_name);
  kv::Range range = kv::Range::prefix(base + query.prefix);
  if (!query.after.empty()) range.begin = std::max(range.begin, base + query.after + '\0');
  if (query.start == ListStart::kBehindListed && query.after.starts_with(query.prefix)) {
    if (const auto listed = common_prefix(query.after, query.prefix, query.delimiter))
      range.begin = std::max(range.begin, kv::after_prefix(base + *listed));
  }
  // One more than the page may hold says whether there are more.
  if (query.delimiter.empty()) range.limit = std::clamp<std::size_t>(query.limit, 1, 1000) + 1;
  Page page;
  page.objects.reserve(std::min<std::size_t>(query.limit, 1000));
  std::string last;
  for (;;) {
    GUST_CO_TRY(const auto found, co_await store_.scan(range));
    bool jumped = false;
    for (const auto& row : found) {
      GUST_CO_TRY(auto object, rows::decode_object(row.value));
      if (object.kind == VersionKind::kDeleteMarker) continue;
      if (page.objects.size() + page.prefixes.size() >= query.limit) {
        if (query.limit > 0) page.next = last;
        co_return page;
      }
      const auto key = std::string_view(row.key).substr(base.size());
      if (auto prefix = common_prefix(key, query.prefix, query.delimiter)) {
        last = *std::move(prefix);
        page.prefixes.push_back(last);
        range.begin = kv::after_prefix(base + last);
        jumped = true;
        break;
      }
      last = key;
      page.objects.push_back(std::move(object));
    }
    if (jumped) continue;
    if (found.size() < range.limit) co_return page;
    range.begin = found.back().key + '\0';
  }
}

namespace {

// Goes through the versions of a bucket in order, in one view of the store. Blocking.
class VersionsLister {
 public:
  VersionsLister(kv::Reader& reader, BucketName bucket, VersionsQuery query)
      : reader_(reader), bucket_(std::move(bucket)), query_(std::move(query)) {}

  Result<VersionsPage> run() {
    const auto base = rows::objects_prefix(bucket_);
    auto range = kv::Range::prefix(base + query_.prefix);
    if (!query_.key_marker.empty()) {
      const bool again = !query_.version_marker.empty();
      range.begin = std::max(range.begin, base + query_.key_marker + (again ? "" : std::string(1, '\0')));
      const auto listed = common_prefix(query_.key_marker, query_.prefix, query_.delimiter);
      if (listed && *listed == query_.key_marker) range.begin = std::max(range.begin, kv::after_prefix(base + *listed));
    }
    for (;;) {
      GUST_TRY(const auto found, reader_.scan(range));
      std::optional<std::string> jump;
      for (const auto& row : found) {
        GUST_TRY(auto object, rows::decode_object(row.value));
        if (const auto prefix = common_prefix(object.key.str(), query_.prefix, query_.delimiter)) {
          if (is_full()) return std::move(page_);
          page_.prefixes.push_back(*prefix);
          remember(*prefix, "");
          jump = kv::after_prefix(base + *prefix);
          break;
        }
        GUST_TRY(const bool all, add_key(std::move(object)));
        if (!all) return std::move(page_);
      }
      if (jump) {
        range.begin = *jump;
        continue;
      }
      if (found.size() < range.limit) break;
      range.begin = found.back().key + '\0';
    }
    return std::move(page_);
  }

 private:
  // True, and the page is cut, when nothing more fits.
  bool is_full() {
    if (page_.versions.size() + page_.prefixes.size() < query_.limit) return false;
    page_.truncated = query_.limit > 0;
    page_.next_key = last_key_;
    page_.next_version = last_version_;
    return true;
  }

  void remember(std::string key, std::string version) {
    last_key_ = std::move(key);
    last_version_ = std::move(version);
  }

  bool add(Object object, bool latest) {
    if (is_full()) return false;
    remember(object.key.str(), object.version_id.empty() ? "null" : object.version_id);
    page_.versions.push_back({std::move(object), latest});
    return true;
  }

  // All versions of a key; false when the page is full.
  Result<bool> add_key(Object current) {
    const auto key = current.key.str();
    auto range = kv::Range::prefix(rows::versions_prefix(bucket_, key));
    // Where a null version that is gone was nobody knows: the key is listed again, for none may be left out.
    const bool lost = query_.version_marker == "null" && !current.version_id.empty() && current.null_sequence == 0;
    const bool skipping = key == query_.key_marker && !query_.version_marker.empty() && !lost;
    const auto is_marker = [&](const Object& object) {
      return object.version_id.empty() ? query_.version_marker == "null" : object.version_id == query_.version_marker;
    };
    if (skipping) {
      // The version that is named may be gone: those behind where it was follow.
      const auto sequence = is_marker(current)                ? std::optional(current.sequence)
                            : query_.version_marker == "null" ? std::optional(current.null_sequence)
                                                              : rows::sequence_of(query_.version_marker);
      if (!sequence) return fail(Code::kInvalid, "Invalid version id specified", "version id");
      if (current.sequence < *sequence) {
        if (!add(std::move(current), true)) return false;
      } else {
        range.begin = std::max(range.begin, rows::version_key(bucket_, key, *sequence) + '\0');
      }
    } else if (!add(std::move(current), true)) {
      return false;
    }
    for (;;) {
      GUST_TRY(const auto found, reader_.scan(range));
      for (const auto& row : found) {
        GUST_TRY(auto object, rows::decode_object(row.value));
        if (!add(std::move(object), false)) return false;
      }
      if (found.size() < range.limit) return true;
      range.begin = found.back().key + '\0';
    }
  }

  kv::Reader& reader_;
  BucketName bucket_;
  VersionsQuery query_;
  VersionsPage page_;
  std::string last_key_, last_version_;
};

}  // namespace

async::Task<VersionsPage> ObjectStore::list_versions(BucketName bucket_name, VersionsQuery query) {
  GUST_CO_CHECK(co_await bucket(bucket_name));
  const auto page = std::make_shared<VersionsPage>();
  auto job = [reader = std::shared_ptr(store_.snapshot()), page, bucket_name, query]() -> Result<void> {
    GUST_TRY(*page, VersionsLister(*reader, bucket_name, query).run());
    return {};
  };
  GUST_CO_CHECK(co_await workers_.run(std::move(job)));
  co_return std::move(*page);
}

namespace {

// Where the rows begin that are behind a query's markers.
std::string uploads_behind(const BucketName& bucket, const UploadsQuery& query) {
  const auto& key = query.key_marker;
  if (key.empty()) return "";
  // A marker that is a common prefix was listed as that.
  if (common_prefix(key, query.prefix, query.delimiter) == key)
    return kv::after_prefix(rows::uploads_prefix(bucket, key));
  if (query.id_marker.empty()) return kv::after_prefix(rows::upload_key(bucket, key, ""));
  return rows::upload_key(bucket, key, query.id_marker) + '\0';
}

}  // namespace

async::Task<UploadsPage> ObjectStore::list_uploads(BucketName bucket_name, UploadsQuery query) {
  GUST_CO_CHECK(co_await bucket(bucket_name));
  auto range = kv::Range::prefix(rows::uploads_prefix(bucket_name, query.prefix));
  range.begin = std::max(range.begin, uploads_behind(bucket_name, query));
  UploadsPage page;
  for (;;) {
    GUST_CO_TRY(const auto found, co_await store_.scan(range));
    const auto scanned_to = range.begin;
    for (const auto& row : found) {
      if (page.uploads.size() + page.prefixes.size() >= query.limit) {
        page.truncated = query.limit > 0;
        co_return page;
      }
      GUST_CO_TRY(auto upload, rows::decode_upload(row.value));
      page.next_key = upload.key.str();
      page.next_id = upload.id;
      if (auto prefix = common_prefix(upload.key.str(), query.prefix, query.delimiter)) {
        range.begin = kv::after_prefix(rows::uploads_prefix(bucket_name, *prefix));
        page.next_key = *prefix;
        page.next_id.clear();
        page.prefixes.push_back(*std::move(prefix));
        break;
      }
      page.uploads.push_back(std::move(upload));
    }
    if (range.begin != scanned_to) continue;
    if (found.size() < range.limit) co_return page;
    range.begin = found.back().key + '\0';
  }
}

}  // namespace gust::objects
