#include "cli/deploy/package.h"

#include "cli/deploy/dependencies.h"
#include "cli/deploy/makefile.h"
#include "cli/deploy/zip.h"
#include "cli/image.h"
#include "codec/digest.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace gust::cli {
namespace {

namespace fs = std::filesystem;

Result<std::string> build_folder(const std::string& template_folder) {
  const auto folder = fs::path(template_folder) / ".gust" / "build";
  std::error_code problem;
  fs::create_directories(folder, problem);
  if (problem)
    return fail(Code::kDenied, fmt::format("cannot make {}: {}", folder.string(), problem.message()), "build");
  if (const auto ignore = folder.parent_path() / ".gitignore"; !fs::exists(ignore)) std::ofstream(ignore) << "*\n";
  return folder.string();
}

std::string inline_file(const FunctionSpec& function) {
  return function.configuration["Runtime"].text.starts_with("python") ? "index.py" : "index.js";
}

// Where its zip is, or is to be.
Result<Package> begin_package(const CodeSource& code, const std::string& logical_id,
                              const std::string& template_folder) {
  Package out;
  if (code.from == CodeSource::From::kImage) {
    out.digest = codec::sha256_hex(code.text);
    if (!code.path.empty()) {
      GUST_TRY(out.digest, image_digest(code.path));
    }
  } else if (code.from == CodeSource::From::kObject) {
    out.digest = codec::sha256_hex(fmt::format("s3://{}/{}", code.bucket, code.key));
  } else if (code.from == CodeSource::From::kZip) {
    out.zip_path = code.path;
  } else {
    GUST_TRY(const auto folder, build_folder(template_folder));
    // Of this process alone: another may deploy the same folder.
    out.zip_path = fmt::format("{}/{}.{}.zip", folder, logical_id, ::getpid());
    out.kept = Package::Kept::kUntilDeployed;
  }
  return out;
}

Result<Package> end_package(Package out) {
  if (!out.zip_path.empty()) {
    GUST_TRY(out.digest, file_sha256(out.zip_path));
  }
  return out;
}

}  // namespace

Result<Package> package(const FunctionSpec& function, const std::string& template_folder, const Progress& progress) {
  GUST_TRY(auto out, begin_package(function.code, function.logical_id, template_folder));
  const auto& code = function.code;
  if (code.build == CodeSource::Build::kMakefile) {
    GUST_TRY(const auto folder, build_folder(template_folder));
    GUST_CHECK(zip_by_makefile(code, function.logical_id, folder, out.zip_path, progress));
  } else if (code.from == CodeSource::From::kInline) {
    GUST_CHECK(zip_text(inline_file(function), code.text, out.zip_path));
  } else if (code.from == CodeSource::From::kFolder) {
    GUST_TRY(const auto folder, build_folder(template_folder));
    GUST_TRY(const auto dependencies,
             install_dependencies(code.path, function.configuration["Runtime"].text, folder, progress));
    std::vector<std::string> folders{code.path};
    if (!dependencies.empty()) folders.insert(folders.begin(), dependencies);
    GUST_CHECK(zip_folders(folders, out.zip_path));
  }
  return end_package(std::move(out));
}

Result<Package> package(const LayerSpec& layer, const std::string& template_folder, const Progress& progress) {
  GUST_TRY(auto out, begin_package(layer.content, layer.logical_id, template_folder));
  const auto& content = layer.content;
  if (content.build == CodeSource::Build::kMakefile) {
    GUST_TRY(const auto folder, build_folder(template_folder));
    GUST_CHECK(zip_by_makefile(content, layer.logical_id, folder, out.zip_path, progress));
  } else if (content.from == CodeSource::From::kFolder) {
    GUST_CHECK(zip_folders({content.path}, out.zip_path));
  }
  return end_package(std::move(out));
}

}  // namespace gust::cli
