#include "cli/deploy/zip.h"

#include "codec/digest.h"
#include "codec/hex.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <sys/stat.h>

namespace gust::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kMaxUnpacked = std::uintmax_t{250} << 20;  // as the function service has it
constexpr time_t kFixedTime = 315'619'200;                          // 1980-01-02: zip knows nothing older
constexpr std::array<std::string_view, 7> kLeftOut = {".git",      ".gust",         ".aws-sam", "__pycache__",
                                                      ".DS_Store", ".pytest_cache", ".venv"};

class Writer {
 public:
  static Result<std::unique_ptr<Writer>> open(const std::string& path) {
    auto out = std::make_unique<Writer>();
    out->path_ = path;
    out->archive_ = archive_write_new();
    archive_write_set_format_zip(out->archive_);
    if (archive_write_open_filename(out->archive_, path.c_str()) != ARCHIVE_OK) return out->failed();
    return out;
  }
  Writer() = default;
  Writer(const Writer&) = delete;
  ~Writer() {
    if (archive_ != nullptr) archive_write_free(archive_);
  }

  Result<void> begin(const std::string& name, std::uintmax_t size, unsigned mode) {
    std::unique_ptr<archive_entry, void (*)(archive_entry*)> entry(archive_entry_new(), archive_entry_free);
    archive_entry_set_pathname_utf8(entry.get(), name.c_str());
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(size));
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), mode);
    archive_entry_set_mtime(entry.get(), kFixedTime, 0);
    if (archive_write_header(archive_, entry.get()) != ARCHIVE_OK) return failed();
    return {};
  }
  Result<void> data(std::string_view bytes) {
    if (bytes.empty()) return {};
    if (archive_write_data(archive_, bytes.data(), bytes.size()) != static_cast<la_ssize_t>(bytes.size()))
      return failed();
    return {};
  }
  Result<void> close() {
    if (archive_write_close(archive_) != ARCHIVE_OK) return failed();
    return {};
  }

 private:
  std::unexpected<Error> failed() const {
    const auto* why = archive_error_string(archive_);
    return fail(Code::kInternal, fmt::format("cannot write {}: {}", path_, why == nullptr ? "unknown" : why), "code");
  }

  std::string path_;
  struct archive* archive_ = nullptr;
};

bool left_out(const fs::path& name) {
  return std::ranges::find(kLeftOut, name.string()) != kLeftOut.end() || name.extension() == ".pyc";
}

using Files = std::map<std::string, fs::path>;  // name in the zip -> file

Result<void> collect(const fs::path& folder, Files& files) {
  std::error_code problem;
  fs::recursive_directory_iterator at(folder, problem), end;
  while (!problem && at != end) {
    const auto& entry = *at;
    if (left_out(entry.path().filename())) {
      if (entry.is_directory()) at.disable_recursion_pending();
    } else if (entry.is_regular_file(problem)) {
      files[fs::relative(entry.path(), folder).generic_string()] = entry.path();
    }
    at.increment(problem);
  }
  if (problem)
    return fail(Code::kInvalid, fmt::format("{} cannot be read: {}", folder.string(), problem.message()), "code");
  return {};
}

Result<void> add_file(Writer& writer, const std::string& name, const fs::path& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return fail_errno(path.string(), errno);
  GUST_CHECK(
      writer.begin(name, static_cast<std::uintmax_t>(info.st_size), (info.st_mode & S_IXUSR) != 0 ? 0755 : 0644));
  std::ifstream in(path, std::ios::binary);
  std::string buffer(64 << 10, '\0');
  std::uintmax_t left = static_cast<std::uintmax_t>(info.st_size);
  while (left > 0 && (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || in.gcount() > 0)) {
    const auto n = std::min<std::uintmax_t>(left, static_cast<std::uintmax_t>(in.gcount()));
    GUST_CHECK(writer.data(std::string_view(buffer).substr(0, n)));
    left -= n;
  }
  if (left > 0)
    return fail(Code::kInvalid, fmt::format("{} changed while it was read; deploy again", path.string()), "code");
  return {};
}

}  // namespace

Result<void> zip_folders(const std::vector<std::string>& folders, const std::string& zip_path) {
  Files files;
  for (const auto& folder : folders) GUST_CHECK(collect(folder, files));
  if (files.empty())
    return fail(Code::kInvalid, fmt::format("the folder {} has no files to deploy", folders.front()), "code");
  std::uintmax_t total = 0;
  for (const auto& [name, path] : files) {
    std::error_code ignored;
    total += fs::file_size(path, ignored);
  }
  if (total > kMaxUnpacked) {
    return fail(Code::kTooLarge,
                fmt::format("the code in {} is {} MiB; a function's code is at most {} MiB", folders.front(),
                            total >> 20, kMaxUnpacked >> 20),
                "code");
  }
  GUST_TRY(const auto writer, Writer::open(zip_path));
  for (const auto& [name, path] : files) GUST_CHECK(add_file(*writer, name, path));
  return writer->close();
}

Result<void> zip_text(const std::string& name, const std::string& text, const std::string& zip_path) {
  GUST_TRY(const auto writer, Writer::open(zip_path));
  GUST_CHECK(writer->begin(name, text.size(), 0644));
  GUST_CHECK(writer->data(text));
  return writer->close();
}

Result<std::string> file_sha256(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(Code::kNotFound, fmt::format("{} cannot be read", path), "code");
  codec::Digest digest(codec::DigestKind::kSha256);
  std::string buffer(64 << 10, '\0');
  while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || in.gcount() > 0) {
    digest.update(std::string_view(buffer).substr(0, static_cast<std::size_t>(in.gcount())));
  }
  return codec::to_hex(digest.finish());
}

}  // namespace gust::cli
