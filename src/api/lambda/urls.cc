// The operations of function URLs.
#include "api/lambda/service.h"
#include "api/lambda/shared.h"

#include "codec/time_format.h"

#include <fmt/format.h>

namespace gust::api {
namespace {

using functions::Url;
using functions::UrlCors;
using functions::Urls;
using AddressOf = std::function<std::string(const std::string&)>;

std::vector<std::string> list_of(const std::optional<std::vector<std::string>>& given) {
  return given ? *given : std::vector<std::string>();
}

UrlCors to_domain(const lambda::Cors& cors) {
  UrlCors out;
  out.allow_credentials = cors.allow_credentials.value_or(false);
  out.allow_headers = list_of(cors.allow_headers);
  out.allow_methods = list_of(cors.allow_methods);
  out.allow_origins = list_of(cors.allow_origins);
  out.expose_headers = list_of(cors.expose_headers);
  out.max_age_s = cors.max_age;
  return out;
}

lambda::Cors to_wire(const UrlCors& cors) {
  const auto given = [](const std::vector<std::string>& list) {
    return list.empty() ? std::nullopt : std::optional(list);
  };
  lambda::Cors out;
  if (cors.allow_credentials) out.allow_credentials = true;
  out.allow_headers = given(cors.allow_headers);
  out.allow_methods = given(cors.allow_methods);
  out.allow_origins = given(cors.allow_origins);
  out.expose_headers = given(cors.expose_headers);
  out.max_age = cors.max_age_s;
  return out;
}

template <typename Answer>
Answer to_answer(const Url& url, const wire::Call& call, const AddressOf& address_of) {
  Answer out;
  out.function_url = address_of(url.id);
  out.function_arn = url.ref.arn(call.context.region);
  out.auth_type = url.auth == Url::Auth::kIam ? "AWS_IAM" : "NONE";
  out.invoke_mode = url.mode == Url::Mode::kStream ? "RESPONSE_STREAM" : "BUFFERED";
  if (url.cors) out.cors = to_wire(*url.cors);
  out.creation_time = codec::to_iso8601_ms(url.created_at);
  if constexpr (requires { out.last_modified_time; }) out.last_modified_time = codec::to_iso8601_ms(url.modified_at);
  return out;
}

// The function or an alias of it.
wire::Reply<functions::FunctionRef> url_ref(const wire::Call& call, const std::string& name,
                                            const std::optional<std::string>& qualifier) {
  auto ref = own_version(call, name, qualifier);
  if (!ref) return std::unexpected(ref.error());
  if (functions::is_version_number(ref->qualifier) || ref->qualifier == functions::kLatest) {
    return invalid_parameter(
        fmt::format("A function URL is of a function or of an alias: '{}' is a version", ref->qualifier));
  }
  return *std::move(ref);
}

template <typename Request>
void change(Url& url, const Request& request) {
  if (request.cors) url.cors = to_domain(*request.cors);
  if (request.cors && *url.cors == UrlCors()) url.cors.reset();
  if (request.invoke_mode)
    url.mode = request.invoke_mode == "RESPONSE_STREAM" ? Url::Mode::kStream : Url::Mode::kBuffered;
}

Url::Auth auth_of(const std::string& type) { return type == "NONE" ? Url::Auth::kNone : Url::Auth::kIam; }

LambdaReply<lambda::CreateFunctionUrlConfigResponse> create(Urls& urls, AddressOf address_of, wire::Call call,
                                                            lambda::CreateFunctionUrlConfigRequest request) {
  Url url;
  GUST_CO_TRY(url.ref, url_ref(call, request.function_name, request.qualifier));
  url.auth = auth_of(request.auth_type);
  change(url, request);
  GUST_CO_TRY(const auto created, co_await urls.create(std::move(url)));
  co_return to_answer<lambda::CreateFunctionUrlConfigResponse>(created, call, address_of);
}

LambdaReply<lambda::GetFunctionUrlConfigResponse> get(Urls& urls, AddressOf address_of, wire::Call call,
                                                      lambda::GetFunctionUrlConfigRequest request) {
  GUST_CO_TRY(auto ref, url_ref(call, request.function_name, request.qualifier));
  GUST_CO_TRY(const auto url, co_await urls.get(std::move(ref)));
  co_return to_answer<lambda::GetFunctionUrlConfigResponse>(url, call, address_of);
}

LambdaReply<lambda::UpdateFunctionUrlConfigResponse> update(Urls& urls, AddressOf address_of, wire::Call call,
                                                            lambda::UpdateFunctionUrlConfigRequest request) {
  GUST_CO_TRY(auto ref, url_ref(call, request.function_name, request.qualifier));
  std::function<void(Url&)> edit = [request](Url& url) {
    if (request.auth_type) url.auth = auth_of(*request.auth_type);
    change(url, request);
  };
  GUST_CO_TRY(const auto url, co_await urls.update(std::move(ref), std::move(edit)));
  co_return to_answer<lambda::UpdateFunctionUrlConfigResponse>(url, call, address_of);
}

LambdaReply<lambda::Empty> remove(Urls& urls, wire::Call call, lambda::DeleteFunctionUrlConfigRequest request) {
  GUST_CO_TRY(auto ref, url_ref(call, request.function_name, request.qualifier));
  GUST_CO_CHECK(co_await urls.remove(std::move(ref)));
  co_return lambda::Empty{};
}

LambdaReply<lambda::ListFunctionUrlConfigsResponse> list(Urls& urls, AddressOf address_of, wire::Call call,
                                                         lambda::ListFunctionUrlConfigsRequest request) {
  GUST_CO_TRY(auto key, own_function(call, request.function_name));
  GUST_CO_TRY(const auto found, co_await urls.list(std::move(key)));
  const auto limit = static_cast<std::size_t>(request.max_items.value_or(50));
  const auto after = request.marker.value_or("");
  lambda::ListFunctionUrlConfigsResponse out;
  for (const auto& url : found) {
    // The marker is the id of the last one answered, and these are in the order of their aliases.
    const bool seen = !after.empty() && url.ref.qualifier <= after.substr(1);
    if (seen) continue;
    if (out.function_url_configs.size() == limit) {
      out.next_marker = "=" + found[static_cast<std::size_t>(&url - found.data()) - 1].ref.qualifier;
      break;
    }
    out.function_url_configs.push_back(to_answer<lambda::FunctionUrlConfig>(url, call, address_of));
  }
  co_return out;
}

}  // namespace

void LambdaService::add_url_operations() {
  service_.on<lambda::CreateFunctionUrlConfig>(
      [this](auto call, auto request) { return create(urls_, url_address_, std::move(call), std::move(request)); });
  service_.on<lambda::GetFunctionUrlConfig>(
      [this](auto call, auto request) { return get(urls_, url_address_, std::move(call), std::move(request)); });
  service_.on<lambda::UpdateFunctionUrlConfig>(
      [this](auto call, auto request) { return update(urls_, url_address_, std::move(call), std::move(request)); });
  service_.on<lambda::DeleteFunctionUrlConfig>(
      [this](auto call, auto request) { return remove(urls_, std::move(call), std::move(request)); });
  service_.on<lambda::ListFunctionUrlConfigs>(
      [this](auto call, auto request) { return list(urls_, url_address_, std::move(call), std::move(request)); });
}

}  // namespace gust::api
