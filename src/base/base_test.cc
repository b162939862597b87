#include "base/ids.h"
#include "base/result.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace gust {
namespace {

Result<int> half(int n) {
  if (n % 2 != 0) return fail(Code::kInvalid, "odd");
  return n / 2;
}

Result<int> quarter(int n) {
  GUST_TRY(auto h, half(n));
  return half(h);
}

TEST(Result, TryReturnsTheFirstError) {
  EXPECT_EQ(quarter(8), 2);
  EXPECT_EQ(quarter(6).error().code, Code::kInvalid);
  EXPECT_EQ(quarter(3).error().message, "odd");
}

TEST(Result, ErrnoBecomesACode) {
  EXPECT_EQ(fail_errno("write x", ENOSPC).error().code, Code::kNoSpace);
  EXPECT_EQ(fail_errno("open x", ENOENT).error().message, "open x: No such file or directory");
}

TEST(Arn, RoundTripsAndKeepsColonsInTheResource) {
  const std::string text = "arn:aws:lambda:us-east-1:123456789012:function:resize:live";
  const auto arn = Arn::parse(text);
  ASSERT_TRUE(arn);
  EXPECT_EQ(arn->service, "lambda");
  EXPECT_EQ(arn->resource, "function:resize:live");
  EXPECT_EQ(arn->str(), text);
}

TEST(Arn, RefusesWhatIsNotOne) {
  for (const auto* bad : {"", "arn:aws:s3", "urn:aws:s3:::b", "arn:aws:s3:::"}) {
    EXPECT_EQ(Arn::parse(bad).error().code, Code::kInvalid) << bad;
  }
}

}  // namespace
}  // namespace gust
