#include "cli/given_text.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <iostream>
#include <iterator>
#include <memory>

namespace gust::cli {

Result<std::string> read_file(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  std::string out, piece(64 << 10, '\0');
  while (file) {
    const auto n = std::fread(piece.data(), 1, piece.size(), file.get());
    out.append(piece, 0, n);
    if (n == 0 && std::ferror(file.get()) == 0) return out;
    if (n == 0) break;
  }
  return fail(Code::kNotFound, fmt::format("{} cannot be read: {}", path, std::strerror(errno)), "file");
}

Result<std::string> given_text(const std::string& given) {
  if (given == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  return given.starts_with('@') ? read_file(given.substr(1)) : given;
}

}  // namespace gust::cli
