// The applications that `gust init` begins with: templates/ of the repository, which is in the binary. Any thread.
#pragma once

#include "base/result.h"

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gust::cli {

struct InitTemplate {
  std::string_view name, what;
  std::string_view try_it;  // commands for a first look, lines
};

std::span<const InitTemplate> init_templates();
// What there is for the template: cpp, node, python.
std::vector<std::string> init_languages(std::string_view name);
// The files of an application by their path, as they are written.
std::map<std::string, std::string> init_files(std::string_view name, std::string_view language);

}  // namespace gust::cli
