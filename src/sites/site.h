// Site: serves a bucket as a static site, the way S3's website endpoints do. Keeps no state. Loop thread only.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteHosting.html
#pragma once

#include "http/message.h"
#include "sites/content.h"

#include <boost/asio/awaitable.hpp>

#include <string>

namespace gust::sites {

class Site {
 public:
  explicit Site(Content& content) : content_(content) {}  // `content` outlives this

  // Answers every request; a failure is a page. `path` is still encoded and begins with '/'.
  boost::asio::awaitable<http::Response> handle(RequestContext context, http::Request request, BucketName bucket,
                                                std::string path);

 private:
  async::Task<http::Response> answer(RequestContext context, const http::Request& request, BucketName bucket,
                                     std::string path);
  // The object at `key` with this status; conditions and ranges count only for a 200.
  async::Task<http::Response> send(const http::Request& request, ObjectKey key, Found found, int status);
  // The site's error document, or a page of ours.
  async::Task<http::Response> error_page(RequestContext context, const http::Request& request, BucketName bucket,
                                         std::string error_key, Error error);

  Content& content_;
};

}  // namespace gust::sites
