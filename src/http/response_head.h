// The first lines of a response as bytes. Any thread.
#pragma once

#include "http/message.h"

#include <string>
#include <string_view>

namespace gust::http {

enum class Framing { kNone, kLength, kChunked };
enum class Connection { kKeepAlive, kClose };

std::string_view reason_phrase(int status);

// Status line and fields, with Date, Server and the framing fields set here. Line breaks in values become spaces.
std::string response_head(const Response& response, Framing framing, std::uint64_t length, Connection connection,
                          WallTime now);
// A whole response of plain text, from now, after which the connection ends.
std::string last_words(int status, std::string text);

}  // namespace gust::http
