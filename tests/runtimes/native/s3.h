// One request to the object store at $AWS_ENDPOINT_URL, signed (SigV4) with the function's own keys: Debian has no
// C++ SDK of AWS, and building it takes longer than all of Gust.
#pragma once

#include <string>

// The body of the answer; std::runtime_error when it is no success. `path` needs no escapes.
std::string s3_request(std::string const& method, std::string const& path, std::string const& body);
