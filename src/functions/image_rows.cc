#include "functions/image_rows.h"

#include <boost/json/array.hpp>
#include <boost/json/value_from.hpp>
#include <boost/json/value_to.hpp>

namespace gust::functions::rows {
namespace {

namespace json = boost::json;
using Texts = std::vector<std::string>;

std::string text(const json::object& row, std::string_view name) { return std::string(row.at(name).as_string()); }

}  // namespace

json::object to_object(const ImageSettings& settings) {
  json::object environment;
  for (const auto& [name, value] : settings.environment) environment[name] = value;
  return {{"entry_point", json::value_from(settings.entry_point)},
          {"command", json::value_from(settings.command)},
          {"environment", std::move(environment)},
          {"working_dir", settings.working_dir}};
}

json::object to_object(const ImageUse& use) {
  json::object out{{"uri", use.uri},
                   {"repository", use.repository},
                   {"digest", use.digest},
                   {"settings", to_object(use.settings)}};
  if (use.entry_point) out["entry_point"] = json::value_from(*use.entry_point);
  if (use.command) out["command"] = json::value_from(*use.command);
  if (use.working_dir) out["working_dir"] = *use.working_dir;
  return out;
}

ImageSettings to_image_settings(const json::object& row) {
  ImageSettings out{json::value_to<Texts>(row.at("entry_point")), json::value_to<Texts>(row.at("command")), {},
                    text(row, "working_dir")};
  for (const auto& [name, value] : row.at("environment").as_object()) out.environment.emplace(name, value.as_string());
  return out;
}

ImageUse to_image_use(const json::object& row) {
  ImageUse out{text(row, "uri"), text(row, "repository"), text(row, "digest"),
               to_image_settings(row.at("settings").as_object())};
  if (const auto* list = row.if_contains("entry_point")) out.entry_point = json::value_to<Texts>(*list);
  if (const auto* list = row.if_contains("command")) out.command = json::value_to<Texts>(*list);
  if (row.contains("working_dir")) out.working_dir = text(row, "working_dir");
  return out;
}

}  // namespace gust::functions::rows
