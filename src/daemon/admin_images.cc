// What `gust image push|ls|rm` asks: PUT, GET and DELETE below /_gust/images.
#include "daemon/admin.h"

#include "codec/time_format.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

namespace gust::daemon {

namespace json = boost::json;

static json::object to_json(const functions::Image& image) {
  json::array tags;
  for (const auto& tag : image.tags) tags.push_back(json::string(tag));
  return {{"name", image.name},
          {"tags", std::move(tags)},
          {"digest", image.digest},
          {"architecture", image.architecture},
          {"bytes", image.unpacked.bytes},
          {"files", image.unpacked.files},
          {"pushed_at", codec::to_iso8601(image.pushed_at)}};
}

async::Task<http::Response> Admin::images(RequestContext context, http::Request request, std::string text) {
  const auto& account = context.principal.account;
  if (text.empty() && request.method == "GET") {
    GUST_CO_TRY(const auto all, co_await parts_.images.list(account));
    json::array list;
    for (const auto& image : all) list.push_back(to_json(image));
    co_return admin_answer(list);
  }
  GUST_CO_TRY(auto name, functions::parse_image_name(text));
  if (request.method == "PUT") {
    if (!request.body) co_return fail(Code::kInvalid, "the body must be the archive of an image", "image");
    GUST_CO_TRY(const auto image, co_await parts_.images.push(account, std::move(name), *request.body));
    co_return admin_answer(to_json(image), 201);
  }
  if (request.method == "DELETE") {
    GUST_CO_CHECK(co_await parts_.images.remove(account, name));
    co_return admin_answer(json::object{{"name", name.text()}, {"state", "removed"}});
  }
  co_return fail(Code::kNotFound, fmt::format("{} /_gust/images/{} is not served", request.method, text));
}

}  // namespace gust::daemon
