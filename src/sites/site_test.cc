#include "sites/site.h"

#include "async/testing.h"
#include "sites/conditions.h"
#include "sites/media_type.h"

#include <gtest/gtest.h>

namespace gust::sites {
namespace {

class FakeContent final : public Content {
 public:
  std::map<std::string, std::string> objects;
  std::map<std::string, std::map<std::string, std::string>> headers;
  Result<Website> site = Website{.index_suffix = "index.html", .error_key = "", .redirect_all = {}};
  Code missing = Code::kNotFound;

  async::Task<Found> get(RequestContext, BucketName, ObjectKey key) override {
    const auto at = objects.find(key.str());
    if (at == objects.end()) co_return fail(missing, "no such key", "key");
    Found found;
    found.headers = headers[key.str()];
    found.etag = "tag-" + key.str();
    found.size = at->second.size();
    found.modified_at = from_epoch_ms(1'700'000'000'500);
    found.open = [bytes = at->second](std::uint64_t offset, std::uint64_t length) {
      return cut(bytes, offset, length);
    };
    co_return found;
  }
  async::Task<Website> website(BucketName) override { co_return site; }

 private:
  static async::Task<std::unique_ptr<async::ByteSource>> cut(std::string bytes, std::uint64_t offset,
                                                             std::uint64_t length) {
    co_return async::from_string(bytes.substr(offset, length));
  }
};

class SiteTest : public ::testing::Test {
 protected:
  http::Response ask(std::string path, std::vector<std::pair<std::string, std::string>> fields = {},
                     std::string method = "GET") {
    http::Request request;
    request.method = std::move(method);
    const auto mark = path.find('?');
    if (mark != path.npos) request.query = path.substr(mark + 1);
    request.path = path.substr(0, mark);
    for (auto& [name, value] : fields) request.headers.add(name, value);
    request.body = async::from_string("");
    http::Response out;
    (void)async::testing::run([&]() -> async::Task<int> {
      auto at = request.path;
      out = co_await site_.handle(RequestContext(), std::move(request), BucketName("site"), std::move(at));
      if (out.stream) {
        auto body = co_await async::read_all(*out.stream, 1 << 20);
        out.body = *body;
      }
      co_return 0;
    });
    return out;
  }
  static std::string header(const http::Response& response, std::string_view name) {
    return std::string(response.headers.get_or(name, "(none)"));
  }

