#include "gateway/route_key.h"

#include <gtest/gtest.h>

namespace gust::gateway {
namespace {

std::string chosen(const std::vector<std::string>& texts, std::string_view method, std::string_view path) {
  std::vector<RouteKey> keys;
  for (const auto& text : texts) keys.push_back(RouteKey::parse(text).value());
  auto match = choose_route(keys, method, path);
  return match ? texts[match->index] : std::string(code_name(match.error().code));
}

const std::vector<std::string> kDocumented = {"ANY /{proxy+}", "GET /pets/{proxy+}", "GET /pets/dog/{id}",
                                              "GET /pets/dog/1", "$default"};

TEST(RouteKey, TheMostSpecificWinsWhateverTheOrder) {
  EXPECT_EQ(chosen(kDocumented, "GET", "/pets/dog/1"), "GET /pets/dog/1");
  EXPECT_EQ(chosen(kDocumented, "GET", "/pets/dog/2"), "GET /pets/dog/{id}");
  EXPECT_EQ(chosen(kDocumented, "GET", "/pets/cat/1"), "GET /pets/{proxy+}");
  EXPECT_EQ(chosen(kDocumented, "POST", "/pets/dog/1"), "ANY /{proxy+}");
  EXPECT_EQ(chosen(kDocumented, "POST", "/"), "$default");
}

TEST(RouteKey, AnExactMethodIsBeforeAny) {
  EXPECT_EQ(chosen({"ANY /a", "GET /a"}, "GET", "/a"), "GET /a");
  EXPECT_EQ(chosen({"GET /a", "ANY /a"}, "PUT", "/a"), "ANY /a");
  EXPECT_EQ(chosen({"GET /{x}", "ANY /a"}, "GET", "/a"), "ANY /a");
}

TEST(RouteKey, NoRouteIsNotFound) {
  EXPECT_EQ(chosen({"GET /a"}, "POST", "/a"), code_name(Code::kNotFound));
  EXPECT_EQ(chosen({"GET /a"}, "GET", "/a/b"), code_name(Code::kNotFound));
  EXPECT_EQ(chosen({"GET /a/{x}"}, "GET", "/a/"), code_name(Code::kNotFound));
  EXPECT_EQ(chosen({}, "GET", "/"), code_name(Code::kNotFound));
}

TEST(RouteKey, ASlashAtTheEndCountsOnlyWhereARouteTakesIt) {
  EXPECT_EQ(chosen({"GET /a"}, "GET", "/a/"), "GET /a");
  EXPECT_EQ(chosen({"GET /a", "$default"}, "GET", "/a/"), "$default");
  EXPECT_EQ(chosen({"GET /a/{x}"}, "GET", "/a/b/"), "GET /a/{x}");
  EXPECT_EQ(chosen({"GET /a"}, "GET", "/a" + std::string(100'000, '/')), code_name(Code::kNotFound));
}

TEST(RouteKey, ParametersAreDecodedAfterThePathIsCut) {
  const std::vector<RouteKey> keys = {RouteKey::parse("GET /p/{id}/{rest+}").value()};
  const auto match = choose_route(keys, "GET", "/p/a%2Fb/c%20d/e").value();
  EXPECT_EQ(match.parameters, (Strings{{"id", "a/b"}, {"rest", "c d/e"}}));
  EXPECT_EQ(choose_route(keys, "GET", "/p/%zz/c").error().code, Code::kInvalid);
}

TEST(RouteKey, RefusesWhatIsNoKey) {
  for (const char* bad : {"", "GET", "GET a", "FETCH /a", "GET /{a+}/b", "GET /{a}/{a}", "GET /{", "GET /{}",
                          "GET /x{a}", "GET /a b", "get /a"}) {
    EXPECT_EQ(RouteKey::parse(bad).error().code, Code::kInvalid) << bad;
  }
}

}  // namespace
}  // namespace gust::gateway
