// Code that a Makefile builds: BuildMethod makefile, as `sam build` has it. Blocking.
#pragma once

#include "cli/deploy/package.h"

namespace gust::cli {

// Runs `make build-LOGICAL_ID` in the source folder, with $(ARTIFACTS_DIR) an empty folder in `build_folder`, and makes
// a zip of what was put there. One at a time of one resource, whoever asks. kInvalid "code" when there is no Makefile
// or nothing was put there; kUnavailable "build" with the end of what make said.
Result<void> zip_by_makefile(const CodeSource& code, const std::string& logical_id, const std::string& build_folder,
                             const std::string& zip_path, const Progress& progress);

}  // namespace gust::cli
