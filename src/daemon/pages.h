// Pages: what tells a browser that opens an address from a program, and what keeps pages that users put here away from
// the console, whose origin they share when their address has a path only (docs/decisions/0340). Any thread.
#pragma once

#include "api/endpoint.h"
#include "http/message.h"

namespace gust::daemon {

// Whether a browser asks for a page to show: by Sec-Fetch-Dest, else (over plain HTTP from elsewhere) by Accept.
bool wants_page(const http::Request& request);
// Whether the endpoint itself is asked for, which is the console's door.
bool wants_console(const http::Request& request, const api::Destination& to);
// Whether what is served there is a user's, under the host that also serves the console.
bool shares_origin(const http::Request& request, const api::Destination& to);
// Makes the page one of an origin of its own.
void confine(http::Response& response);
http::Response redirect(std::string to);

}  // namespace gust::daemon
