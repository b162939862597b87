// Dependencies of a function's folder: requirements.txt by pip, package.json by npm, into a cached folder. Blocking.
#pragma once

#include "cli/deploy/package.h"

namespace gust::cli {

// The folder to put under the source in the zip, or empty when the manifest asks for nothing. Made once for one content
// of manifest and lock file. kUnavailable "build" with the end of what pip or npm said.
Result<std::string> install_dependencies(const std::string& source, const std::string& runtime,
                                         const std::string& build_folder, const Progress& progress);

}  // namespace gust::cli
