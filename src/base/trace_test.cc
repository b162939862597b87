#include "base/trace.h"

#include <gtest/gtest.h>

namespace gust {
namespace {

TEST(Trace, XrayHeaderAndBack) {
  const std::string header =
      "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0;Lineage=a87bd80c:1&68fd508a:5";
  const auto context = parse_xray(header);
  EXPECT_EQ(context.id, (TraceId{0x5759e988bd862e3f, 0xe1be46a994272793}));
  EXPECT_EQ(context.span, 0x53995c3f42cd8ad8u);
  EXPECT_EQ(context.sampled, TraceContext::Sampled::kNo);
  EXPECT_EQ(context.rest, "Lineage=a87bd80c:1&68fd508a:5");
  EXPECT_EQ(context.xray(), header);
}

TEST(Trace, XrayHeaderInAnyOrderWithoutWhatIsOfAProxy) {
  const auto context = parse_xray(
      "Self=1-67891234-12456789abcdef012345678; Sampled=1; Root=1-5759E988-BD862E3FE1BE46A994272793");
  EXPECT_EQ(context.xray(), "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1");
}

TEST(Trace, BadRootsAreNone) {
  for (const auto* header : {"", "Root=", "Root=1-5759e988-bd862e3fe1be46a99427279",
                             "Root=1-2-3;Parent=53995c3f42cd8ad8", "Root=1-00000000-000000000000000000000000",
                             "Root=2-5759e988-bd862e3fe1be46a994272793",
                             "Root=1-5759e988-bd862e3fe1be46a99427279g"}) {
    const auto context = parse_xray(header);
    EXPECT_TRUE(context.id.empty()) << header;
    EXPECT_EQ(context.span, 0u) << header;
    EXPECT_EQ(context.xray(), "") << header;
  }
  EXPECT_EQ(parse_xray("Root=x;Lineage=1:2").xray(), "Lineage=1:2");
}

TEST(Trace, TraceparentAndBack) {
  const std::string header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const auto context = parse_traceparent(header);
  ASSERT_TRUE(context);
  EXPECT_EQ(context->traceparent(), header);
  EXPECT_EQ(context->xray(), "Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent=00f067aa0ba902b7;Sampled=1");
  EXPECT_EQ(parse_xray(context->xray()).traceparent(), header);
}

TEST(Trace, TraceparentsThatAreNone) {
  for (const auto* header : {"", "00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
                             "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                             "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                             "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                             "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
                             "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
                             "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x"}) {
    EXPECT_FALSE(parse_traceparent(header)) << header;
  }
  // A version to come may have more.
  EXPECT_TRUE(parse_traceparent("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more"));
}

}  // namespace
}  // namespace gust
