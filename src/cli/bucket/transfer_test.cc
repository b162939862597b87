#include "cli/bucket/download.h"
#include "cli/bucket/upload.h"
#include "codec/digest.h"
#include "codec/hex.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>

namespace gust::cli {
namespace {

namespace fs = std::filesystem;

// One object and one upload of it, in memory; shared by several remotes.
struct Store {
  std::mutex mutex;
  bool open = false;
  std::map<int, std::string> parts;
  std::string object;
  int parts_sent = 0;
  int busy = 0;           // parts that are refused for a while
  int broken_ranges = 0;  // that end in the middle
};

std::string etag_of(const std::string& bytes) { return codec::to_hex(codec::digest(codec::DigestKind::kMd5, bytes)); }

class FakeS3 final : public Remote {
 public:
  explicit FakeS3(Store& store) : store_(store) {}

  Result<Answer> send(const Call& call) override {
    const std::lock_guard lock(store_.mutex);
    if (call.method == "HEAD") {
      Answer out{200, {}, ""};
      out.headers.add("Content-Length", std::to_string(store_.object.size()));
      out.headers.add("ETag", fmt::format("\"{}\"", etag_of(store_.object)));
      out.headers.add("Content-Type", "text/plain");
      return out;
    }
    if (call.query.contains("uploads=") && call.method == "POST") {
      store_.open = true;
      return Answer{200, {}, "<R><UploadId>u</UploadId></R>"};
    }
    if (call.query.contains("uploads="))
      return Answer{200, {}, store_.open ? "<R><Upload><Key>k</Key><UploadId>u</UploadId></Upload></R>" : "<R/>"};
    if (call.method == "PUT") return put_part(call);
    if (call.method == "POST") return complete();
    std::string body = "<R>";
    for (const auto& [number, bytes] : store_.parts) {
      body += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>\"{}\"</ETag><Size>{}</Size></Part>", number,
                          etag_of(bytes), bytes.size());
    }
    return Answer{200, {}, body + "</R>"};
  }

  Result<Answer> stream(const Call& call, std::function<bool(std::string_view)> sink) override {
    const std::lock_guard lock(store_.mutex);
    const std::string_view range = call.headers.at(1).second;
    std::size_t first = 0;
    std::from_chars(range.data() + 6, range.data() + range.size(), first);
    Answer out{206, {}, ""};
    call.begins(out);
    auto rest = std::string_view(store_.object).substr(first);
    if (store_.broken_ranges-- > 0) rest = rest.substr(0, rest.size() / 2);
    for (; !rest.empty(); rest.remove_prefix(std::min<std::size_t>(rest.size(), 65536))) {
      if (!sink(rest.substr(0, 65536))) break;
    }
    return out;
  }

 private:
  Result<Answer> put_part(const Call& call) {
    if (store_.busy-- > 0) return Answer{503, {}, "<Error><Code>SlowDown</Code><Message>m</Message></Error>"};
    std::ifstream in(call.file, std::ios::binary);
    in.seekg(static_cast<std::streamoff>(call.file_offset));
    std::string bytes(*call.file_size, '\0');
    in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    call.sent(bytes.size());
    int number = 0;
    std::from_chars(call.query.data() + 11, call.query.data() + call.query.size(), number);
    Answer out{200, {}, ""};
    out.headers.add("ETag", fmt::format("\"{}\"", etag_of(bytes)));
    store_.parts[number] = std::move(bytes);
    ++store_.parts_sent;
    return out;
  }

  Result<Answer> complete() {
    store_.object.clear();
    for (const auto& [number, bytes] : store_.parts) store_.object += bytes;
    store_.parts.clear();
    store_.open = false;
    return Answer{200, {}, "<R/>"};
  }

  Store& store_;
};

class TransferTest : public ::testing::Test {
 protected:
  TransferTest() {
    std::string folder = (fs::temp_directory_path() / "gust-transfer-XXXXXX").string();
    folder_ = ::mkdtemp(folder.data());
    for (std::size_t i = 0; i < bytes_.size(); ++i) bytes_[i] = static_cast<char>(i >> 16 ^ i * 31);
    std::ofstream(folder_ / "f", std::ios::binary) << bytes_;
    std::vector<std::unique_ptr<Remote>> remotes;
    for (int i = 0; i < 4; ++i) remotes.push_back(std::make_unique<FakeS3>(store_));
    lanes_ = std::make_unique<Lanes>(std::move(remotes));
    settings_ = {kSmallestPart, "text/plain"};
  }
  ~TransferTest() override { fs::remove_all(folder_); }

  Result<void> upload() {
    return upload_large(*lanes_, progress_, (folder_ / "f").string(), object_, settings_);
  }
  std::string part(std::size_t number) const { return bytes_.substr((number - 1) * kSmallestPart, kSmallestPart); }

  const Place object_{.kind = PlaceKind::kObject, .bucket = "b", .key = "k"};
  Store store_;
  fs::path folder_;
  std::string bytes_ = std::string(23 * kMiB + 5, '\0');
  Terminal terminal_;
  Progress progress_{terminal_};
  TransferSettings settings_;
  std::unique_ptr<Lanes> lanes_;
};

TEST_F(TransferTest, PartsGoUpSideBySideAndAgainWhenTheServiceIsBusy) {
  store_.busy = 3;
  ASSERT_TRUE(upload());
  EXPECT_TRUE(store_.object == bytes_);
  EXPECT_EQ(store_.parts_sent, 5);
}

TEST_F(TransferTest, OnlyPartsThatAreNotThereAreSent) {
  store_.open = true;
  store_.parts = {{1, part(1)}, {2, std::string(kSmallestPart, 'x')}, {5, part(5)}};
  ASSERT_TRUE(upload());
  EXPECT_TRUE(store_.object == bytes_);
  EXPECT_EQ(store_.parts_sent, 3);
}

TEST_F(TransferTest, ADownloadGoesOnWhereItBrokeOff) {
  store_.object = bytes_;
  store_.broken_ranges = 2;
  const auto target = (folder_ / "new" / "g").string();
  FakeS3 remote(store_);
  ASSERT_TRUE(download_file(remote, progress_, object_, target));
  std::ifstream in(target, std::ios::binary);
  const std::string got((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  EXPECT_TRUE(got == bytes_);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_ / "new"), fs::directory_iterator()), 1);
}

}  // namespace
}  // namespace gust::cli
