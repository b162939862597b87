// Exports and imports with buckets in memory.
#include "tables/transfers/exports.h"
#include "tables/transfers/imports.h"
#include "tables/backups/protection_testing.h"

#include <algorithm>
#include <map>

namespace gust::tables {
namespace {

using namespace testing;

class FakeBuckets final : public Buckets {
 public:
  std::map<std::string, std::string> objects;
  std::size_t read_limit = 0;  // after so many objects are opened reading fails; 0: never
  std::size_t opened = 0;

  async::Task<std::string> put(Where where, std::string key, std::string bytes) override {
    GUST_CO_CHECK(check(where));
    objects[key] = std::move(bytes);
    co_return std::string("etag");
  }
  async::Task<std::vector<Object>> list(Where where, std::string prefix, std::string after,
                                        std::size_t limit) override {
    GUST_CO_CHECK(check(where));
    std::vector<Object> out;
    for (const auto& [key, bytes] : objects) {
      if (key.starts_with(prefix) && key > after && out.size() < limit) out.push_back({key, bytes.size()});
    }
    co_return out;
  }
  async::Task<std::unique_ptr<async::ByteSource>> open(Where, std::string key) override {
    if (read_limit != 0 && ++opened > read_limit) co_return fail(Code::kUnavailable, "not now");
    co_return async::from_string(objects.at(key));
  }

 private:
  static Result<void> check(const Where& where) {
    if (where.bucket == "bucket") return {};
    if (where.bucket == "other") return fail(Code::kDenied, "Access Denied", "bucket");
    return fail(Code::kNotFound, "The specified bucket does not exist", "bucket");
  }
};

// "pk sk" or "pk sk n".
Result<Item> read_line(std::string_view line) {
  const auto first = line.find(' ');
  if (first == std::string_view::npos) return fail(Code::kInvalid, "no key");
  const auto second = line.find(' ', first + 1);
  Item out{{"pk", text(std::string(line.substr(0, first)))},
           {"sk", text(std::string(line.substr(first + 1, second - first - 1)))}};
  if (second == std::string_view::npos) return out;
  GUST_TRY(auto n, Number::parse(line.substr(second + 1)));
  out["n"] = Value{std::move(n)};
  return out;
}

void write_line(std::string& out, const Item& item) {
  out += *item.at("pk").as<std::string>() + " " + *item.at("sk").as<std::string>();
  if (item.contains("n")) out += " " + item.at("n").as<Number>()->text();
  out += "\n";
}

class TransfersTest : public ProtectionTest {
 protected:
  void SetUp() override {
    ProtectionTest::SetUp();
    remake();
  }
  void TearDown() override {
    stop();
    exports_.reset();
    imports_.reset();
  }
  void remake() {
    stop();
    exports_.reset();
    imports_.reset();
    restart();
    exports_ = std::make_unique<Exports>(
        Exports::Parts{*store_, *items_, *jobs_, *restores_, buckets_, clock_, random_, write_line});
    imports_ = std::make_unique<Imports>(Imports::Parts{
        *store_, *catalog_, *items_, *jobs_, buckets_, clock_, random_, read_line,
        [this](const AccountId&, const Imports::Fault& fault) { faults_.push_back(fault); }});
  }

  Result<Export> begin_export(std::string bucket = "bucket", std::string token = "token", std::string digest = "d") {
    Exports::Wanted wanted{at(table_.name.str()), {}, bucket};
    wanted.prefix = "some/folder";
    wanted.token = token;
    wanted.digest = digest;
    return run(loop_, [&] { return exports_->create(wanted); });
  }
  Export export_of(const Export& one) {
    return *run(loop_, [&] { return exports_->find(one.ref); });
  }
  Result<Import> begin_import(std::string name, std::string prefix, std::string bucket = "bucket",
                              std::string token = "token", std::string digest = "d") {
    Import wanted;
    wanted.ref = {kAccount, "us-east-1"};
    wanted.table = declared(name);
    wanted.bucket = bucket;
    wanted.prefix = prefix;
    wanted.token = token;
    return run(loop_, [&] { return imports_->create(wanted, digest); });
  }
  Import import_of(const Import& one) {
    return *run(loop_, [&] { return imports_->find(one.ref); });
  }
  std::string unpacked(const std::string& bytes) {
    codec::Gunzip gunzip;
    std::string out;
    EXPECT_TRUE(gunzip.add(bytes, out));
    EXPECT_TRUE(gunzip.finish());
    return out;
  }

