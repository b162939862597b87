// The files below templates/, as they were when this program was built (cmake/init_files.cmake). Any thread.
#pragma once

#include <span>
#include <string_view>

namespace gust::cli {

struct EmbeddedFile {
  std::string_view path, text;
};

std::span<const EmbeddedFile> embedded_templates();

}  // namespace gust::cli
