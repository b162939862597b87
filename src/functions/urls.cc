#include "functions/urls.h"

#include "codec/json.h"
#include "functions/registry_read.h"
#include "functions/registry_rows.h"

#include <boost/json/object.hpp>
#include <boost/json/value_from.hpp>
#include <boost/json/value_to.hpp>
#include <fmt/format.h>

namespace gust::functions {
namespace {

namespace json = boost::json;

constexpr std::size_t kIdLength = 32;

std::unexpected<Error> none() { return fail(Code::kNotFound, "The resource you requested does not exist.", "url"); }

std::string index_key(std::string_view id) { return std::string("fn/ui/").append(id); }

json::value to_json(const std::optional<UrlCors>& cors) {
  if (!cors) return nullptr;
  return json::object{{"credentials", cors->allow_credentials},
                      {"headers", json::value_from(cors->allow_headers)},
                      {"methods", json::value_from(cors->allow_methods)},
                      {"origins", json::value_from(cors->allow_origins)},
                      {"expose", json::value_from(cors->expose_headers)},
                      {"max_age_s", cors->max_age_s ? json::value(*cors->max_age_s) : json::value(nullptr)}};
}

std::string encode(const Url& url) {
  return codec::to_json(json::object{{"account", url.ref.key.account.str()},
                                     {"name", url.ref.key.name.str()},
                                     {"qualifier", url.ref.qualifier},
                                     {"id", url.id},
                                     {"auth", url.auth == Url::Auth::kIam ? "AWS_IAM" : "NONE"},
                                     {"mode", url.mode == Url::Mode::kStream ? "RESPONSE_STREAM" : "BUFFERED"},
                                     {"cors", to_json(url.cors)},
                                     {"created", to_epoch_ms(url.created_at)},
                                     {"modified", to_epoch_ms(url.modified_at)}});
}

Url from_json(const json::object& row) {
  using Texts = std::vector<std::string>;
  Url url;
  url.ref = {
      {AccountId(std::string(row.at("account").as_string())), FunctionName(std::string(row.at("name").as_string()))},
      std::string(row.at("qualifier").as_string())};
  url.id = row.at("id").as_string();
  url.auth = row.at("auth").as_string() == "NONE" ? Url::Auth::kNone : Url::Auth::kIam;
  url.mode = row.at("mode").as_string() == "RESPONSE_STREAM" ? Url::Mode::kStream : Url::Mode::kBuffered;
  if (const auto* cors = row.at("cors").if_object()) {
    url.cors.emplace();
    url.cors->allow_credentials = cors->at("credentials").as_bool();
    url.cors->allow_headers = json::value_to<Texts>(cors->at("headers"));
    url.cors->allow_methods = json::value_to<Texts>(cors->at("methods"));
    url.cors->allow_origins = json::value_to<Texts>(cors->at("origins"));
    url.cors->expose_headers = json::value_to<Texts>(cors->at("expose"));
    if (const auto& age = cors->at("max_age_s"); !age.is_null()) url.cors->max_age_s = age.to_number<std::int32_t>();
  }
  url.created_at = from_epoch_ms(row.at("created").to_number<std::int64_t>());
  url.modified_at = from_epoch_ms(row.at("modified").to_number<std::int64_t>());
  return url;
}

Result<Url> decode(std::string_view bytes) {
  const auto document = codec::parse_json(bytes);
  if (!document || !document->is_object()) return fail(Code::kCorrupt, "the row of a function URL is not JSON");
  try {
    return from_json(document->get_object());
  } catch (const std::exception& e) {
    return fail(Code::kCorrupt, std::string("the row of a function URL lacks something: ") + e.what());
  }
}

Result<Url> read(kv::Reader& reader, const FunctionRef& ref) {
  GUST_TRY(const auto row, reader.get(rows::url_key(ref)));
  if (!row) return none();
  return decode(*row);
}

}  // namespace

async::Task<Url> Urls::create(Url url) {
  url.id = random_.pick(kIdLength, "abcdefghijklmnopqrstuvwxyz0123456789");
  url.created_at = url.modified_at = clock_.now();
  kv::Store::Body body = [url](kv::Transaction& tx) -> Result<void> {
    GUST_CHECK(rows::check_ref(tx, url.ref));
    GUST_TRY(const auto there, tx.get(rows::url_key(url.ref)));
    if (there) {
      return fail(Code::kAlreadyExists,
                  fmt::format("Failed to create function url config for [functionArn = {}]. Error message:  "
                              "FunctionUrlConfig exists for this Lambda function",
                              url.ref.key.name),
                  "url");
    }
    tx.put(rows::url_key(url.ref), encode(url));
    tx.put(index_key(url.id), rows::url_key(url.ref));
    return {};
  };
  GUST_CO_CHECK(co_await store_.transact(std::move(body)));
  co_return url;
}

async::Task<Url> Urls::get(FunctionRef ref) {
  const auto view = store_.snapshot();
  GUST_CO_CHECK(rows::check_ref(*view, ref));
  co_return read(*view, ref);
}

async::Task<Url> Urls::update(FunctionRef ref, std::function<void(Url&)> change) {
  const auto out = std::make_shared<Url>();
  kv::Store::Body body = [this, ref, change, out](kv::Transaction& tx) -> Result<void> {
    GUST_CHECK(rows::check_ref(tx, ref));
    GUST_TRY(*out, read(tx, ref));
    change(*out);
    out->modified_at = clock_.now();
    tx.put(rows::url_key(ref), encode(*out));
    return {};
  };
  GUST_CO_CHECK(co_await store_.transact(std::move(body)));
  co_return *out;
}

async::Task<void> Urls::remove(FunctionRef ref) {
  kv::Store::Body body = [ref](kv::Transaction& tx) -> Result<void> {
    GUST_CHECK(rows::check_ref(tx, ref));
    GUST_TRY(const auto url, read(tx, ref));
    tx.erase(rows::url_key(ref));
    tx.erase(index_key(url.id));
    return {};
  };
  co_return co_await store_.transact(std::move(body));
}

async::Task<std::vector<Url>> Urls::list(FunctionKey key) {
  const auto view = store_.snapshot();
  GUST_CO_CHECK(rows::read_function(*view, key));
  GUST_CO_TRY(const auto found, view->scan(kv::Range::prefix(rows::url_prefix(key), 10'000)));
  std::vector<Url> out;
  for (const auto& row : found) {
    GUST_CO_TRY(auto url, decode(row.value));
    out.push_back(std::move(url));
  }
  co_return out;
}

async::Task<Url> Urls::find(std::string id) {
  const auto view = store_.snapshot();
  GUST_CO_TRY(const auto at, view->get(index_key(id)));
  if (!at) co_return none();
  // The function, or its alias, may have gone and taken the row along.
  GUST_CO_TRY(const auto row, view->get(*at));
  if (!row) co_return none();
  GUST_CO_TRY(auto url, decode(*row));
  if (url.id != id) co_return none();
  co_return url;
}

}  // namespace gust::functions
