// Requests to the cloud's services, signed by libcurl with the keys of the function's role.
#pragma once

#include <string>
#include <vector>

struct Answer {
  long status = 0;
  std::string body;
};

// `path` begins with "/"; `headers` are "Name: value". Throws std::runtime_error when there was no answer.
Answer request(const std::string& service, const std::string& method, const std::string& path, const std::string& body,
               std::vector<std::string> headers);
// A key as it is in a path: "/" stays.
std::string escaped(const std::string& key);
