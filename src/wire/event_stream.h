// The event stream encoding (application/vnd.amazon.eventstream): messages of headers and payload, each with two
// checksums. https://smithy.io/2.0/aws/amazon-eventstream.html. Any thread.
#pragma once

#include <string>
#include <string_view>

namespace gust::wire {

inline constexpr std::string_view kEventStreamType = "application/vnd.amazon.eventstream";

// A message of the type "event". `payload` has at most 16 MiB.
std::string event_message(std::string_view event_type, std::string_view content_type, std::string_view payload);

}  // namespace gust::wire
