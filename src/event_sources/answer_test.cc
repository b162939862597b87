#include "event_sources/answer.h"

#include "event_sources/progress.h"

#include <gtest/gtest.h>

namespace gust::event_sources {
namespace {

std::vector<Record> three() {
  return {{"101", "a", R"({"n":1})"}, {"102", "a", R"({"n":2})"}, {"103", "a", R"({"n":3})"}};
}

std::size_t failed(const std::string& payload) {
  Settings settings;
  settings.reports_failures = true;
  return first_failed(three(), settings, {"", payload, "$LATEST"});
}

TEST(Answers, WithoutReportsOnlyErrorsCount) {
  EXPECT_EQ(first_failed(three(), {}, {"", R"({"batchItemFailures":[{"itemIdentifier":"102"}]})", ""}), 3u);
  EXPECT_EQ(first_failed(three(), {}, {"Unhandled", "null", ""}), 0u);
}

// The guide's "Success and failure conditions".
TEST(Answers, SayWhichFailed) {
  for (const auto* success : {"null", R"("")", "{}", "[]", R"({"batchItemFailures":[]})",
                              R"({"batchItemFailures":null})", R"({"statusCode":200})"})
    EXPECT_EQ(failed(success), 3u) << success;
  for (const auto* failure :
       {"", "x", "5", R"("done")", "[1]", R"({"batchItemFailures":"102"})",
        R"({"batchItemFailures":[{"itemIdentifier":""}]})",
        R"({"batchItemFailures":[{"itemIdentifier":null}]})", R"({"batchItemFailures":[{"foo":"102"}]})",
        R"({"batchItemFailures":[{"itemIdentifier":"999"}]})", R"({"batchItemFailures":["102"]})",
        R"({"batchItemFailures":[{"itemIdentifier":"103"},{"itemIdentifier":102}]})"})
    EXPECT_EQ(failed(failure), 0u) << failure;
  EXPECT_EQ(failed(R"({"batchItemFailures":[{"itemIdentifier":"103"},{"itemIdentifier":"102"}]})"), 1u);
  EXPECT_EQ(failed(R"({"batchItemFailures":[{"itemIdentifier":"101"}]})"), 0u);
}

TEST(Answers, EventsAreListsOfRecords) {
  EXPECT_EQ(to_event(three()), R"({"Records":[{"n":1},{"n":2},{"n":3}]})");
}

TEST(Progress, IsAsFarAsTheFirstThatIsNotDone) {
  Progress progress("a");
  progress.skip("b");
  EXPECT_EQ(progress.reached(), "b");
  const auto first = progress.add("c", from_epoch_ms(1)), second = progress.add("d", from_epoch_ms(2));
  progress.skip("e");
  const auto third = progress.add("f", from_epoch_ms(3));
  progress.done(second);
  EXPECT_EQ(progress.reached(), "b");
  EXPECT_EQ(progress.oldest(), from_epoch_ms(1));
  progress.done(first);
  EXPECT_EQ(progress.reached(), "e");
  EXPECT_EQ(progress.oldest(), from_epoch_ms(3));
  progress.done(third);
  EXPECT_EQ(progress.reached(), "f");
  EXPECT_TRUE(progress.idle());
  EXPECT_EQ(progress.add("g", from_epoch_ms(4)), third + 1);
}

}  // namespace
}  // namespace gust::event_sources
