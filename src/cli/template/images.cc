// What of a function's properties is of container images.
#include "cli/template/evaluator.h"

#include <fmt/format.h>

#include <filesystem>

namespace gust::cli {

namespace fs = std::filesystem;

// Whether PackageType is Image; an error for properties of the other type.
Result<bool> Evaluator::is_image(const std::string& logical_id, const Node& properties) {
  std::string type = "Zip";
  const auto& raw = properties["PackageType"];
  if (!raw.absent()) {
    GUST_TRY(type, resolver_->text(raw, "PackageType"));
  }
  if (type != "Zip" && type != "Image")
    return resolver_->error(raw.line, fmt::format("PackageType of {} is '{}'; Zip and Image are", logical_id, type));
  const bool image = type == "Image";
  const std::vector<std::string_view> of_zips = {"Runtime", "Handler", "Layers", "CodeUri", "InlineCode"};
  const std::vector<std::string_view> of_images = {"ImageUri", "ImageConfig"};
  for (const auto name : image ? of_zips : of_images) {
    const auto& wrong = properties[name];
    if (wrong.absent()) continue;
    return resolver_->error(wrong.line, fmt::format("{} of {} cannot be with PackageType {}", name, logical_id, type));
  }
  return image;
}

// A path beside the template, whose image is pushed, or the name of an image that is there.
Result<void> Evaluator::image_uri(CodeSource& code, const std::string& of, const Node& raw) {
  if (raw.absent()) {
    return resolver_->error(code.line != 0 ? code.line : raw.line,
                            fmt::format("{} has PackageType Image and no ImageUri: name an image that was pushed "
                                        "(gust image ls), or the path of a docker save or an OCI image layout",
                                        of));
  }
  GUST_TRY(const auto uri, resolver_->text(raw, "ImageUri"));
  code.from = CodeSource::From::kImage;
  code.line = raw.line;
  const auto full = fs::absolute(file_).parent_path() / uri;
  std::error_code ignored;
  if (fs::exists(full, ignored)) {
    code.path = fs::weakly_canonical(full).string();
  } else if (uri.starts_with('.') || uri.starts_with('/')) {
    return resolver_->error(raw.line, fmt::format("the image of {} is not there: {}", of, uri));
  } else {
    code.text = uri;
  }
  return {};
}

}  // namespace gust::cli
