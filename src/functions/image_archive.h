// image_archive: a container image in a tar, as an OCI image layout or as `docker save` writes it: which image of the
// archive is meant, and whether all of it is what its digests say. Trusts nothing in it. Not what is in the layers:
// that is image_root. Blocking: call it on a BlockingPool. Any thread.
#pragma once

#include "base/result.h"
#include "functions/function.h"

#include <cstdint>
#include <string>
#include <vector>

namespace gust::functions {

struct ImageLimits {
  std::uint64_t total_bytes = 10ULL << 30;  // of the layers uncompressed, as the service allows, and of the archive
  std::uint64_t entries = 1'000'000;        // of all layers
  std::uint64_t parts = 10'000;             // files of the archive
  std::uint64_t name_bytes = 64ULL << 20;   // of the paths of one layer, which are kept in memory while it is unpacked
};

struct ImageLayer {
  enum class Packing { kPlain, kGzip, kZstd, kAny } packing = Packing::kAny;
  std::string file;     // on the disk
  std::string diff_id;  // SHA-256 of its tar, in hexadecimal digits
};

struct ImageArchive {
  std::string digest;        // "sha256:..." of the manifest; where there is none (docker save) of the configuration
  std::string architecture;  // amd64, arm64
  ImageSettings settings;
  std::vector<ImageLayer> layers;  // the lowest first
};

// Of this machine, as images name it.
std::string_view own_architecture();

// Puts the files of `archive` into the folder `parts`, which must not exist and is the caller's to remove, and reads
// the image among them that is for this machine; of several the one that calls itself NAME:TAG or TAG. kInvalid "image"
// for what is no such archive, does not match its digests or is for another machine; kTooLarge "image" past a limit.
Result<ImageArchive> read_image_archive(const std::string& archive, const std::string& parts, const std::string& name,
                                        const std::string& tag, const ImageLimits& limits = {});

}  // namespace gust::functions
