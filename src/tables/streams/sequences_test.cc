// The numbers of records: what readers may take for settled.
#include "tables/streams/stream.h"

#include <gtest/gtest.h>

namespace gust::tables {
namespace {

using End = Sequences::End;

class SequencesTest : public ::testing::Test {
 protected:
  std::uint64_t take(Sequences::Ticket& ticket) { return sequences_->next(ticket, {"table", "label"}, kNow); }
  std::uint64_t settled() { return sequences_->settled(kNow); }

  const WallTime kNow = from_epoch_ms(1'700'000'000'000);
  std::shared_ptr<Sequences> sequences_ = std::make_shared<Sequences>();
};

TEST_F(SequencesTest, WhatIsOpenIsNotSettled) {
  const auto one = sequences_->open(), other = sequences_->open();
  const auto first = take(*one), second = take(*other);
  EXPECT_LT(first, second);
  EXPECT_EQ(settled(), first - 1);
  other->end(End::kCommitted);
  EXPECT_EQ(settled(), first - 1);
  one->end(End::kRefused);
  EXPECT_GE(settled(), second);
  EXPECT_GT(take(*sequences_->open()), second);
}

TEST_F(SequencesTest, WhatIsInDoubtIsNotSettledBeforeALaterCommit) {
  const auto before = sequences_->open(), failed = sequences_->open();
  const auto number = take(*failed);
  failed->end(End::kInDoubt);
  EXPECT_EQ(settled(), number - 1);
  take(*before);
  before->end(End::kCommitted);  // may have been in the log before the one that failed
  EXPECT_EQ(settled(), number - 1);
  const auto refused = sequences_->open(), later = sequences_->open();
  take(*refused);
  refused->end(End::kRefused);
  EXPECT_EQ(settled(), number - 1);
  const auto last = take(*later);
  later->end(End::kCommitted);
  EXPECT_GE(settled(), last);
}

}  // namespace
}  // namespace gust::tables
