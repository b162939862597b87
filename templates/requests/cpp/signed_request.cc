#include "signed_request.h"

#include <curl/curl.h>

#include <cctype>
#include <cstdlib>
#include <stdexcept>

namespace {

std::string variable(const char* name, const std::string& otherwise = "") {
  const char* value = std::getenv(name);
  return value != nullptr ? value : otherwise;
}

size_t append(char* data, size_t size, size_t count, void* out) {
  static_cast<std::string*>(out)->append(data, size * count);
  return size * count;
}

}  // namespace

Answer request(const std::string& service, const std::string& method, const std::string& path, const std::string& body,
               std::vector<std::string> headers) {
  static CURL* const curl = curl_easy_init();  // one invocation at a time: its connection is kept for the next
  const auto region = variable("AWS_REGION", "us-east-1");
  const auto url = variable("AWS_ENDPOINT_URL", "https://" + service + "." + region + ".amazonaws.com") + path;
  const auto signature = "aws:amz:" + region + ":" + service;
  const auto key = variable("AWS_ACCESS_KEY_ID"), secret = variable("AWS_SECRET_ACCESS_KEY");
  if (const auto token = variable("AWS_SESSION_TOKEN"); !token.empty())
    headers.push_back("X-Amz-Security-Token: " + token);
  headers.push_back("Expect:");  // sends the body at once
  curl_slist* list = nullptr;
  for (const auto& header : headers) list = curl_slist_append(list, header.c_str());

  Answer answer;
  curl_easy_reset(curl);
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
  curl_easy_setopt(curl, CURLOPT_AWS_SIGV4, signature.c_str());
  curl_easy_setopt(curl, CURLOPT_USERNAME, key.c_str());
  curl_easy_setopt(curl, CURLOPT_PASSWORD, secret.c_str());
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, append);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer.body);
  if (method != "GET") {
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method.c_str());
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.data());
  }
  const auto code = curl_easy_perform(curl);
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer.status);
  curl_slist_free_all(list);
  if (code != CURLE_OK) throw std::runtime_error(service + ": " + curl_easy_strerror(code));
  return answer;
}

std::string escaped(const std::string& key) {
  std::string out;
  for (const unsigned char c : key) {
    if (std::isalnum(c) || c == '-' || c == '_' || c == '.' || c == '~' || c == '/') {
      out += static_cast<char>(c);
    } else {
      constexpr const char* kDigits = "0123456789ABCDEF";
      out += {'%', kDigits[c >> 4], kDigits[c & 15]};
    }
  }
  return out;
}
