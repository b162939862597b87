#include "cli/session.h"

#include "auth/credentials_file.h"
#include "cli/cli.h"
#include "codec/json.h"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>

namespace gust::cli {
namespace {

std::string environment(const char* name) {
  const auto* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

std::string default_data_folder() {
  if (auto folder = environment("GUST_DATA"); !folder.empty()) return folder;
  if (auto folder = environment("XDG_DATA_HOME"); !folder.empty()) return folder + "/gust";
  const auto home = environment("HOME");
  return (home.empty() ? "/var/lib" : home + "/.local/share") + "/gust";
}

std::string Session::data_folder() const { return data.empty() ? default_data_folder() : data; }

Result<http::Origin> Session::find_endpoint() const {
  const auto given = [](const char* where, const std::string& url) -> Result<http::Origin> {
    auto out = http::parse_origin(url);
    if (!out) return fail(Code::kInvalid, fmt::format("{}: {}", where, out.error().message), "usage");
    return out;
  };
  if (!endpoint.empty()) return given("--endpoint", endpoint);
  if (const auto url = environment("GUST_ENDPOINT"); !url.empty()) return given("GUST_ENDPOINT", url);
  std::ifstream in(data_folder() + "/endpoint");
  if (std::string url; in && std::getline(in, url) && !url.empty()) return http::parse_origin(url);
  return http::parse_origin("http://127.0.0.1:4566");
}

Result<auth::Keys> Session::find_keys() const {
  auth::Keys keys{environment("AWS_ACCESS_KEY_ID"), environment("AWS_SECRET_ACCESS_KEY"),
                  environment("AWS_SESSION_TOKEN")};
  if (!keys.access_key_id.empty() && !keys.secret.empty()) return keys;
  const auto path = data_folder() + "/credentials";
  GUST_TRY(auto on_file, auth::read_credentials(path));
  if (on_file) return std::move(*on_file);
  return fail(Code::kUnavailable,
              fmt::format("there are no keys: {} does not exist. Start Gust with: gust up. Or name its "
                          "data folder with --data or GUST_DATA, or set AWS_ACCESS_KEY_ID and "
                          "AWS_SECRET_ACCESS_KEY",
                          path),
              "daemon");
}

std::string Session::find_region() const {
  if (!region.empty()) return region;
  if (auto name = environment("AWS_REGION"); !name.empty()) return name;
  if (auto name = environment("AWS_DEFAULT_REGION"); !name.empty()) return name;
  return std::string(kDefaultRegion);
}

Result<std::unique_ptr<Remote>> Session::connect() const {
  GUST_TRY(auto where, find_endpoint());
  GUST_TRY(auto keys, find_keys());
  return make_remote(std::move(where), std::move(keys), find_region(), environment("AWS_CA_BUNDLE"));
}

int Session::failed(const Error& error) {
  terminal.error(error.message);
  if (error.source == "daemon") return kUnreachable;
  return error.source == "usage" ? kUsage : kFailed;
}

void Session::json(const boost::json::value& value) { terminal.line(codec::to_json(value)); }

Result<boost::json::value> admin(Remote& remote, const std::string& method, const std::string& path,
                                 const std::string& query, std::string_view what, const std::string& body) {
  Call call{.method = method, .path = path, .query = query, .body = body};
  if (!body.empty()) call.headers.emplace_back("Content-Type", "application/json");
  GUST_TRY(const auto answer, expect_ok(remote.send(call), what));
  if (answer.body.empty()) return boost::json::value();
  return codec::parse_json(answer.body);
}

std::string member(const boost::json::value& value, std::string_view name) {
  const auto* object = value.if_object();
  const auto* found = object == nullptr ? nullptr : object->if_contains(name);
  if (found == nullptr || found->is_null()) return {};
  return found->is_string() ? std::string(found->get_string()) : codec::to_json(*found);
}

}  // namespace gust::cli
