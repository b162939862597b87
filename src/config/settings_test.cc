#include "config/settings.h"

#include <gtest/gtest.h>

namespace gust::config {
namespace {

TEST(Settings, DevListensOnLoopbackOnly) {
  Settings settings{.data = "d"};
  EXPECT_TRUE(check(settings));
  settings.mode = Mode::kDev;
  EXPECT_TRUE(check(settings));
  settings.address = "0.0.0.0";
  EXPECT_EQ(check(settings).error().source, "listen");
  settings.mode = Mode::kNormal;
  EXPECT_TRUE(check(settings));
}

TEST(Settings, NamesWhatIsWrong) {
  EXPECT_NE(check({.address = "nowhere", .data = "d"}).error().message.find("'nowhere'"), std::string::npos);
  EXPECT_EQ(check({}).error().source, "data");
}

TEST(Settings, TlsNeedsAnAddressACertificateAndAKey) {
  Settings settings{.data = "d"};
  settings.tls = TlsSettings{"0.0.0.0", 8443, "cert.pem", "key.pem"};
  EXPECT_TRUE(check(settings));
  settings.mode = Mode::kDev;
  EXPECT_EQ(check(settings).error().source, "listen");
  settings.mode = Mode::kNormal;
  settings.tls->key.clear();
  EXPECT_EQ(check(settings).error().source, "tls");
  settings.tls = TlsSettings{"cloud", 8443, "cert.pem", "key.pem"};
  EXPECT_NE(check(settings).error().message.find("'cloud'"), std::string::npos);
}

}  // namespace
}  // namespace gust::config
