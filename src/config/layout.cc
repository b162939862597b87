#include "config/layout.h"

namespace gust::config {

namespace fs = std::filesystem;

Layout find_layout(const fs::path& folder) {
  const auto prefix = folder.parent_path();
  const auto library = prefix / "lib" / "gust";
  std::error_code unreadable;  // is the same as absent
  const bool beside = fs::exists(folder / "gust-launcher", unreadable);
  if (!beside && fs::exists(library / "gust-launcher", unreadable)) return {library, library / "runtimes"};
  return {folder, prefix / "runtimes"};
}

}  // namespace gust::config
