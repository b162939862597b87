// The static content of buckets (GustContent): which files there are, their digests and types. Blocking.
#pragma once

#include "cli/template/desired.h"

namespace gust::cli {

struct ContentFile {
  std::string path;  // on disk, or empty when `text` is it
  std::string text;
  std::string sha256;
};

// By object key. kInvalid "content" when the folder cannot be read.
Result<std::map<std::string, ContentFile>> content_of(const BucketSpec& bucket);

// The Content-Type for a file's name.
std::string_view content_type(std::string_view name);

}  // namespace gust::cli
