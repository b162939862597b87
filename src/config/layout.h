// Layout: where the files are that gust needs beside itself: gust-launcher, the tools and runtimes of sandboxes. Any
// thread.
#pragma once

#include <filesystem>

namespace gust::config {

struct Layout {
  std::filesystem::path tools;  // has gust-launcher, snapshot/, extensions/
  std::filesystem::path runtimes;
};

// Of a program in `folder`: gust-launcher is beside it and the runtimes are beside that folder (a build,
// /opt/gust/bin), or all are in lib/gust of its prefix (/usr/bin of a distribution's package). The former, where
// there is neither.
Layout find_layout(const std::filesystem::path& folder);

}  // namespace gust::config
