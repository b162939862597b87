// Functions of PackageType Image: what of a request belongs to them or to zips alone, and the image that is named.
// Loop thread only, but for the checks.
#pragma once

#include "api/lambda/service.h"
#include "api/lambda/shared.h"
#include "functions/images.h"

#include <optional>
#include <string>

namespace gust::api {

// What CreateFunction and UpdateFunctionConfiguration say that is of the other package type alone.
template <typename Request>
wire::Reply<void> check_package_type(const Request& request, bool image) {
  if (!image && request.image_config)
    return invalid_parameter("Please don't provide ImageConfig when the intended function PackageType is Zip.");
  if (image && (request.runtime || request.handler || (request.layers && !request.layers->empty()))) {
    return invalid_parameter(
        "Please don't provide Handler or Runtime or Layer when the intended function PackageType is Image.");
  }
  return {};
}

// Sets what of `config` there is; an empty list or text stands for the image's own. kInvalid.
Result<void> apply_image_config(const std::optional<lambda::ImageConfig>& config, functions::Function& function);

// Points the function to the image that `uri` names now: NAME[:TAG], NAME@DIGEST, or either behind
// ACCOUNT.dkr.ecr.REGION.amazonaws.com/.
LambdaReply<functions::Image> find_image(functions::Images& images, wire::Call call, std::string uri);
// kInvalid for an image of another architecture than the function's.
Result<void> use_image(const functions::Image& image, const std::string& uri, functions::Function& function);

// Code of GetFunction.
lambda::FunctionCodeLocation location_of(const functions::ImageUse& image);

}  // namespace gust::api