  FakeBuckets buckets_;
  std::vector<Imports::Fault> faults_;
  std::unique_ptr<Exports> exports_;
  std::unique_ptr<Imports> imports_;
};
INSTANTIATE_TEST_SUITE_P(Stores, TransfersTest, twins(), twin_name);

TEST_P(TransfersTest, ATableComesBackAsItWasExported) {
  create("source");
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(put(item("p" + std::to_string(i), "s", {{"n", number(i % 5)}})));
  EXPECT_EQ(begin_export().error().source, "recovery");
  set_recovery(35);
  const auto before = items_of(table_);
  const auto begun = begin_export();
  ASSERT_TRUE(begun) << begun.error().message;
  EXPECT_EQ(begun->progress, Progress::kGoing);
  ASSERT_TRUE(put(item("late", "s")));
  remake();
  start();
  wait_for_jobs();
  const auto done = export_of(*begun);
  EXPECT_EQ(done.progress, Progress::kCompleted) << done.failure.message;
  EXPECT_EQ(done.items, 40u);
  const auto folder = "some/folder/AWSDynamoDB/" + done.ref.id + "/";
  for (const auto* name : {"_started", "manifest-files.json", "manifest-files.md5", "manifest-summary.json",
                           "manifest-summary.md5"})
    EXPECT_TRUE(buckets_.objects.contains(folder + name)) << name;
  EXPECT_EQ(buckets_.objects.size(), 6u);
  EXPECT_EQ(row_count("t/d/"), 0u);
  EXPECT_EQ(row_count("t/u/"), 0u);

  // Into a table again, without the packing.
  const auto packed = buckets_.objects.lower_bound(folder + "data/");
  buckets_.objects["in/1"] = unpacked(packed->second);
  const auto import = begin_import("target", "in/");
  ASSERT_TRUE(import) << import.error().message;
  EXPECT_EQ(find("target")->status, Status::kCreating);
  wait_for_jobs();
  EXPECT_EQ(import_of(*import).progress, Progress::kCompleted);
  EXPECT_EQ(import_of(*import).imported, 40u);
  const auto target = active("target");
  EXPECT_EQ(items_of(target), before);
  EXPECT_EQ(items_of(target, "by-n"), before);
}

TEST_P(TransfersTest, AnExportThatCannotBeWrittenFails) {
  create("source");
  set_recovery(35);
  ASSERT_TRUE(put(item("a", "s")));
  start();
  const auto none = begin_export("none", "1");
  const auto other = begin_export("other", "2");
  wait_for_jobs();
  EXPECT_EQ(export_of(*none).progress, Progress::kFailed);
  EXPECT_EQ(export_of(*none).failure.code, "S3NoSuchBucket");
  EXPECT_EQ(export_of(*other).failure.code, "S3AccessDenied");
  set_recovery({});
  ASSERT_TRUE(put(item("b", "s")));
  clock_.advance(Millis(10));
  ASSERT_TRUE(run(loop_, [&] { return sweeper_->sweep(); }));
  EXPECT_EQ(row_count("t/h/"), 0u);
}

TEST_P(TransfersTest, ATokenIsOneTransfer) {
  create("source");
  set_recovery(35);
  const auto first = begin_export();
  EXPECT_EQ(begin_export()->ref.id, first->ref.id);
  EXPECT_EQ(begin_export("bucket", "token", "other").error().source, "token");
  clock_.advance(Millis(1));
  EXPECT_NE(begin_export("bucket", "more")->ref.id, first->ref.id);
  clock_.advance(std::chrono::hours(8));
  EXPECT_NE(begin_export("bucket", "token", "other")->ref.id, first->ref.id);
  Exports::Query query{kAccount, "us-east-1", {}, first->ref.id, 1};
  const auto found = run(loop_, [&] { return exports_->list(query); });
  EXPECT_EQ(found->exports.size(), 1u);
  EXPECT_TRUE(found->more);
  buckets_.objects["in/1"] = "a b\n";
  const auto import = begin_import("target", "in/");
  EXPECT_EQ(begin_import("target", "in/")->ref.id, import->ref.id);
  EXPECT_EQ(begin_import("target", "in/", "bucket", "token", "other").error().source, "token");
  EXPECT_EQ(begin_import("target", "in/", "bucket", "more").error().code, Code::kAlreadyExists);
}

TEST_P(TransfersTest, AnImportCountsWhatItDoesNotTake) {
  buckets_.objects["in/1"] = "a 1 5\nnothing\nb 1 x\na 1 6\n" + std::string(3000, 'k') + " 1\nc 1\n";
  buckets_.objects["in/2"] = "d 1 7";
  buckets_.objects["in/folder/"] = "";
  buckets_.objects["out"] = "e 1";
  start();
  const auto begun = begin_import("target", "in/");
  wait_for_jobs();
  const auto done = import_of(*begun);
  EXPECT_EQ(done.progress, Progress::kCompleted);
  EXPECT_EQ(done.processed, 7u);
  EXPECT_EQ(done.imported, 4u);
  EXPECT_EQ(done.errors, 3u);
  EXPECT_EQ(done.bytes, buckets_.objects["in/1"].size() + 5);
  ASSERT_EQ(faults_.size(), 3u);
  EXPECT_EQ(faults_[0].message, "no key");
  EXPECT_EQ(faults_[0].index, 1u);
  EXPECT_EQ(faults_[0].key, "in/1");
  EXPECT_EQ(faults_[2].index, 4u);
  EXPECT_EQ(items_of(active("target")),
            (std::vector{item("a", "1", {{"n", number(6)}}), item("c", "1"), item("d", "1", {{"n", number(7)}})}));
}

TEST_P(TransfersTest, AnImportThatFailsLeavesNothing) {
  start();
  const auto none = begin_import("one", "in/", "none", "1");
  const auto other = begin_import("two", "in/", "other", "2");
  const auto empty = begin_import("three", "in/", "bucket", "3");
  wait_for_jobs();
  EXPECT_EQ(import_of(*none).failure.code, "S3NoSuchBucket");
  EXPECT_EQ(import_of(*other).failure.code, "S3AccessDenied");
  EXPECT_EQ(import_of(*empty).failure.code, "S3NoSuchKey");
  for (const auto* name : {"one", "two", "three"}) wait_for([&] { return !find(name); });
  wait_for([&] { return row_count("t/w/") == 0; });
  EXPECT_EQ(row_count("t/i/"), 0u);
}

TEST_P(TransfersTest, AnImportGoesOnAfterARestart) {
  for (int i = 0; i < 10; ++i)
    buckets_.objects["in/" + std::to_string(i)] = fmt::format("p{} s {}\nbad\n", i, i);
  buckets_.read_limit = 4;
  const auto begun = begin_import("target", "in/");
  start();
  wait_for([&] { return buckets_.opened > 4; });
  remake();
  EXPECT_EQ(import_of(*begun).imported, 4u);
  EXPECT_EQ(find("target")->status, Status::kCreating);
  buckets_.read_limit = 0;
  start();
  wait_for_jobs();
  EXPECT_EQ(import_of(*begun).imported, 10u);
  EXPECT_EQ(import_of(*begun).errors, 10u);
  EXPECT_EQ(items_of(active("target"), "by-n").size(), 10u);
}

}  // namespace
}  // namespace gust::tables
