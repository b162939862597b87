// The applications that `gust init` begins with: files as they are written. Only what runs on this Gust. Any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gust::cli {

struct InitFile {
  std::string_view path;
  std::string text;
};

struct InitTemplate {
  std::string_view name, language, what;
  std::vector<InitFile> files;
  std::string_view try_it;  // commands for a first look, lines
};

std::span<const InitTemplate> init_templates();

}  // namespace gust::cli
