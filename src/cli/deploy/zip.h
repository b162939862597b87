// Zip files that are the same bytes for the same content: sorted, no times, modes 0644 and 0755 only. Blocking.
#pragma once

#include "base/result.h"

#include <string>
#include <vector>

namespace gust::cli {

// Writes the folders' files into one zip, later folders over earlier ones. Version control, Gust's own build folder and
// caches are left out; links to files are followed. kInvalid "code" when there is nothing or too much in them.
Result<void> zip_folders(const std::vector<std::string>& folders, const std::string& zip_path);

// A zip of one file.
Result<void> zip_text(const std::string& name, const std::string& text, const std::string& zip_path);

// Hexadecimal SHA-256 of a file.
Result<std::string> file_sha256(const std::string& path);

}  // namespace gust::cli
