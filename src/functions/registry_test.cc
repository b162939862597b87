#include "functions/registry.h"

#include "async/testing.h"
#include "blobs/memory/memory_store.h"
#include "functions/registry_rows.h"
#include "functions/testing.h"
#include "kv/memory/memory_store.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

namespace gust::functions {
namespace {

namespace fs = std::filesystem;

class RegistryTest : public ::testing::Test {
 protected:
  RegistryTest() {
    std::string name = (fs::temp_directory_path() / "gust-registry-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    registry_.emplace(store_, blobs_, clock_, random_, folder_.string());
  }
  ~RegistryTest() override { fs::remove_all(folder_); }

  template <typename T>
  Result<T> run(async::Task<T> task) {
    return async::testing::run(loop_, [&]() { return std::move(task); });
  }
  static std::string zip(std::string text) { return testing::make_zip({{"index.py", std::move(text)}}); }
  Result<Function> create(std::string code) {
    Function function;
    function.key = key_;
    function.region = "us-east-1";
    return run(registry_->create(function, std::move(code)));
  }

  async::asio::io_context loop_;
  kv::MemoryStore store_;
  blobs::MemoryStore blobs_;
  env::FakeClock clock_;
  env::SeededRandom random_{1};
  fs::path folder_;
  FunctionKey key_{AccountId("000000000000"), FunctionName("f")};
  std::optional<Registry> registry_;
};

TEST_F(RegistryTest, KeepsTheFunctionAndItsCode) {
  const auto made = create(zip("one"));
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(fs::file_size(folder_ / made->code_folder / "index.py"), 3U);
  EXPECT_EQ(run(registry_->get(key_))->revision_id, made->revision_id);
  EXPECT_EQ(*run(registry_->code_zip({key_})), zip("one"));
  EXPECT_EQ(create(zip("two")).error().code, Code::kAlreadyExists);
}

TEST_F(RegistryTest, LeavesNothingOfABadZip) {
  const auto made = create("no zip");
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().source, "zip");
  EXPECT_EQ(run(registry_->get(key_)).error().code, Code::kNotFound);
  EXPECT_TRUE(fs::is_empty(folder_ / "000000000000" / "f"));
}

TEST_F(RegistryTest, ReplacesCodeAndSweepsTheOld) {
  const auto made = create(zip("one"));
  const auto refused = run(registry_->update_code(key_, zip("two"), "another revision"));
  EXPECT_EQ(refused.error().code, Code::kPrecondition);
  const auto updated = run(registry_->update_code(key_, zip("three"), made->revision_id));
  ASSERT_TRUE(updated) << updated.error().message;
  EXPECT_GT(updated->generation, made->generation);
  EXPECT_NE(updated->code_sha256, made->code_sha256);
  EXPECT_TRUE(fs::exists(folder_ / made->code_folder)) << "instances may still run from it";
  ASSERT_TRUE(run(registry_->mend_code()));
  EXPECT_FALSE(fs::exists(folder_ / made->code_folder));
  EXPECT_TRUE(fs::exists(folder_ / updated->code_folder));
}

TEST_F(RegistryTest, UnpacksAgainWhatIsMissing) {
  const auto made = create(zip("one"));
  fs::remove_all(folder_ / made->code_folder);
  ASSERT_TRUE(run(registry_->mend_code()));
  EXPECT_EQ(fs::file_size(folder_ / made->code_folder / "index.py"), 3U);
}

TEST_F(RegistryTest, UnpacksAgainWhatIsNotWhole) {
  const auto made = create(testing::make_zip({{"index.py", "one"}, {"lib/a.py", "aaaa"}, {"lib/b.py", "bb"}}));
  const auto folder = folder_ / made->code_folder;
  EXPECT_EQ(made->unpacked, (FolderSize{3, 9}));
  fs::remove(folder / "lib/b.py");
  ASSERT_TRUE(run(registry_->mend_code()));
  EXPECT_EQ(fs::file_size(folder / "lib/b.py"), 2U);
  fs::resize_file(folder / "lib/a.py", 0);  // as a loss of power leaves what was not synced
  ASSERT_TRUE(run(registry_->mend_code()));
  EXPECT_EQ(fs::file_size(folder / "lib/a.py"), 4U);
  fs::create_directories(folder.string() + ".new");  // killed while unpacking
  fs::remove_all(folder);
  ASSERT_TRUE(run(registry_->mend_code()));
  EXPECT_EQ(fs::file_size(folder / "index.py"), 3U);
  EXPECT_FALSE(fs::exists(folder.string() + ".new"));
}

TEST_F(RegistryTest, CountsFunctions) {
  const auto count = [&] { return *run(registry_->count(key_.account)); };
  EXPECT_EQ(count(), 0U);
  ASSERT_TRUE(create(zip("one")));
  EXPECT_EQ(count(), 1U);
  EXPECT_FALSE(create(zip("one")));
  EXPECT_EQ(count(), 1U);
  EXPECT_EQ(*run(registry_->count(AccountId("111111111111"))), 0U);
  ASSERT_TRUE(run(registry_->remove(key_)));
  EXPECT_EQ(count(), 0U);
}

TEST_F(RegistryTest, LooksAtEveryFunctionAtTheStart) {
  constexpr std::size_t kMany = 2500;  // more than a page
  auto function = *create(zip("one"));
  kv::Store::Body body = [&](kv::Transaction& tx) -> Result<void> {
    for (std::size_t i = 0; i < kMany; ++i) {
      function.key.name = FunctionName("f" + std::to_string(i));
      function.runtime = i + 1 == kMany ? "nodejs20.x" : "python3.12";
      tx.put(rows::function_key(function.key), rows::encode(function));
    }
    return {};
  };
  ASSERT_TRUE(run(store_.transact(body)));
  fs::remove_all(folder_ / function.code_folder);
  EXPECT_EQ(*run(registry_->mend_code()), (std::set<std::string>{"", "nodejs20.x", "python3.12"}));
  EXPECT_TRUE(fs::exists(folder_ / function.code_folder / "index.py"));
  EXPECT_EQ(*run(registry_->count(key_.account)), kMany + 1);
  const auto view = store_.snapshot();
  EXPECT_EQ(Registry::referenced(*view)->size(), 1U);
}

TEST_F(RegistryTest, TriesCodeAndKeepsNothingOfIt) {
  const auto made = create(zip("one"));
  const auto arm = [](Function& function) { function.architectures = {"arm64"}; };
  const auto tried = run(registry_->update_code(key_, zip("three"), "", arm, Registry::CodeUpdate::kTry));
  ASSERT_TRUE(tried) << tried.error().message;
  EXPECT_NE(tried->code_sha256, made->code_sha256);
  EXPECT_EQ(tried->architectures, std::vector<std::string>{"arm64"});
  EXPECT_FALSE(fs::exists(folder_ / tried->code_folder));
  const auto now = run(registry_->get(key_));
  EXPECT_EQ(now->revision_id, made->revision_id);
  EXPECT_EQ(now->code_sha256, made->code_sha256);
  EXPECT_EQ(run(registry_->update_code(key_, "no zip", "", {}, Registry::CodeUpdate::kTry)).error().source, "zip");
}

TEST_F(RegistryTest, AStatementIsANewRevisionOfTheSameGeneration) {
  const auto made = create(zip("one"));
  const PolicyStatement statement{"s", "lambda:InvokeFunction", "s3.amazonaws.com", "", ""};
  EXPECT_EQ(run(registry_->add_statement({key_}, statement, "another")).error().source, "revision");
  EXPECT_TRUE(run(registry_->policy({key_}))->empty());
  ASSERT_TRUE(run(registry_->add_statement({key_}, statement, made->revision_id)));
  const auto with = run(registry_->get(key_));
  EXPECT_NE(with->revision_id, made->revision_id);
  EXPECT_EQ(with->generation, made->generation);
  EXPECT_EQ(run(registry_->remove_statement({key_}, "s", made->revision_id)).error().source, "revision");
  ASSERT_TRUE(run(registry_->remove_statement({key_}, "s", with->revision_id)));
  EXPECT_TRUE(run(registry_->policy({key_}))->empty());
}

TEST_F(RegistryTest, PolicyLetsInOnlyWhatItNames) {
  ASSERT_TRUE(create(zip("one")));
  const PolicyStatement statement{"s", "lambda:InvokeFunction", "s3.amazonaws.com", "arn:aws:s3:::b*", "000000000000"};
  ASSERT_TRUE(run(registry_->add_statement({key_}, statement)));
  const auto allows = [&](const char* who, const char* arn, const char* account) {
    return *run(registry_->allows({key_}, who, arn, account));
  };
  EXPECT_TRUE(allows("s3.amazonaws.com", "arn:aws:s3:::bucket", "000000000000"));
  EXPECT_FALSE(allows("s3.amazonaws.com", "arn:aws:s3:::other", "000000000000"));
  EXPECT_FALSE(allows("s3.amazonaws.com", "arn:aws:s3:::bucket", "111111111111"));
  EXPECT_FALSE(allows("s3.amazonaws.com", "arn:aws:s3:::bucket", ""));
  EXPECT_FALSE(allows("apigateway.amazonaws.com", "arn:aws:s3:::bucket", "000000000000"));
  EXPECT_EQ(run(registry_->add_statement({key_}, statement)).error().code, Code::kAlreadyExists);
  ASSERT_TRUE(run(registry_->remove(key_)));
  ASSERT_TRUE(create(zip("again")));
  EXPECT_TRUE(run(registry_->policy({key_}))->empty()) << "a new function has no policy of an older one";
}

TEST_F(RegistryTest, BoundsThePolicy) {
  ASSERT_TRUE(create(zip("one")));
  const PolicyStatement big{"s", "lambda:InvokeFunction", "*", std::string(21'000, 'x'), ""};
  EXPECT_EQ(run(registry_->add_statement({key_}, big)).error().source, "policy");
}

TEST(FunctionNames, TakeEveryForm) {
  const AccountId caller("000000000000");
  for (const char* text : {"f", "function:f", "000000000000:function:f",
                           "arn:aws:lambda:us-east-1:000000000000:function:f", "f:$LATEST"}) {
    const auto key = parse_function_name(text, "", caller);
    ASSERT_TRUE(key) << text;
    EXPECT_EQ(key->key, (FunctionKey{caller, FunctionName("f")}));
  }
  EXPECT_EQ(parse_function_name("f", "1", caller)->qualifier, "1");
  EXPECT_EQ(parse_function_name("a/b", "", caller).error().code, Code::kInvalid);
}

TEST_F(RegistryTest, AVersionKeepsItsCodeWhenTheFunctionGetsAnother) {
  const auto made = create(zip("one"));
  const auto first = run(registry_->publish(key_, {}));
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->version, "1");
  EXPECT_EQ(run(registry_->publish(key_, {}))->version, "1") << "nothing changed";
  ASSERT_TRUE(run(registry_->update_code(key_, zip("two"), "")));
  ASSERT_TRUE(run(registry_->update_code(key_, zip("three"), "")));
  EXPECT_EQ(*run(registry_->code_zip({key_, "1"})), zip("one"));
  EXPECT_EQ(*run(registry_->code_zip({key_})), zip("three"));
  EXPECT_EQ(run(registry_->publish(key_, {}))->version, "2");
  fs::remove_all(folder_ / made->code_folder);
  ASSERT_TRUE(run(registry_->mend_code()));
  EXPECT_EQ(fs::file_size(folder_ / made->code_folder / "index.py"), 3U) << "a version's folder is mended too";
  EXPECT_EQ(Registry::referenced(*store_.snapshot())->size(), 2U);
}

TEST_F(RegistryTest, AZipThatNothingNamesGoesAtTheStart) {
  ASSERT_TRUE(create(zip("one")));
  const auto forgotten = run(registry_->code().take("000000000000/f", zip("two")));
  ASSERT_TRUE(forgotten);
  EXPECT_EQ(blobs_.count(), 2U);
  ASSERT_TRUE(run(registry_->mend_code()));
  EXPECT_EQ(blobs_.count(), 1U);
  EXPECT_EQ(*run(registry_->code_zip({key_})), zip("one"));
  EXPECT_EQ(store_.snapshot()->scan(kv::Range::prefix("fn/z/"))->size(), 1U);
}

TEST_F(RegistryTest, AChangeIsResolvedAtOnce) {
  ASSERT_TRUE(create(zip("one")));
  ASSERT_TRUE(run(registry_->publish(key_, {})));
  ASSERT_TRUE(run(registry_->create_alias(key_, {"live", "1", "", {}, ""})));
  EXPECT_EQ((*run(registry_->resolve({key_, "live"})))->version, "1");
  EXPECT_EQ((*run(registry_->resolve({key_})))->version, kLatest);
  ASSERT_TRUE(run(registry_->update_code(key_, zip("two"), "")));
  ASSERT_TRUE(run(registry_->publish(key_, {})));
  auto move = [](Alias& alias) { alias.version = "2"; };
  ASSERT_TRUE(run(registry_->update_alias(key_, "live", move, "")));
  EXPECT_EQ((*run(registry_->resolve({key_, "live"})))->version, "2");
  ASSERT_TRUE(run(registry_->reserve_concurrency(key_, 5, 1000)));
  EXPECT_EQ((*run(registry_->resolve({key_, "live"})))->reserved_concurrency, 5U);
  ASSERT_TRUE(run(registry_->remove(key_)));
  EXPECT_EQ(run(registry_->resolve({key_, "live"})).error().code, Code::kNotFound);
  EXPECT_EQ(*run(registry_->reserved_of(key_.account)), 0U);
}

TEST_F(RegistryTest, RowsKeepHowAFunctionLogs) {
  Function function;
  function.key = key_;
  EXPECT_EQ(rows::decode_function(rows::encode(function))->logging, Logging{});
  function.logging = {LogFormat::kJson, LogLevel::kTrace, LogLevel::kWarn, "/shop"};
  auto row = rows::encode(function);
  EXPECT_EQ(rows::decode_function(row)->logging, function.logging);
  row.replace(row.find("TRACE"), 5, "LOUD!");
  EXPECT_EQ(rows::decode_function(row).error().code, Code::kCorrupt);
  row = rows::encode(function);  // of before there were such settings
  row.replace(row.find("\"logging\""), 9, "\"earlier\"");
  EXPECT_EQ(rows::decode_function(row)->logging, Logging{});
}

TEST_F(RegistryTest, NamesAndQualifiers) {
  const AccountId caller("000000000000");
  EXPECT_EQ(parse_function_name("f:live", "", caller)->qualifier, "live");
  EXPECT_EQ(parse_function_name("arn:aws:lambda:us-east-1:000000000000:function:f:7", "7", caller)->qualifier, "7");
  EXPECT_EQ(parse_function_name("f", "$LATEST", caller)->qualifier, kLatest);
  for (const auto* wrong : {"f:a b", "f:a:b", "", "f:$latest", "a/b"})
    EXPECT_FALSE(parse_function_name(wrong, "", caller)) << wrong;
  EXPECT_FALSE(parse_function_name("f:1", "2", caller));
}

}  // namespace
}  // namespace gust::functions
