// package: a function's code as a zip on disk, dependencies installed where a manifest asks for it or built by a
// Makefile, as `sam build` does. Gust leaves the source folder as it is: all is made under .gust/build beside the
// template. Blocking.
#pragma once

#include "cli/template/desired.h"

#include <functional>
#include <map>

namespace gust::cli {

struct Package {
  enum class Kept { kForGood, kUntilDeployed };
  std::string zip_path;  // empty for code that is in a bucket already, and for images
  std::string digest;    // SHA-256 of the zip, or of the bucket and key; of an image's archive or name
  Kept kept = Kept::kForGood;
};

using Progress = std::function<void(const std::string&)>;

// kInvalid "code" when the code is not there, kUnavailable "build" when pip or npm is missing or fails.
Result<Package> package(const FunctionSpec& function, const std::string& template_folder, const Progress& progress);
// A layer's content: as it is, or what its Makefile makes of it.
Result<Package> package(const LayerSpec& layer, const std::string& template_folder, const Progress& progress);

}  // namespace gust::cli
