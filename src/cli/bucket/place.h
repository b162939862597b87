// Place: where a transfer comes from or goes to: s3://BUCKET/KEY, a path, or - for stdin and stdout; and the names that
// things get there. Pure; any thread.
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>

namespace gust::cli {

enum class PlaceKind { kObject, kFile, kStream };

struct Place {
  PlaceKind kind = PlaceKind::kFile;
  std::string bucket = {}, key = {};  // of kObject; the key may be empty
  std::string path = {};              // of kFile
  std::string str() const;
  bool operator==(const Place&) const = default;
};

// kInvalid "usage" for what is none of the three.
Result<Place> parse_place(std::string_view text);

// Only s3://BUCKET[/KEY]. kInvalid "usage".
enum class KeyIs { kOptional, kRequired, kRefused };
Result<Place> parse_uri(std::string_view text, KeyIs key);

// The key as a folder: with a slash at its end, unless it is empty.
std::string folder_key(std::string key);

// The key that a file gets at `to`: its own name where `to` is only a bucket or ends in a slash.
std::string key_for(const Place& to, std::string_view file_name);

// The last component of a path or a key; empty where it ends in a slash.
std::string_view base_name(std::string_view path);

// Whether a key below a prefix can be a file below a folder and nowhere else. kInvalid "name" where a component is
// empty, "." or "..", or it has a NUL.
Result<void> check_local_name(std::string_view name);

// The name of what is kept of a download until it is whole, beside its target: one for each version of an object, so
// that no two are ever mixed.
std::string partial_name(std::string_view file_name, std::string_view uri, std::string_view etag, std::uint64_t size);
bool is_partial_name(std::string_view name);
// Whether `name` is what was kept of a download of `file_name`, of any version.
bool is_partial_of(std::string_view name, std::string_view file_name);

}  // namespace gust::cli
