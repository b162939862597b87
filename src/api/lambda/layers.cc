// PublishLayerVersion and what reads, lists and deletes layer versions.
#include "api/lambda/package.h"
#include "api/lambda/service.h"
#include "api/lambda/settings.h"
#include "api/lambda/shared.h"

#include "codec/time_format.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>

namespace gust::api {
namespace {

using functions::Layer;
using functions::LayerKey;
using functions::Layers;

constexpr std::size_t kPage = 50;

// Any of the service's, also those that run nowhere here: it is only said of the layer.
wire::Reply<void> check_compatible(const std::string& runtime) {
  static const RE2 kKnown(R"((python|nodejs|java|ruby|dotnet|dotnetcore|go)\d+(\.\d+|\.x)?(\.al2)?|nodejs|)"
                          R"(provided(\.al2|\.al2023)?)");
  if (RE2::FullMatch(runtime, kKnown)) return {};
  return invalid_parameter(
      fmt::format("Value {} at 'compatibleRuntimes' failed to satisfy constraint: Member must satisfy enum value set: "
                  "[pythonN.N, nodejsN.x, javaN, rubyN.N, dotnetN, goN.x, provided, provided.al2, provided.al2023]",
                  runtime));
}

std::string created(const Layer& layer) {
  auto out = codec::to_iso8601_ms(layer.created_at);
  return out.replace(out.size() - 1, 1, "+0000");
}

// NAME, or the ARN of the layer, which must be of the caller's account.
Result<LayerKey> own_layer(const wire::Call& call, const std::string& text) {
  LayerKey key{call.context.principal.account, text, 0};
  if (!text.starts_with("arn:")) return key;
  GUST_TRY(const auto arn, Arn::parse(text));
  if (AccountId(arn.account) != key.account)
    return fail(Code::kDenied, fmt::format("not authorized to perform this operation on resource: {}", text), "layer");
  key.name = arn.resource.substr(std::string_view("layer:").size());
  return key;
}

template <typename Answer>
void describe(const Layer& layer, Answer& out) {
  out.layer_version_arn = layer.version_arn();
  out.version = static_cast<std::int64_t>(layer.key.version);
  out.description = layer.description;
  out.created_date = created(layer);
  if (!layer.runtimes.empty()) out.compatible_runtimes = layer.runtimes;
  if (!layer.architectures.empty()) out.compatible_architectures = layer.architectures;
  if (!layer.license.empty()) out.license_info = layer.license;
}

template <typename Answer>
Answer whole(const Layer& layer, const std::string& link) {
  Answer out;
  describe(layer, out);
  out.layer_arn = layer.arn();
  auto& content = out.content.emplace();
  content.location = link;
  content.code_sha256 = layer.package.sha256;
  content.code_size = static_cast<std::int64_t>(layer.package.size);
  return out;
}

template <typename Request>
bool fits(const Layer& layer, const Request& request) {
  const auto has = [](const std::vector<std::string>& list, const std::optional<std::string>& wanted) {
    return !wanted || std::ranges::count(list, *wanted) > 0;
  };
  return has(layer.runtimes, request.compatible_runtime) && has(layer.architectures, request.compatible_architecture);
}

LambdaReply<lambda::PublishLayerVersionResponse> publish(Layers& layers, CodeSource& code,
                                                         std::function<std::string(const LayerKey&)> link,
                                                         wire::Call call, lambda::PublishLayerVersionRequest request) {
  Layer layer;
  GUST_CO_TRY(layer.key, own_layer(call, request.layer_name));
  if (request.content.s3_object_version) co_return lambda_not_served("S3ObjectVersion");
  for (const auto& runtime : request.compatible_runtimes.value_or(std::vector<std::string>()))
    GUST_CO_CHECK(check_compatible(runtime));
  layer.region = call.context.region;
  layer.description = request.description.value_or("");
  layer.license = request.license_info.value_or("");
  layer.runtimes = request.compatible_runtimes.value_or(std::vector<std::string>());
  layer.architectures = request.compatible_architectures.value_or(std::vector<std::string>());
  PackageSource source{std::move(request.content.zip_file), request.content.s3_bucket, request.content.s3_key};
  GUST_CO_TRY(auto zip, co_await fetch_package(code, call, std::move(source)));
  GUST_CO_TRY(const auto made, co_await layers.publish(std::move(layer), std::move(zip)));
  co_return whole<lambda::PublishLayerVersionResponse>(made, link(made.key));
}

LambdaReply<lambda::GetLayerVersionResponse> get(Layers& layers, std::function<std::string(const LayerKey&)> link,
                                                 LayerKey key) {
  GUST_CO_TRY(const auto layer, co_await layers.get(key));
  co_return whole<lambda::GetLayerVersionResponse>(layer, link(key));
}

LambdaReply<lambda::GetLayerVersionResponse> get_by_name(Layers& layers,
                                                         std::function<std::string(const LayerKey&)> link,
                                                         wire::Call call, lambda::GetLayerVersionRequest request) {
  GUST_CO_TRY(auto key, own_layer(call, request.layer_name));
  key.version = static_cast<std::uint64_t>(request.version_number);
  co_return co_await get(layers, std::move(link), std::move(key));
}

LambdaReply<lambda::GetLayerVersionResponse> get_by_arn(Layers& layers,
                                                        std::function<std::string(const LayerKey&)> link,
                                                        wire::Call call, lambda::GetLayerVersionByArnRequest request) {
  GUST_CO_TRY(auto key, functions::parse_layer_version(request.arn));
  if (key.account != call.context.principal.account)
    co_return fail(Code::kDenied,
                   fmt::format("not authorized to perform: lambda:GetLayerVersion on resource: {}", request.arn),
                   "layer");
  co_return co_await get(layers, std::move(link), std::move(key));
}

LambdaReply<lambda::Empty> remove(Layers& layers, wire::Call call, lambda::DeleteLayerVersionRequest request) {
  GUST_CO_TRY(auto key, own_layer(call, request.layer_name));
  key.version = static_cast<std::uint64_t>(request.version_number);
  GUST_CO_CHECK(co_await layers.remove(std::move(key)));
  co_return lambda::Empty{};
}

// The first of `sorted` after the marker, and the marker of the next page.
struct Page {
  std::size_t begin = 0, end = 0;
  std::optional<std::string> next;
};
Page page_of(const std::vector<std::string>& sorted, const std::optional<std::string>& marker,
             std::optional<std::int32_t> max) {
  Page out;
  const auto at = marker ? std::ranges::find(sorted, *marker) : sorted.begin();
  out.begin = static_cast<std::size_t>(at - sorted.begin());
  const auto size = static_cast<std::size_t>(std::clamp<int>(max.value_or(kPage), 1, kPage));
  out.end = std::min(sorted.size(), out.begin + size);
  if (out.end < sorted.size()) out.next = sorted[out.end];
  return out;
}

LambdaReply<lambda::ListLayersResponse> list(Layers& layers, wire::Call call, lambda::ListLayersRequest request) {
  GUST_CO_TRY(const auto all, co_await layers.list(call.context.principal.account, ""));
  std::map<std::string, Layer> newest;
  for (const auto& layer : all) {
    if (fits(layer, request)) newest.insert_or_assign(layer.key.name, layer);
  }
  std::vector<std::string> names;
  for (const auto& [name, layer] : newest) names.push_back(name);
  const auto page = page_of(names, request.marker, request.max_items);
  lambda::ListLayersResponse out;
  out.next_marker = page.next;
  out.layers.emplace();
  for (auto i = page.begin; i < page.end; ++i) {
    const auto& layer = newest.at(names[i]);
    auto& item = out.layers->emplace_back();
    item.layer_name = layer.key.name;
    item.layer_arn = layer.arn();
    describe(layer, item.latest_matching_version.emplace());
  }
  co_return out;
}

LambdaReply<lambda::ListLayerVersionsResponse> list_versions(Layers& layers, wire::Call call,
                                                             lambda::ListLayerVersionsRequest request) {
  GUST_CO_TRY(const auto key, own_layer(call, request.layer_name));
  GUST_CO_TRY(const auto all, co_await layers.list(key.account, key.name));
  std::vector<Layer> fitting;
  std::vector<std::string> numbers;
  for (const auto& layer : all) {
    if (!fits(layer, request)) continue;
    fitting.push_back(layer);
    numbers.push_back(std::to_string(layer.key.version));
  }
  const auto page = page_of(numbers, request.marker, request.max_items);
  lambda::ListLayerVersionsResponse out;
  out.next_marker = page.next;
  out.layer_versions.emplace();
  for (auto i = page.begin; i < page.end; ++i) describe(fitting[i], out.layer_versions->emplace_back());
  co_return out;
}

}  // namespace

void LambdaService::add_layer_operations() {
  service_.on<lambda::PublishLayerVersion>([this](auto call, auto request) {
    return publish(layers_, code_, layer_link_, std::move(call), std::move(request));
  });
  service_.on<lambda::GetLayerVersion>([this](auto call, auto request) {
    return get_by_name(layers_, layer_link_, std::move(call), std::move(request));
  });
  service_.on<lambda::GetLayerVersionByArn>([this](auto call, auto request) {
    return get_by_arn(layers_, layer_link_, std::move(call), std::move(request));
  });
  service_.on<lambda::DeleteLayerVersion>(
      [this](auto call, auto request) { return remove(layers_, std::move(call), std::move(request)); });
  service_.on<lambda::ListLayers>(
      [this](auto call, auto request) { return list(layers_, std::move(call), std::move(request)); });
  service_.on<lambda::ListLayerVersions>(
      [this](auto call, auto request) { return list_versions(layers_, std::move(call), std::move(request)); });
}

}  // namespace gust::api
