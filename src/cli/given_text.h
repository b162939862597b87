// What an option or an argument gives: a text, @FILE, or - for stdin. Any thread.
#pragma once

#include "base/result.h"

#include <string>

namespace gust::cli {

// kNotFound "file" says why it cannot be read.
Result<std::string> read_file(const std::string& path);
Result<std::string> given_text(const std::string& given);

}  // namespace gust::cli
