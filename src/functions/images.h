// Images: the container images that functions of PackageType Image are made of, under names and tags as in a registry.
// Which function uses which is the registry's. Errors name their thing in Error::source: "image". Loop thread only.
#pragma once

#include "async/blocking_pool.h"
#include "async/bytes.h"
#include "async/task.h"
#include "env/clock.h"
#include "env/random.h"
#include "functions/function.h"
#include "functions/image_archive.h"
#include "kv/store.h"

#include <string>
#include <string_view>
#include <vector>

namespace gust::functions {

// NAME:TAG or NAME@DIGEST: one of both is set.
struct ImageName {
  std::string name, tag, digest;
  std::string text() const;
};

// NAME, NAME:TAG or NAME@sha256:DIGITS; without either the tag is "latest". kInvalid "image".
Result<ImageName> parse_image_name(std::string_view text);

struct Image {
  AccountId account;
  std::string name;
  std::string digest;        // "sha256:..."
  std::string architecture;  // as images name it: amd64
  ImageSettings settings;
  std::string folder;  // its root, as Function::code_folder
  FolderSize unpacked;
  WallTime pushed_at{};
  std::vector<std::string> tags = {};  // those that it has now
};

class Images {
 public:
  static constexpr std::size_t kMaxPushes = 4;  // at once

  // Roots are kept below `folder`, which is that of the functions' code (ACCOUNT/@images/ID).
  Images(kv::Store& store, env::Clock& clock, env::Random& random, std::string folder, ImageLimits limits = {})
      : store_(store), clock_(clock), random_(random), folder_(std::move(folder)), limits_(limits) {}

  // Keeps the image in the archive, durably, and points the tag to it. What has the digest already is not kept twice.
  // As read_image_archive and make_image_root; kInvalid where `name` has a digest; kThrottled.
  async::Task<Image> push(AccountId account, ImageName name, async::ByteSource& archive);
  async::Task<Image> find(AccountId account, ImageName name);  // kNotFound "image"
  async::Task<std::vector<Image>> list(AccountId account);     // by name
  // Of a tag: the tag, and the image when it has no other. Functions that use it go on with it; what nobody uses leaves
  // the disk at the next start. kNotFound "image".
  async::Task<void> remove(AccountId account, ImageName name);

  static Result<std::vector<Image>> every(kv::Reader& reader);

 private:
  async::Task<void> receive(async::ByteSource& archive, std::string file);
  async::Task<Image> keep(AccountId account, ImageName name, std::string folder);
  async::Task<void> commit(Image image, std::string tag);

  kv::Store& store_;
  env::Clock& clock_;
  env::Random& random_;
  std::string folder_;
  ImageLimits limits_;
  std::size_t pushing_ = 0;
  async::BlockingPool disk_{"images", 1, 64};
};

}  // namespace gust::functions
