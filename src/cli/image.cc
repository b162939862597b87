#include "cli/image.h"

#include "cli/deploy/zip.h"
#include "codec/json.h"
#include "codec/url.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace gust::cli {
namespace {

namespace fs = std::filesystem;

struct FreeWriter {
  void operator()(archive* a) const { archive_write_free(a); }
};
using WriterPtr = std::unique_ptr<archive, FreeWriter>;

Result<void> add(archive* out, const fs::path& file, const std::string& name) {
  std::error_code problem;
  const auto size = fs::file_size(file, problem);
  std::ifstream in(file, std::ios::binary);
  if (problem || !in) return fail(Code::kNotFound, fmt::format("{} cannot be read", file.string()), "image");
  const std::unique_ptr<archive_entry, void (*)(archive_entry*)> entry(archive_entry_new(), archive_entry_free);
  archive_entry_set_pathname(entry.get(), name.c_str());
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(size));
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_perm(entry.get(), 0644);
  const auto failed = [&] {
    return fail(Code::kNoSpace, fmt::format("making a tar of the image: {}", archive_error_string(out)), "image");
  };
  if (archive_write_header(out, entry.get()) != ARCHIVE_OK) return failed();
  std::string piece(1 << 20, '\0');
  while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())) || in.gcount() > 0) {
    if (archive_write_data(out, piece.data(), static_cast<std::size_t>(in.gcount())) != in.gcount()) return failed();
  }
  return {};
}

// The files of an OCI image layout, and nothing else of the folder.
Result<std::vector<std::string>> files_of_layout(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto* name : {"oci-layout", "index.json"}) {
    if (!fs::is_regular_file(folder / name)) {
      return fail(Code::kInvalid,
                  fmt::format("{} is not an OCI image layout: it has no {}. Give such a folder, or a tar of one or of "
                              "docker save",
                              folder.string(), name),
                  "image");
    }
    names.emplace_back(name);
  }
  std::error_code problem;
  for (fs::recursive_directory_iterator it(folder / "blobs", problem), end; !problem && it != end;
       it.increment(problem)) {
    if (it->is_regular_file()) names.push_back(it->path().lexically_relative(folder).string());
  }
  if (problem) return fail(Code::kInvalid, fmt::format("{}/blobs: {}", folder.string(), problem.message()), "image");
  std::ranges::sort(names);
  return names;
}

}  // namespace

ImageFile::~ImageFile() {
  std::error_code ignored;
  if (own) fs::remove(path, ignored);
}

Result<ImageFile> image_file(const std::string& path) {
  ImageFile out;
  std::error_code problem;
  if (fs::is_regular_file(path, problem)) {
    out.path = path;
    return out;
  }
  if (!fs::is_directory(path, problem))
    return fail(Code::kNotFound, fmt::format("{} is neither a tar nor the folder of an OCI image layout", path),
                "image");
  GUST_TRY(const auto names, files_of_layout(path));
  out.path = (fs::temp_directory_path() / "gust-image-XXXXXX").string();
  const int fd = ::mkstemp(out.path.data());
  if (fd < 0) return fail_errno("making a file in " + fs::temp_directory_path().string(), errno);
  out.own = true;
  const WriterPtr tar(archive_write_new());
  archive_write_set_format_pax_restricted(tar.get());
  const auto written = [&]() -> Result<void> {
    if (archive_write_open_fd(tar.get(), fd) != ARCHIVE_OK)
      return fail(Code::kInternal, "making a tar of the image failed", "image");
    for (const auto& name : names) GUST_CHECK(add(tar.get(), fs::path(path) / name, name));
    if (archive_write_close(tar.get()) == ARCHIVE_OK) return {};
    return fail(Code::kNoSpace, fmt::format("making a tar of the image: {}", archive_error_string(tar.get())), "image");
  }();
  ::close(fd);
  if (!written) return std::unexpected(written.error());
  return out;
}

Result<std::string> image_digest(const std::string& path) {
  std::error_code problem;
  return file_sha256(fs::is_directory(path, problem) ? (fs::path(path) / "index.json").string() : path);
}

Result<boost::json::value> push_image(Remote& remote, const std::string& path, const std::string& name) {
  GUST_TRY(const auto file, image_file(path));
  Call call{.method = "PUT", .path = "/_gust/images/" + codec::percent_encode(name), .file = file.path};
  call.headers.emplace_back("Content-Type", "application/x-tar");
  GUST_TRY(const auto answer, expect_ok(remote.send(call), fmt::format("push the image {}", name)));
  return codec::parse_json(answer.body);
}

}  // namespace gust::cli
