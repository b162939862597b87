// What the readers of archives share: libarchive's handle, and names that stay inside. Any thread.
#pragma once

#include "base/result.h"

#include <archive.h>
#include <fmt/format.h>

#include <clocale>
#include <filesystem>
#include <locale.h>
#include <memory>
#include <string_view>

namespace gust::functions {

struct FreeArchive {
  void operator()(archive* a) const { archive_read_free(a); }
};
using ArchivePtr = std::unique_ptr<archive, FreeArchive>;

// While it lives, this thread takes names for UTF-8, as tars write them; else libarchive would change them.
class Utf8Names {
 public:
  Utf8Names() : utf8_(::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
    if (utf8_ != nullptr) before_ = ::uselocale(utf8_);
  }
  ~Utf8Names() {
    if (utf8_ == nullptr) return;
    ::uselocale(before_);
    ::freelocale(utf8_);
  }
  Utf8Names(const Utf8Names&) = delete;

 private:
  locale_t utf8_, before_ = nullptr;
};

// The parts of an entry's name below the folder it is unpacked to; an error with the source `what` ("zip", "image") for
// one that could leave it.
inline Result<std::filesystem::path> safe_path(std::string_view name, const char* what) {
  const auto bad = [&](std::string message) { return fail(Code::kInvalid, std::move(message), what); };
  if (name.empty() || name.size() > 4096 || name.front() == '/') {
    return bad(
        fmt::format("the {} names '{}'; a name must be relative and of 1-4096 bytes", what, name.substr(0, 200)));
  }
  std::filesystem::path out;
  for (const auto& part : std::filesystem::path(name)) {
    if (part == "..") return bad(fmt::format("the {} names '{}', which leaves its folder", what, name));
    if (part.empty() || part == ".") continue;
    if (part.native().size() > 255) return bad(fmt::format("the {} has a name with a part of over 255 bytes", what));
    out /= part;
  }
  return out;
}

}  // namespace gust::functions
