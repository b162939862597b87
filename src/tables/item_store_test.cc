// What the item store promises of single items and of transactions, on both twins.
#include "tables/testing.h"

namespace gust::tables {
namespace {

using namespace testing;

using ItemStoreTest = TableTest;
INSTANTIATE_TEST_SUITE_P(Stores, ItemStoreTest, twins(), twin_name);

TEST_P(ItemStoreTest, PutsReplaceAndDeletesRemove) {
  const auto first = item("a", "1", {{"x", number(1)}}), second = item("a", "1", {{"y", number(2)}});
  auto written = put(first);
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_FALSE(written->before);
  EXPECT_EQ(written->after, first);
  written = put(second);
  EXPECT_EQ(written->before, first);
  reopen();
  EXPECT_EQ(*get(key("a", "1")), second);
  EXPECT_EQ(*get(key("a", "2")), std::nullopt);
  written = write(erase_of(key("a", "1")));
  EXPECT_EQ(written->before, second);
  EXPECT_FALSE(written->after);
  EXPECT_EQ(*get(key("a", "1")), std::nullopt);
  EXPECT_FALSE(write(erase_of(key("a", "1")))->before);
  EXPECT_EQ(row_count("t/i/"), 0u);
}

TEST_P(ItemStoreTest, UpdatesMakeWhatIsNotThere) {
  auto written = write(update_of(key("a", "1"), {{"x", number(1)}}));
  ASSERT_TRUE(written);
  EXPECT_FALSE(written->before);
  EXPECT_EQ(written->after, item("a", "1", {{"x", number(1)}}));
  written = write(update_of(key("a", "1"), {{"y", number(2)}}));
  EXPECT_EQ(*get(key("a", "1")), item("a", "1", {{"x", number(1)}, {"y", number(2)}}));
  EXPECT_EQ(write(update_of(key("b", "1"), {}))->after, key("b", "1"));
  auto leaving = update_of(key("c", "1"), {});
  leaving.absent = Write::Absent::kLeave;
  EXPECT_EQ(write(leaving)->after, std::nullopt);
  EXPECT_EQ(*get(key("c", "1")), std::nullopt);
  leaving.key = key("a", "1");
  EXPECT_EQ(write(leaving)->after, *get(key("a", "1")));
  auto failing = update_of(key("a", "1"), {});
  failing.change = [](const Item&) -> Result<Item> { return fail(Code::kInvalid, "no", "expression"); };
  EXPECT_EQ(write(failing).error().source, "expression");
  const auto moved = write(update_of(key("a", "1"), {{"sk", text("2")}}));
  EXPECT_EQ(moved.error().message,
            "One or more parameter values were invalid: Cannot update attribute sk. This attribute is part of the key");
}

TEST_P(ItemStoreTest, ConditionsSeeWhatIsThere) {
  const auto found = std::make_shared<std::optional<Item>>();
  EXPECT_EQ(put(item("a", "1"), is_there()).error().source, "condition");
  ASSERT_TRUE(put(item("a", "1", {{"x", number(1)}}), is_not_there()));
  const auto refused = write(put_of(item("a", "1"), is_not_there()), found);
  EXPECT_EQ(refused.error(), (Error{Code::kPrecondition, "The conditional request failed", "condition"}));
  EXPECT_EQ(*found, item("a", "1", {{"x", number(1)}}));
  EXPECT_EQ(write(erase_of(key("a", "1"), is_not_there())).error().source, "condition");
  EXPECT_EQ(write(update_of(key("b", "1"), {}, is_there())).error().source, "condition");
  EXPECT_EQ(*get(key("b", "1")), std::nullopt);
  EXPECT_TRUE(write(check_of(key("a", "1"), is_there())));
  const Condition broken = [](const Item&) -> Result<bool> { return fail(Code::kInvalid, "no", "expression"); };
  EXPECT_EQ(put(item("a", "1"), broken).error().source, "expression");
  EXPECT_EQ(*get(key("a", "1")), item("a", "1", {{"x", number(1)}}));
}

TEST_P(ItemStoreTest, OneOfManyConditionalPutsWins) {
  async::TaskGroup group(loop_.get_executor(), "puts");
  int made = 0, refused = 0;
  const auto writer = [&](int n) -> Task<void> {
    auto one = put_of(item("a", "1", {{"n", number(n)}}), is_not_there());
    const auto written = co_await items_->write(std::move(one));
    written ? ++made : ++refused;
    co_return Result<void>{};
  };
  const auto adder = [&]() -> Task<void> {
    auto one = update_of(key("sum", "1"), {});
    one.change = [](const Item& there) -> Result<Item> {
      auto out = there;
      const auto it = there.find("n");
      const auto old = it == there.end() ? Number() : *it->second.as<Number>();
      GUST_TRY(out["n"].is, old.plus(*Number::parse("1")));
      return out;
    };
    GUST_CO_CHECK(co_await items_->write(std::move(one)));
    co_return Result<void>{};
  };
  ASSERT_TRUE(run(loop_, [&]() -> Task<void> {
    for (int n = 0; n < 12; ++n) group.spawn(writer(n));
    for (int n = 0; n < 12; ++n) group.spawn(adder());
    co_return co_await group.drain(SteadyTime::max());
  }));
  EXPECT_EQ(made, 1);
  EXPECT_EQ(refused, 11);
  EXPECT_EQ((**get(key("sum", "1"))).at("n"), number(12));
}

TEST_P(ItemStoreTest, KeysAreChecked) {
  const auto words = [&](Item item) { return put(std::move(item)).error().message; };
  EXPECT_EQ(words({{"pk", text("a")}}), "One or more parameter values were invalid: Missing the key sk in the item");
  EXPECT_EQ(words({{"pk", text("a")}, {"sk", number(1)}}),
            "One or more parameter values were invalid: Type mismatch for key sk expected: S actual: N");
  EXPECT_EQ(words(item("a", "")), "One or more parameter values are not valid. The AttributeValue for a key attribute "
                                  "cannot contain an empty string value. Key: sk");
  EXPECT_EQ(words(item(std::string(2049, 'x'), "a")),
            "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 "
            "bytes");
  EXPECT_EQ(words(item("a", std::string(1025, 'x'))),
            "One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit "
            "of 1024 bytes");
  EXPECT_TRUE(put(item(std::string(2048, 'x'), std::string(1024, 'y'))));
  const auto mismatch = "The provided key element does not match the schema";
  EXPECT_EQ(get({{"pk", text("a")}}).error().message, mismatch);
  EXPECT_EQ(get(item("a", "b", {{"c", text("d")}})).error().message, mismatch);
  EXPECT_EQ(write(erase_of({{"pk", text("a")}, {"sk", number(1)}})).error().message, mismatch);
  EXPECT_EQ(get(key("", "b")).error().source, "empty key");
}

TEST_P(ItemStoreTest, ItemsAreOf400KbAtMost) {
  const auto of_size = [&](std::size_t size) { return item("a", "1", {{"x", text(std::string(size - 7, 'x'))}}); };
  ASSERT_EQ(size_of(of_size(kMaxItemBytes)), kMaxItemBytes);
  EXPECT_TRUE(put(of_size(kMaxItemBytes)));
  EXPECT_EQ(put(of_size(kMaxItemBytes + 1)).error(),
            (Error{Code::kInvalid, "Item size has exceeded the maximum allowed size", "item size"}));
  EXPECT_EQ(write(update_of(key("a", "1"), {{"y", number(1)}})).error(),
            (Error{Code::kInvalid, "Item size to update has exceeded the maximum allowed size", "item size"}));
}

TEST_P(ItemStoreTest, IndexesFollowTheirItems) {
  table_.indexes = {index("by-n", {"n", Type::kNumber}, KeyAttribute{"sk", Type::kString}),
                    index("keys", {"n", Type::kNumber}, {}, Projected::kKeysOnly),
                    index("some", {"pk", Type::kString}, KeyAttribute{"n", Type::kNumber}, Projected::kInclude, {"x"})};
  table_.indexes[2].scope = Scope::kLocal;
  const auto one = item("a", "1", {{"n", number(5)}, {"x", text("x")}, {"y", text("y")}});
  ASSERT_TRUE(put(one));
  ASSERT_TRUE(put(item("a", "2", {{"x", text("sparse")}})));
  EXPECT_EQ(all(query("by-n")), std::vector{one});
  EXPECT_EQ(all(query("keys")), std::vector{item("a", "1", {{"n", number(5)}})});
  EXPECT_EQ(all(query("some")), std::vector{item("a", "1", {{"n", number(5)}, {"x", text("x")}})});
  EXPECT_EQ(row_count("t/x/"), 3u);
  ASSERT_TRUE(write(update_of(key("a", "1"), {{"n", number(6)}})));
  EXPECT_EQ(all(query("keys")), std::vector{item("a", "1", {{"n", number(6)}})});
  EXPECT_EQ(row_count("t/x/"), 3u);
  ASSERT_TRUE(put(item("a", "1")));
  EXPECT_EQ(row_count("t/x/"), 0u);
  ASSERT_TRUE(put(one));
  ASSERT_TRUE(write(erase_of(key("a", "1"))));
  EXPECT_EQ(row_count("t/x/"), 0u);
}

TEST_P(ItemStoreTest, KeysOfIndexesAreChecked) {
  table_.indexes = {index("zz", {"n", Type::kString}),
                    index("aa", {"n", Type::kString}, KeyAttribute{"b", Type::kBinary})};
  EXPECT_EQ(put(item("a", "1", {{"n", number(1)}})).error().message,
            "One or more parameter values were invalid: Type mismatch for Index Key n Expected: S Actual: N IndexName: "
            "aa");
  EXPECT_EQ(put(item("a", "1", {{"n", {Null{}}}})).error().source, "index key");
  EXPECT_EQ(put(item("a", "1", {{"b", binary("")}})).error(),
            (Error{Code::kInvalid,
                   "One or more parameter values are not valid. A value specified for a secondary index key is not "
                   "supported. The AttributeValue for a key attribute cannot contain an empty binary value. IndexName: "
                   "aa, IndexKey: b",
                   "empty key"}));
  EXPECT_EQ(write(update_of(key("a", "1"), {{"n", number(1)}})).error().source, "index key");
  EXPECT_EQ(write(update_of(key("a", "1"), {{"n", text("")}})).error().message,
            "One or more parameter values are not valid. The update expression attempted to update a secondary index "
            "key to a value that is not supported. The AttributeValue for a key attribute cannot contain an empty "
            "string value.");
  EXPECT_EQ(write(update_of(key("a", "1"), {{"n", text(std::string(2049, 'x'))}})).error().source, "index key");
  EXPECT_EQ(row_count("t/"), 0u);
  // What was there before the index stays, and is not in it.
  const auto indexes = std::exchange(table_.indexes, {});
  ASSERT_TRUE(put(item("a", "1", {{"n", number(1)}})));
  table_.indexes = indexes;
  EXPECT_TRUE(write(update_of(key("a", "1"), {{"x", number(1)}})));
  EXPECT_EQ(row_count("t/x/"), 0u);
}

TEST_P(ItemStoreTest, WritesCountUnits) {
  table_.indexes = {index("by-n", {"n", Type::kNumber}), index("keys", {"k", Type::kNumber}, {}, Projected::kKeysOnly)};
  const auto large = text(std::string(3000, 'x'));
  using Units = std::map<std::string, double>;
  auto used = put(item("a", "1"))->usage;
  EXPECT_EQ(used.table, 1);
  EXPECT_EQ(used.indexes, Units{});
  used = put(item("a", "1", {{"n", number(1)}, {"k", number(1)}, {"x", large}}))->usage;
  EXPECT_EQ(used.table, 3);
  EXPECT_EQ(used.indexes, (Units{{"by-n", 3}, {"keys", 1}}));
  used = write(update_of(key("a", "1"), {{"y", number(1)}}))->usage;
  EXPECT_EQ(used.indexes, (Units{{"by-n", 3}}));
  used = write(update_of(key("a", "1"), {{"k", number(2)}}))->usage;
  EXPECT_EQ(used.indexes, (Units{{"by-n", 3}, {"keys", 2}}));
  used = put(item("a", "1"))->usage;
  EXPECT_EQ(used.table, 3);
  EXPECT_EQ(used.indexes, (Units{{"by-n", 3}, {"keys", 1}}));
  EXPECT_EQ(write(erase_of(key("none", "1")))->usage.table, 1);
  EXPECT_EQ(read_units(0, Consistency::kEventual), 0.5);
  EXPECT_EQ(read_units(4097, Consistency::kStrong), 2);
}

class TransactionTest : public TableTest {
 protected:
  Result<std::vector<Written>> transact(std::vector<Write> writes, std::optional<ItemStore::Once> once = {}) {
    reasons_ = std::make_shared<std::vector<ItemStore::Reason>>();
    return run(loop_, [&] { return items_->transact(std::move(writes), reasons_, std::move(once)); });
  }
  std::shared_ptr<std::vector<ItemStore::Reason>> reasons_;
};
INSTANTIATE_TEST_SUITE_P(Stores, TransactionTest, twins(), twin_name);

TEST_P(TransactionTest, AllOrNothing) {
  ASSERT_TRUE(put(item("a", "1")));
  auto done = transact({put_of(item("b", "1")), erase_of(key("a", "1")), update_of(key("c", "1"), {{"x", number(1)}}),
                        check_of(key("d", "1"), is_not_there())});
  ASSERT_TRUE(done) << done.error().message;
  ASSERT_EQ(done->size(), 4u);
  EXPECT_EQ((*done)[1].before, key("a", "1"));
  EXPECT_EQ((*done)[0].usage.table, 2);
  EXPECT_EQ(row_count("t/i/"), 2u);
  const std::string large(kMaxItemBytes, 'x');
  done = transact({put_of(item("e", "1")), put_of(item("b", "1"), is_not_there()),
                   update_of(key("c", "1"), {{"x", text(large)}}), erase_of({{"pk", text("c")}}),
                   put_of(item("f", "1"))});
  EXPECT_EQ(done.error(), (Error{Code::kPrecondition,
                                 "Transaction cancelled, please refer cancellation reasons for specific reasons [None, "
                                 "ConditionalCheckFailed, ValidationError, ValidationError, None]",
                                 "canceled"}));
  ASSERT_EQ(reasons_->size(), 5u);
  EXPECT_EQ((*reasons_)[1].found, item("b", "1"));
  EXPECT_EQ((*reasons_)[1].message, "The conditional request failed");
  EXPECT_EQ((*reasons_)[2].message, "Item size to update has exceeded the maximum allowed size");
  EXPECT_EQ((*reasons_)[3].message, "The provided key element does not match the schema");
  EXPECT_EQ(row_count("t/i/"), 2u);
  EXPECT_EQ(transact({put_of(item("x", "")), put_of(item("y", "1"))}).error().source, "empty key");
}

TEST_P(TransactionTest, OneItemIsNamedOnce) {
  const auto twice = transact({put_of(item("a", "1")), check_of(key("a", "1"), is_there())});
  EXPECT_EQ(twice.error().message, "Transaction request cannot include multiple operations on one item");
  auto other = table_;
  other.id = "another";
  auto write = put_of(item("a", "1"));
  write.table = other;
  EXPECT_TRUE(transact({put_of(item("a", "1")), write}));
}

TEST_P(TransactionTest, ATokenIsDoneOnce) {
  const ItemStore::Once once{AccountId("000000000000"), "token", "digest"};
  ASSERT_TRUE(transact({update_of(key("a", "1"), {{"x", number(1)}})}, once));
  ASSERT_TRUE(write(erase_of(key("a", "1"))));
  const auto again = transact({update_of(key("a", "1"), {{"x", number(1)}})}, once);
  ASSERT_TRUE(again);
  ASSERT_EQ(again->size(), 1u);
  EXPECT_TRUE((*again)[0].replayed);
  EXPECT_EQ((*again)[0].usage.table, 2.0);
  EXPECT_EQ(*get(key("a", "1")), std::nullopt);
  auto other = once;
  other.digest = "other";
  EXPECT_EQ(transact({put_of(item("a", "1"))}, other).error().source, "token");
  other.account = AccountId("000000000001");
  EXPECT_TRUE(transact({put_of(item("b", "1"))}, other));
  clock_.advance(std::chrono::minutes(11));
  other = {AccountId("000000000000"), "third", "digest"};
  EXPECT_TRUE(transact({put_of(item("b", "1"))}, other));
  EXPECT_EQ(row_count("t/k/"), 1u);
  EXPECT_EQ(row_count("t/e/"), 1u);
  EXPECT_TRUE(transact({put_of(item("a", "1"))}, once));
  // One that failed was not done.
  const ItemStore::Once late{AccountId("000000000000"), "late", "digest"};
  EXPECT_EQ(transact({put_of(item("a", "1"), is_not_there())}, late).error().source, "canceled");
  ASSERT_TRUE(write(erase_of(key("a", "1"))));
  EXPECT_TRUE(transact({put_of(item("a", "1"), is_not_there())}, late));
  EXPECT_EQ(*get(key("a", "1")), key("a", "1"));
}

TEST_P(TransactionTest, ReadsAreOfOneMoment) {
  ASSERT_TRUE(transact({put_of(item("a", "1", {{"n", number(0)}})), put_of(item("b", "1", {{"n", number(0)}}))}));
  async::TaskGroup group(loop_.get_executor(), "writes");
  const auto writer = [&]() -> Task<void> {
    for (int i = 1; i <= 20; ++i) {
      std::vector<Write> writes{put_of(item("a", "1", {{"n", number(i)}})), put_of(item("b", "1", {{"n", number(i)}}))};
      GUST_CO_CHECK(co_await items_->transact(std::move(writes), nullptr));
    }
    co_return Result<void>{};
  };
  int torn = 0;
  const auto reader = [&]() -> Task<void> {
    for (int i = 0; i < 50; ++i) {
      std::vector<ItemStore::Wanted> wanted{{table_, key("a", "1")}, {table_, key("b", "1")}, {table_, key("c", "1")}};
      GUST_CO_TRY(const auto got, co_await items_->get_all(std::move(wanted)));
      torn += got[0]->at("n") == got[1]->at("n") && !got[2] ? 0 : 1;
    }
    co_return Result<void>{};
  };
  ASSERT_TRUE(run(loop_, [&]() -> Task<void> {
    group.spawn(writer());
    group.spawn(reader());
    co_return co_await group.drain(SteadyTime::max());
  }));
  EXPECT_EQ(torn, 0);
}

}  // namespace
}  // namespace gust::tables
