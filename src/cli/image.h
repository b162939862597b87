// image: a container image on this machine, as one file to upload. Blocking.
#pragma once

#include "cli/remote.h"

#include <boost/json/value.hpp>

#include <string>

namespace gust::cli {

// A file that is removed with it, if it is our own.
struct ImageFile {
  ImageFile() = default;
  ImageFile(ImageFile&& other) noexcept : path(std::move(other.path)), own(std::exchange(other.own, false)) {}
  ~ImageFile();
  std::string path;
  bool own = false;
};

// `path` is a tar (an OCI image layout or a docker save), or the folder of a layout, which is made one. kNotFound,
// kInvalid "image".
Result<ImageFile> image_file(const std::string& path);

// SHA-256 of what there is at `path`: of the tar, or of a layout's index, whose digests cover the rest.
Result<std::string> image_digest(const std::string& path);

// Uploads it under NAME[:TAG]; what the daemon answers.
Result<boost::json::value> push_image(Remote& remote, const std::string& path, const std::string& name);

}  // namespace gust::cli
