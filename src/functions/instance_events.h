// The events of an instance's life as the Telemetry API and JSON system logs name them. Any thread.
// Source: "Lambda Telemetry API Event schema reference" of the guide.
#pragma once

#include "functions/function.h"

#include <boost/json/object.hpp>

#include <string>
#include <string_view>

namespace gust::functions {

inline constexpr std::string_view kStart = "platform.start", kRuntimeDone = "platform.runtimeDone",
                                  kReport = "platform.report";

// "success", or how it ended.
std::string status_of(const std::string& error_type);
// The record of kRuntimeDone.
boost::json::object done_record(const std::string& request_id, const InvokeResult& result, double duration_ms);

}  // namespace gust::functions
