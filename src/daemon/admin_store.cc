// What `gust fsck` and `gust backup` ask of a running daemon: GET /_gust/fsck and POST /_gust/backup.
#include "daemon/admin.h"
#include "daemon/backup.h"

#include "codec/json.h"
#include "objects/key_file.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

namespace gust::daemon {

namespace json = boost::json;

// An upload whose row is not committed by then is given up by its client.
static constexpr auto kOrphanAge = std::chrono::minutes(10);

static Result<void> only_root(const RequestContext& context) {
  if (context.principal.account.str() == kDefaultAccount && context.principal.arn.find(":root") != std::string::npos)
    return {};
  return fail(Code::kDenied, "only the root account's own keys may do this");
}

async::Task<http::Response> Admin::check_store(RequestContext context) {
  GUST_CO_CHECK(only_root(context));
  const auto hold = parts_.blobs.hold();
  GUST_CO_TRY(auto there, co_await objects::list_blobs(parts_.blobs));
  const auto rows = parts_.store.snapshot();
  auto of_functions = functions::Registry::referenced(*rows);
  objects::CheckInput input{*rows, parts_.blobs, std::move(there), {}, parts_.clock.now() - kOrphanAge};
  const auto key = objects::read_key(*rows, env::system_files(), parts_.data);
  if (key) input.key = *key;
  if (of_functions) input.others = *std::move(of_functions);
  GUST_CO_TRY(auto report, co_await objects::check_everything(std::move(input)));
  if (!key) report.problems.push_back({objects::Problem::Kind::kMissing, "objects.key", key.error().message});
  co_return admin_answer(to_json(report));
}

async::Task<http::Response> Admin::backup(RequestContext context, http::Request request) {
  GUST_CO_CHECK(only_root(context));
  GUST_CO_TRY(const auto body, co_await async::read_all(*request.body, 64 << 10));
  GUST_CO_TRY(const auto document, codec::parse_json(body));
  const auto* object = document.if_object();
  const auto* folder = object == nullptr ? nullptr : object->if_contains("folder");
  if (folder == nullptr || !folder->is_string() || !folder->get_string().starts_with('/'))
    co_return fail(Code::kInvalid, "the body must be {\"folder\": an absolute path, \"copy\": true or false}");
  const auto* copy = object->if_contains("copy");
  const auto way = copy != nullptr && *copy == true ? blobs::FileStore::Way::kCopy : blobs::FileStore::Way::kLink;
  std::string path(folder->get_string());
  if ((path + "/").starts_with(parts_.data + "/")) {
    co_return fail(Code::kInvalid, fmt::format("'{}' is in the data folder itself; choose another place", path),
                   "folder");
  }
  GUST_CO_TRY(const auto made, co_await back_up(parts_.store, parts_.blobs, parts_.data + objects::kKeyFile, path, way,
                                         parts_.clock.now()));
  co_return admin_answer(json::object{{"folder", path},
                                      {"blobs", made.blobs},
                                      {"bytes", made.bytes},
                                      {"missing", json::array(made.missing.begin(), made.missing.end())}},
                         201);
}

}  // namespace gust::daemon