  FakeContent content_;
  Site site_{content_};
};

TEST_F(SiteTest, RoutingRulesRedirectByPrefixAndByError) {
  content_.site->routing_rules = {{.key_prefix = "old/", .replace_prefix = "new/", .replaces_prefix = true},
                                  {.key_prefix = "out/", .host = "other.example", .protocol = "https", .status = 302},
                                  {.error_status = 404, .replace_key = "app.html", .status = 307}};
  content_.objects = {{"old/x", "never"}, {"a.txt", "here"}};
  const std::vector<std::pair<std::string, std::string>> host = {{"Host", "site.example:1"}};
  EXPECT_EQ(ask("/old/x%20y?q=1", host).status, 301);
  EXPECT_EQ(header(ask("/old/x%20y?q=1", host), "location"), "http://site.example:1/new/x%20y?q=1");
  EXPECT_EQ(ask("/out/z", host).status, 302);
  EXPECT_EQ(header(ask("/out/z", host), "location"), "https://other.example/out/z");
  EXPECT_EQ(ask("/a.txt", host).body, "here");
  EXPECT_EQ(ask("/none", host).status, 307);
  EXPECT_EQ(header(ask("/none", host), "location"), "http://site.example:1/app.html");
  content_.missing = Code::kDenied;
  EXPECT_EQ(ask("/none", host).status, 403);
}

TEST_F(SiteTest, EveryFolderHasItsIndex) {
  content_.objects = {{"index.html", "root"}, {"docs/index.html", "docs"}, {"a b.txt", "text"}};
  EXPECT_EQ(ask("/").body, "root");
  EXPECT_EQ(ask("/docs/").body, "docs");
  EXPECT_EQ(ask("/a%20b.txt").body, "text");
  const auto folder = ask("/docs?x=1");
  EXPECT_EQ(folder.status, 302);
  EXPECT_EQ(header(folder, "location"), "/docs/?x=1");
  EXPECT_EQ(ask("/nothing").status, 404);
  EXPECT_EQ(ask("/%zz").status, 400);
}

TEST_F(SiteTest, ARedirectToAFolderStaysOnThisHost) {
  content_.objects = {{"/evil.example/index.html", "x"}};
  const auto response = ask("//evil.example");
  EXPECT_EQ(response.status, 302);
  EXPECT_EQ(header(response, "location"), "/evil.example/");
}

TEST_F(SiteTest, HeadersAreTheObjectsOwn) {
  content_.objects = {{"app.js", "1"}, {"x.bin", "2"}, {"y.css", "3"}};
  content_.headers["app.js"] = {{"content-type", "text/plain"}, {"cache-control", "no-store"}};
  content_.headers["y.css"] = {{"content-type", "binary/octet-stream"}};
  const auto response = ask("/app.js");
  EXPECT_EQ(header(response, "content-type"), "text/plain");
  EXPECT_EQ(header(response, "cache-control"), "no-store");
  EXPECT_EQ(header(response, "etag"), "\"tag-app.js\"");
  EXPECT_EQ(header(response, "last-modified"), "Tue, 14 Nov 2023 22:13:20 GMT");
  EXPECT_EQ(header(ask("/x.bin"), "content-type"), "application/octet-stream");
  EXPECT_EQ(header(ask("/y.css"), "content-type"), "text/css; charset=utf-8");
  EXPECT_EQ(media_type("a/B.JPG"), "image/jpeg");
  EXPECT_EQ(media_type("a.png/b"), "application/octet-stream");
}

TEST_F(SiteTest, ErrorsHaveTheOwnersDocumentOrOurs) {
  content_.objects = {{"error.html", "oops"}};
  const auto plain = ask("/none");
  EXPECT_EQ(plain.status, 404);
  EXPECT_EQ(header(plain, "content-type"), "text/html; charset=utf-8");
  EXPECT_NE(plain.body.find("NoSuchKey"), std::string::npos);
  content_.site->error_key = "error.html";
  const auto own = ask("/none", {{"Range", "bytes=0-0"}, {"If-None-Match", "*"}});
  EXPECT_EQ(own.status, 404);
  EXPECT_EQ(own.body, "oops");
  content_.site->error_key = "missing.html";
  EXPECT_EQ(ask("/none").status, 404);
  content_.missing = Code::kDenied;
  EXPECT_EQ(ask("/none").status, 403);
  content_.missing = Code::kInternal;
  EXPECT_EQ(ask("/none").status, 500);
}

TEST_F(SiteTest, WithoutConfigurationThereIsNoSite) {
  content_.site = fail(Code::kNotFound, "none", "website");
  EXPECT_NE(ask("/").body.find("NoSuchWebsiteConfiguration"), std::string::npos);
  content_.site = fail(Code::kNotFound, "none", "bucket");
  EXPECT_NE(ask("/").body.find("NoSuchBucket"), std::string::npos);
}

TEST_F(SiteTest, RedirectsAsConfigured) {
  content_.objects = {{"old", ""}};
  content_.headers["old"] = {{"x-amz-website-redirect-location", "/new"}};
  EXPECT_EQ(ask("/old").status, 301);
  EXPECT_EQ(header(ask("/old"), "location"), "/new");
  content_.site->redirect_all = Website::RedirectAll{"www.example", "https"};
  EXPECT_EQ(header(ask("/a%20b?c=d"), "location"), "https://www.example/a%20b?c=d");
}

TEST_F(SiteTest, OnlyReading) {
  content_.objects = {{"index.html", "root"}};
  EXPECT_EQ(ask("/", {}, "POST").status, 405);
  EXPECT_EQ(header(ask("/", {}, "DELETE"), "allow"), "GET, HEAD");
  const auto head = ask("/", {}, "HEAD");
  EXPECT_EQ(head.body, "");
  EXPECT_EQ(head.content_length, 4u);
  const auto missing = ask("/none", {}, "HEAD");
  EXPECT_EQ(missing.body, "");
  EXPECT_GT(missing.content_length.value_or(0), 0u);
}

TEST_F(SiteTest, ConditionsSpareTheBody) {
  content_.objects = {{"a", "0123456789"}};
  EXPECT_EQ(ask("/a", {{"If-None-Match", "\"x\", W/\"tag-a\""}}).status, 304);
  EXPECT_EQ(ask("/a", {{"If-None-Match", "\"tag-a\""}}).body, "");
  EXPECT_EQ(ask("/a", {{"If-None-Match", "\"x\""}, {"If-Modified-Since", "Tue, 14 Nov 2023 22:13:20 GMT"}}).status,
            200);
  EXPECT_EQ(ask("/a", {{"If-Modified-Since", "Tue, 14 Nov 2023 22:13:20 GMT"}}).status, 304);
  EXPECT_EQ(ask("/a", {{"If-Modified-Since", "Tue, 14 Nov 2023 22:13:19 GMT"}}).status, 200);
  EXPECT_EQ(ask("/a", {{"If-Match", "\"x\""}}).status, 412);
}

TEST_F(SiteTest, RangesAreCut) {
  content_.objects = {{"a", "0123456789"}, {"empty", ""}};
  const auto part = ask("/a", {{"Range", "bytes=2-4"}});
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.body, "234");
  EXPECT_EQ(header(part, "content-range"), "bytes 2-4/10");
  EXPECT_EQ(ask("/a", {{"Range", "bytes=7-"}}).body, "789");
  EXPECT_EQ(ask("/a", {{"Range", "bytes=-3"}}).body, "789");
  EXPECT_EQ(ask("/a", {{"Range", "bytes=-30"}}).body, "0123456789");
  EXPECT_EQ(ask("/a", {{"Range", "bytes=5-99"}}).body, "56789");
  const auto past = ask("/a", {{"Range", "bytes=10-"}});
  EXPECT_EQ(past.status, 416);
  EXPECT_EQ(header(past, "content-range"), "bytes */10");
  for (const char* ignored :
       {"bytes=4-2", "bytes=a-b", "bytes=-", "lines=1-2", "bytes=0-1,3-4", "bytes=1", "bytes=--1"}) {
    EXPECT_EQ(ask("/a", {{"Range", ignored}}).status, 200) << ignored;
  }
  EXPECT_EQ(ask("/a", {{"Range", "bytes=0-0"}, {"If-Range", "\"other\""}}).status, 200);
  EXPECT_EQ(ask("/a", {{"Range", "bytes=0-0"}, {"If-Range", "\"tag-a\""}}).status, 206);
  EXPECT_EQ(ask("/empty", {{"Range", "bytes=0-"}}).status, 416);
  EXPECT_EQ(ask("/empty").status, 200);
}

TEST_F(SiteTest, PagesEscapeWhatTheClientGave) {
  const auto response = ask("/", {}, "<script>");
  EXPECT_EQ(response.body.find("<script>"), std::string::npos);
}

}  // namespace
}  // namespace gust::sites
