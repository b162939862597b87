#include "api/lambda/image.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>

namespace gust::api {

using functions::Image;

static constexpr std::size_t kMaxConfig = 32 << 10;

static std::string without_registry(const std::string& uri, std::string& account) {
  static const RE2 kRegistry(R"((\d{12})\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com/(.+))");
  std::string rest;
  return RE2::FullMatch(uri, kRegistry, &account, &rest) ? rest : uri;
}

Result<void> apply_image_config(const std::optional<lambda::ImageConfig>& config, functions::Function& function) {
  if (!config || !function.image) return {};
  auto& image = *function.image;
  const auto some = [](const auto& given) { return given && !given->empty() ? given : std::nullopt; };
  image.entry_point = some(config->entry_point);
  image.command = some(config->command);
  image.working_dir = some(config->working_directory);
  std::size_t size = 0;
  bool zero = image.working_dir && image.working_dir->contains('\0');
  for (const auto* list : {&image.entry_point, &image.command}) {
    for (const auto& text : *list ? **list : std::vector<std::string>()) {
      size += text.size();
      zero = zero || text.contains('\0');
    }
  }
  if (zero) return fail(Code::kInvalid, "ImageConfig has a zero byte in it", "image");
  if (image.working_dir && !image.working_dir->starts_with('/')) {
    return fail(Code::kInvalid,
                fmt::format("ImageConfig.WorkingDirectory is '{}'; it must be an absolute path", *image.working_dir),
                "image");
  }
  if (size <= kMaxConfig) return {};
  return fail(Code::kInvalid,
              fmt::format("ImageConfig has {} bytes in EntryPoint and Command; {} at most", size, kMaxConfig), "image");
}

LambdaReply<Image> find_image(functions::Images& images, wire::Call call, std::string uri) {
  const auto& own = call.context.principal.account;
  auto account = own.str();
  auto name = functions::parse_image_name(without_registry(uri, account));
  if (!name)
    co_return invalid_parameter(fmt::format("Source image {} is not valid. Provide a valid source image.", uri));
  const auto missing = [&uri] {
    return invalid_parameter(fmt::format("Source image {} does not exist. Provide a valid source image.", uri));
  };
  if (account != own.str()) co_return missing();
  auto found = co_await images.find(own, *std::move(name));
  if (!found && found.error().code == Code::kNotFound) co_return missing();
  if (!found) co_return std::unexpected(found.error());
  co_return *std::move(found);
}

Result<void> use_image(const Image& image, const std::string& uri, functions::Function& function) {
  const std::string_view wanted = image.architecture == "amd64" ? "x86_64" : "arm64";
  if (std::ranges::find(function.architectures, wanted) == function.architectures.end()) {
    return fail(Code::kInvalid,
                fmt::format("Source image {} is for the architecture {}, and the function is to run on {}", uri, wanted,
                            function.architectures.empty() ? "none" : function.architectures[0]),
                "image");
  }
  const auto before = function.image.value_or(functions::ImageUse{});
  const auto at = std::min(uri.find('@'), uri.find(':', uri.rfind('/') == std::string::npos ? 0 : uri.rfind('/')));
  function.image = {uri,           uri.substr(0, at), image.digest,      image.settings, before.entry_point,
                    before.command, before.working_dir};
  function.code_folder = image.folder;
  function.unpacked = image.unpacked;
  function.code_sha256 = image.digest.substr(image.digest.find(':') + 1);
  function.code_size = 0;
  function.code_blob.clear();
  return {};
}

lambda::FunctionCodeLocation location_of(const functions::ImageUse& image) {
  lambda::FunctionCodeLocation out;
  out.repository_type = "ECR";
  out.image_uri = image.uri;
  out.resolved_image_uri = image.repository + "@" + image.digest;
  return out;
}

}  // namespace gust::api
