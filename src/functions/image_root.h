// image_root: the layers of a container image, one over the other, as a folder that can be a sandbox's root
// (sandbox::Spec::root), and what a program inside would find in it. Trusts nothing in the layers: no name, link or
// device of theirs reaches anything beside the folder. Blocking: call it on a BlockingPool. Any thread.
#pragma once

#include "base/result.h"
#include "functions/image_archive.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gust::functions {

// Unpacks them into `root`, which must not exist, with whiteouts (OCI image layer) applied. All files can be read by
// every user, and none is set-user-id. Not synced to disk: the caller does that. kInvalid "image" for what is no tar,
// is not what its diff_id says, leaves the folder, or has devices outside of /dev; kTooLarge "image" past a limit.
// After an error nothing is left of `root`.
Result<void> make_image_root(const std::vector<ImageLayer>& layers, const std::string& root,
                             const ImageLimits& limits = {});

// Where a process inside with that PATH and working folder finds the program `name`; nothing where PATH leads to none.
// What has a slash in it is not looked for.
std::optional<std::string> find_program(const std::string& root, const std::string& name, std::string_view path,
                                        const std::string& working_dir);

}  // namespace gust::functions
