// A bucket's configurations between their structs and the JSON text that the object store keeps. Any thread.
#pragma once

#include "codec/json.h"
#include "wire/json_body.h"

#include <string>

namespace gust::api {

template <typename T>
std::string to_text(const T& configuration) {
  return codec::to_json(wire::document_to_json(to_value(configuration)));
}

template <typename T>
T from_text(const std::string& text) {
  T out;
  if (const auto document = codec::parse_json(text)) from_value(wire::document_from_json(*document), out);
  return out;
}

}  // namespace gust::api
