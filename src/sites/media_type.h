// Media types by a file's extension, for objects that were stored without one. Pure; any thread.
#pragma once

#include <string_view>

namespace gust::sites {

// application/octet-stream when the extension says nothing.
std::string_view media_type(std::string_view key);

}  // namespace gust::sites
