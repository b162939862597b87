#include "api/lambda/package.h"

#include <fmt/format.h>

namespace gust::api {

static constexpr std::size_t kMaxZip = 50 << 20, kMaxZipOfBucket = 250 << 20;

LambdaReply<std::string> fetch_package(CodeSource& code, wire::Call call, PackageSource source) {
  if (source.zip) {
    if (source.bucket || source.key)
      co_return invalid_parameter("Please do not provide other FunctionCode parameters when providing a ZipFile.");
    if (source.zip->size() > kMaxZip)
      co_return wire::fault("RequestTooLargeException",
                            "Request must be smaller than 69905067 bytes for the CreateFunction operation",
                            {{"Type", "User"}}, 413);
    co_return *std::move(source.zip);
  }
  if (!source.bucket || !source.key) co_return invalid_parameter("Please provide a source for function code.");
  auto zip = co_await code.read(call.context, *source.bucket, *source.key, kMaxZipOfBucket);
  if (!zip && zip.error().code == Code::kNotFound) {
    co_return invalid_parameter(fmt::format("Error occurred while GetObject. S3 Error Code: {}. S3 Error Message: {}",
                                            zip.error().source == "bucket" ? "NoSuchBucket" : "NoSuchKey",
                                            zip.error().message));
  }
  if (!zip) co_return std::unexpected(zip.error());
  co_return *std::move(zip);
}

}  // namespace gust::api
