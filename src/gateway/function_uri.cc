#include "gateway/function_uri.h"

#include "base/ids.h"

#include <fmt/format.h>

namespace gust::gateway {

Result<std::string> function_of_uri(std::string_view uri) {
  auto wrong = [&] {
    return fail(
        Code::kInvalid,
        fmt::format("Invalid function ARN or invalid uri '{}'; expected arn:aws:lambda:REGION:ACCOUNT:function:NAME or "
                    "arn:aws:apigateway:REGION:lambda:path/2015-03-31/functions/ARN/invocations",
                    uri),
        "uri");
  };
  auto arn = Arn::parse(uri);
  if (!arn) return wrong();
  if (arn->service == "apigateway" && arn->account == "lambda") {
    constexpr std::string_view kHead = "path/2015-03-31/functions/";
    constexpr std::string_view kTail = "/invocations";
    std::string_view inner = arn->resource;
    if (!inner.starts_with(kHead) || !inner.ends_with(kTail) || inner.size() <= kHead.size() + kTail.size())
      return wrong();
    inner = inner.substr(kHead.size(), inner.size() - kHead.size() - kTail.size());
    return inner.find(":apigateway:") == inner.npos ? function_of_uri(inner) : wrong();
  }
  constexpr std::string_view kFunction = "function:";
  if (arn->service != "lambda" || !arn->resource.starts_with(kFunction) || arn->resource.size() == kFunction.size())
    return wrong();
  return std::string(uri);
}

}  // namespace gust::gateway
