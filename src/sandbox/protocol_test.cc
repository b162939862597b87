#include "sandbox/protocol.h"

#include "sandbox/fd.h"

#include <gtest/gtest.h>

namespace gust::sandbox {
namespace {

Spec full_spec() {
  Spec spec;
  spec.id = "f-1";
  spec.argv = {"/bin/x", "a b", "\xc3\xbc\n"};
  spec.env = {{"A", "1"}, {"B", "=\"'"}};
  spec.root = "/r";
  spec.read_only = {{"/a", "/var/task"}, {"/b", "/opt"}};
  spec.memory_bytes = 10ULL << 30;
  spec.cpu_millis = 6000;
  spec.cpu_share = 72;
  spec.max_pids = 7;
  spec.tmp_bytes = 8ULL << 30;
  spec.egress = Egress::kInternet;
  spec.listen_ports = {9001, 65535};
  return spec;
}

TEST(Protocol, ARequestComesBackAsItWas) {
  const auto text = encode(Request(StartRequest{42, full_spec()}));
  const auto back = decode_request(text);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(encode(*back), text);
  const auto& start = std::get<StartRequest>(*back);
  EXPECT_EQ(start.seq, 42u);
  EXPECT_EQ(start.spec.argv, full_spec().argv);
  EXPECT_EQ(start.spec.env, full_spec().env);
  EXPECT_EQ(start.spec.memory_bytes, full_spec().memory_bytes);
  EXPECT_EQ(start.spec.read_only.at(1).target, "/opt");
  EXPECT_EQ(start.spec.root, "/r");
  EXPECT_EQ(start.spec.egress, Egress::kInternet);
  EXPECT_EQ(start.spec.listen_ports, full_spec().listen_ports);
}

TEST(Protocol, EventsComeBackAsTheyWere) {
  const std::vector<Event> events = {
      Hello{{"root", "v2", Limit::kEnforced, Limit::kMissing, Limit::kEnforced, {"a note"}}},
      Started{1, 4711, {UsageFile::kNanoseconds, UsageFile::kBytes}},
      Failed{2, {Code::kDenied, "mount \xc3\xbc: no", {}}},
      Exited{"f-1", {3, 9, true}, {5, 6}},
      UsageAnswer{7, {8, 9}},
  };
  for (const auto& event : events) {
    const auto back = decode_event(encode(event));
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(back->index(), event.index());
    EXPECT_EQ(encode(*back), encode(event));
  }
}

TEST(Protocol, FilesOfUsageAreRead) {
  Usage usage;
  EXPECT_TRUE(parse_usage(UsageFile::kBytes, "4096\n", usage));
  EXPECT_TRUE(parse_usage(UsageFile::kCpuStat, "usage_usec 17\nuser_usec 3\n", usage));
  EXPECT_EQ(usage.memory_peak_bytes, 4096u);
  EXPECT_EQ(usage.cpu_us, 17u);
  EXPECT_TRUE(parse_usage(UsageFile::kNanoseconds, "5000\n", usage));
  EXPECT_EQ(usage.cpu_us, 5u);
  EXPECT_FALSE(parse_usage(UsageFile::kCpuStat, "user_usec 3\n", usage));
  EXPECT_FALSE(parse_usage(UsageFile::kBytes, "", usage));
}

TEST(Protocol, AnythingElseIsInvalid) {
  for (const char* text : {"", "{", "[]", "{}", R"({"op":"start"})", R"({"op":"fly"})", R"({"op":"kill","id":7})",
                           R"({"op":"usage","seq":-1,"id":"a"})", R"({"event":"exited","id":"x"})"}) {
    EXPECT_EQ(decode_request(text).error().code, Code::kInvalid) << text;
    EXPECT_EQ(decode_event(text).error().code, Code::kInvalid) << text;
  }
}

TEST(Protocol, APacketSentBeforeAnUnreadSocketWasClosedArrives) {
  auto pair = make_packet_pair();
  ASSERT_TRUE(pair);
  ASSERT_TRUE(send_message(pair->ours.get(), "never read"));
  ASSERT_TRUE(send_message(pair->theirs.get(), "last words"));
  pair->theirs.reset();
  for (const char* expected : {"last words", ""}) {
    const auto got = receive_message(pair->ours.get());
    ASSERT_TRUE(got && *got);
    EXPECT_EQ((*got)->bytes, expected);
  }
}

}  // namespace
}  // namespace gust::sandbox
