// The plain pages that a site answers with where its owner has none. Pure; any thread.
#pragma once

#include "http/message.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gust::sites {

// "404 Not Found" as HTML, with a code, a message and details ("Key", "a/b"), all escaped here.
http::Response page(int status, std::string_view title, std::string_view code, std::string_view message,
                    const std::vector<std::pair<std::string, std::string>>& details = {});

}  // namespace gust::sites
