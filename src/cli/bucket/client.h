// BucketClient: the calls of S3 that the bucket commands make. Blocking. Errors say what to do and carry the service's
// code as their source. One thread.
#pragma once

#include "base/time.h"
#include "cli/bucket/place.h"
#include "cli/bucket/plan.h"
#include "cli/remote.h"

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gust::cli {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

struct ListedBucket {
  std::string name;
  WallTime created_at{};
};

struct ListedObject {
  std::string key, etag;  // without quotes
  std::uint64_t size = 0;
  WallTime modified_at{};
};

struct ListedPage {
  std::vector<ListedObject> objects;
  std::vector<std::string> prefixes;
  std::string next;  // the token of the next page, or empty
};

struct ListedUpload {
  std::string key, id;
  WallTime started_at{};
};

struct ObjectHead {
  std::uint64_t size = 0;
  std::string etag;  // with its quotes, as conditions take it
  WallTime modified_at{};
  http::Headers headers;
};

struct FileRange {
  std::string path;
  std::uint64_t offset = 0, size = 0;
  std::function<bool(std::size_t)> sent;
};

class BucketClient {
 public:
  explicit BucketClient(Remote& remote) : remote_(remote) {}

  Result<std::vector<ListedBucket>> buckets();
  Result<void> create_bucket(const std::string& bucket);
  Result<void> delete_bucket(const std::string& bucket);
  Result<void> need_bucket(const std::string& bucket);

  Result<ListedPage> list(const Place& prefix, const std::string& delimiter, const std::string& token);
  // Every object below the prefix, page by page.
  Result<void> for_each(const Place& prefix, const std::function<Result<void>(const ListedObject&)>& each);
  Result<ObjectHead> head(const Place& object);
  // Nothing when there is none.
  Result<std::optional<ObjectHead>> find(const Place& object);
  // Bytes [first, first + size), of the version `etag` only (kPrecondition).
  Result<void> get(const Place& object, const std::string& etag, std::uint64_t first, std::uint64_t size,
                   const std::function<bool(std::string_view)>& sink);
  // The ETag that it got, without quotes.
  Result<std::string> put(const Place& object, const FileRange& file, const HeaderList& headers);
  Result<std::string> put(const Place& object, std::string bytes, const HeaderList& headers);
  Result<void> copy(const Place& from, const std::string& etag, const Place& to, const HeaderList& headers);
  Result<void> remove(const Place& object);
  // At most 1,000; answers those that were not removed, with what was said of each.
  Result<std::vector<std::pair<std::string, std::string>>> remove_all(const std::string& bucket,
                                                                      const std::vector<std::string>& keys);

  Result<std::vector<ListedUpload>> uploads(const Place& prefix);
  // What an upload has; nothing of one whose parts need checksums that only its beginner knows.
  Result<std::optional<OpenUpload>> parts(const Place& object, const std::string& id);
  Result<std::string> begin(const Place& object, const HeaderList& headers);
  Result<std::string> put_part(const Place& object, const std::string& id, std::uint32_t number, const FileRange& file);
  Result<std::string> put_part(const Place& object, const std::string& id, std::uint32_t number, std::string bytes);
  Result<std::string> copy_part(const Place& from, const std::string& etag, const Place& to, const std::string& id,
                                const Part& part);
  // `etags` of the parts 1, 2, ..., without quotes. Succeeds also when an earlier try did, unheard.
  Result<void> complete(const Place& object, const std::string& id, const std::vector<std::string>& etags);
  Result<void> abort(const Place& object, const std::string& id);

 private:
  Result<Answer> call(Call call, const Place& about, std::string_view what);
  Result<std::string> etag_of(Call call, const Place& about, std::string_view what);

  Remote& remote_;
};

}  // namespace gust::cli
