// How the Runtime API answers: JSON with an error's type and message. Any thread.
#pragma once

#include "codec/json.h"
#include "http/message.h"

#include <boost/json/object.hpp>

#include <string>

namespace gust::functions {

inline std::string error_json(const std::string& type, const std::string& message) {
  return codec::to_json(boost::json::object{{"errorType", type}, {"errorMessage", message}});
}

inline http::Response json_response(int status, std::string body) {
  http::Response response;
  response.status = status;
  response.headers.add("Content-Type", "application/json");
  response.body = std::move(body);
  return response;
}

}  // namespace gust::functions
