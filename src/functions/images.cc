#include "functions/images.h"

#include "codec/json.h"
#include "functions/code_store.h"
#include "functions/image_root.h"
#include "functions/image_rows.h"
#include "kv/key.h"
#include "sandbox/fd.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <re2/re2.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <map>
#include <utility>

namespace gust::functions {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::string_view kRows = "fn/i/", kTags = "fn/it/", kHex = "0123456789abcdef";
constexpr std::size_t kAll = 1'000'000, kMaxName = 255;

std::string keyed(std::string_view prefix, const AccountId& account) {
  std::string out(prefix);
  kv::append_text(out, account.str());
  return out;
}

std::string keyed(std::string_view prefix, const AccountId& account, const std::string& name) {
  auto out = keyed(prefix, account);
  kv::append_text(out, name);
  return out;
}

std::string row_of(const AccountId& account, const std::string& name, const std::string& digest) {
  return keyed(kRows, account, name) + digest;
}

std::string encode(const Image& image) {
  return codec::to_json(json::object{{"account", image.account.str()},
                                     {"name", image.name},
                                     {"digest", image.digest},
                                     {"architecture", image.architecture},
                                     {"settings", rows::to_object(image.settings)},
                                     {"folder", image.folder},
                                     {"files", image.unpacked.files},
                                     {"bytes", image.unpacked.bytes},
                                     {"pushed", to_epoch_ms(image.pushed_at)}});
}

Result<Image> decode(std::string_view row) {
  const auto document = codec::parse_json(row);
  if (!document || !document->is_object()) return fail(Code::kCorrupt, "a row of an image is not JSON");
  try {
    const auto& o = document->get_object();
    const auto text = [&](const char* name) { return std::string(o.at(name).as_string()); };
    const auto number = [&](const char* name) { return o.at(name).to_number<std::uint64_t>(); };
    Image out{AccountId(text("account")), text("name"), text("digest"), text("architecture"),
              rows::to_image_settings(o.at("settings").as_object()), text("folder"),
              {number("files"), number("bytes")}, from_epoch_ms(o.at("pushed").to_number<std::int64_t>())};
    return out;
  } catch (const std::exception& e) {
    return fail(Code::kCorrupt, std::string("a row of an image lacks something: ") + e.what());
  }
}

std::unexpected<Error> no_image(const ImageName& name) {
  return fail(Code::kNotFound, fmt::format("there is no image {}; see gust image ls", name.text()), "image");
}

struct TagOf {
  std::string name, tag, digest;
};

Result<std::vector<TagOf>> tags_of(kv::Reader& reader, const AccountId& account) {
  const auto prefix = keyed(kTags, account);
  GUST_TRY(const auto found, reader.scan(kv::Range::prefix(prefix, kAll)));
  std::vector<TagOf> out;
  for (const auto& row : found) {
    std::string_view rest(row.key);
    rest.remove_prefix(prefix.size());
    std::string name;
    if (!kv::take_text(rest, name)) return fail(Code::kCorrupt, "a row of a tag names no image");
    out.push_back({name, std::string(rest), row.value});
  }
  return out;
}

void remove_quietly(const std::string& path) {
  std::error_code ignored;
  fs::remove_all(path, ignored);
}

}  // namespace

std::string ImageName::text() const { return digest.empty() ? name + ":" + tag : name + "@" + digest; }

Result<ImageName> parse_image_name(std::string_view text) {
  static const RE2 kName(R"(([a-z0-9]+(?:(?:\.|_|__|-+|/)[a-z0-9]+)*)(?::([A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?)"
                         R"((?:@(sha256:[0-9a-f]{64}))?)");
  ImageName out;
  if (!RE2::FullMatch(text, kName, &out.name, &out.tag, &out.digest) || out.name.size() > kMaxName) {
    return fail(Code::kInvalid,
                fmt::format("'{}' is not the name of an image: expected NAME, NAME:TAG or NAME@sha256:DIGEST, with a "
                            "name of small letters, digits, '.', '_', '-' and '/'",
                            text.substr(0, 300)),
                "image");
  }
  if (!out.digest.empty()) out.tag.clear();
  if (out.digest.empty() && out.tag.empty()) out.tag = "latest";
  return out;
}

async::Task<Image> Images::push(AccountId account, ImageName name, async::ByteSource& archive) {
  if (!name.digest.empty())
    co_return fail(Code::kInvalid, fmt::format("push to a tag, not to the digest {}", name.digest), "image");
  if (pushing_ >= kMaxPushes)
    co_return fail(Code::kThrottled, fmt::format("{} images are being pushed; try again", pushing_), "image");
  ++pushing_;
  const auto folder = fmt::format("{}/@images/{}", account, random_.pick(16, kHex));
  const auto path = folder_ + "/" + folder;
  const auto received = co_await receive(archive, path + ".tar");
  Result<Image> done = std::unexpected(Error{});
  if (received) {
    done = co_await keep(std::move(account), std::move(name), folder);
  } else {
    done = std::unexpected(received.error());
  }
  auto tidy = [path, kept = done && done->folder == folder]() -> Result<void> {
    remove_quietly(path + ".tar");
    remove_quietly(path + ".parts");
    if (!kept) remove_quietly(path);
    return {};
  };
  [[maybe_unused]] const auto tidied = co_await disk_.run(std::move(tidy));
  --pushing_;
  co_return done;
}

async::Task<void> Images::receive(async::ByteSource& archive, std::string path) {
  auto open = [&path]() -> Result<sandbox::Fd> {
    std::error_code error;
    fs::create_directories(fs::path(path).parent_path(), error);
    if (error) return fail_errno("make the folder of images", error.value());
    sandbox::Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file) return fail_errno("write the image's archive", errno);
    return file;
  };
  GUST_CO_TRY(const auto file, co_await disk_.run(std::move(open)));
  std::string piece(1 << 20, '\0');
  for (std::uint64_t total = 0;;) {
    const auto room = std::as_writable_bytes(std::span(piece));
    GUST_CO_TRY(const auto got, co_await archive.read(room));
    if (got == 0) co_return Result<void>{};
    total += got;
    if (total > limits_.total_bytes) {
      co_return fail(Code::kTooLarge, fmt::format("the image is larger than {} bytes", limits_.total_bytes), "image");
    }
    auto write = [&file, left = std::string_view(piece).substr(0, got)]() mutable -> Result<void> {
      while (!left.empty()) {
        const auto n = ::write(file.get(), left.data(), left.size());
        if (n < 0 && errno != EINTR) return fail_errno("write the image's archive", errno);
        if (n > 0) left.remove_prefix(static_cast<std::size_t>(n));
      }
      return {};
    };
    GUST_CO_CHECK(co_await disk_.run(std::move(write)));
  }
}

async::Task<Image> Images::keep(AccountId account, ImageName name, std::string folder) {
  const auto path = folder_ + "/" + folder;
  auto read = [&]() -> Result<ImageArchive> {
    auto archive = read_image_archive(path + ".tar", path + ".parts", name.name, name.tag, limits_);
    remove_quietly(path + ".tar");
    return archive;
  };
  GUST_CO_TRY(const auto archive, co_await disk_.run(std::move(read)));
  GUST_CO_TRY(const auto row, co_await store_.get(row_of(account, name.name, archive.digest)));
  Image image{account, name.name, archive.digest, archive.architecture, archive.settings, folder, {}, clock_.now()};
  if (row) {
    GUST_CO_TRY(image, decode(*row));
  }
  auto unpack = [&]() -> Result<FolderSize> {
    const auto kept = folder_ + "/" + image.folder;
    std::error_code ignored;
    if (row && fs::is_directory(kept, ignored)) return image.unpacked;  // else it was lost, and comes back by this
    remove_quietly(kept + ".new");
    return make_whole(kept, [&](const std::string& root) { return make_image_root(archive.layers, root, limits_); });
  };
  GUST_CO_TRY(image.unpacked, co_await disk_.run(std::move(unpack)));
  GUST_CO_CHECK(co_await commit(image, name.tag));
  image.tags = {name.tag};
  co_return image;
}

async::Task<void> Images::commit(Image image, std::string tag) {
  kv::Store::Body body = [&image, &tag](kv::Transaction& tx) -> Result<void> {
    tx.put(row_of(image.account, image.name, image.digest), encode(image));
    tx.put(keyed(kTags, image.account, image.name) + tag, image.digest);
    return {};
  };
  co_return co_await store_.transact(std::move(body));
}

async::Task<Image> Images::find(AccountId account, ImageName name) {
  const auto view = store_.snapshot();
  auto digest = name.digest;
  if (digest.empty()) {
    GUST_CO_TRY(const auto tag, view->get(keyed(kTags, account, name.name) + name.tag));
    if (!tag) co_return no_image(name);
    digest = *tag;
  }
  GUST_CO_TRY(const auto row, view->get(row_of(account, name.name, digest)));
  if (!row) co_return no_image(name);
  co_return decode(*row);
}

async::Task<std::vector<Image>> Images::list(AccountId account) {
  const auto view = store_.snapshot();
  GUST_CO_TRY(const auto found, view->scan(kv::Range::prefix(keyed(kRows, account), kAll)));
  GUST_CO_TRY(const auto tags, tags_of(*view, account));
  std::vector<Image> out;
  for (const auto& row : found) {
    GUST_CO_TRY(auto image, decode(row.value));
    for (const auto& tag : tags) {
      if (tag.name == image.name && tag.digest == image.digest) image.tags.push_back(tag.tag);
    }
    out.push_back(std::move(image));
  }
  co_return out;
}

async::Task<void> Images::remove(AccountId account, ImageName name) {
  kv::Store::Body body = [&account, &name](kv::Transaction& tx) -> Result<void> {
    const auto prefix = keyed(kTags, account, name.name);
    auto digest = name.digest;
    if (digest.empty()) {
      GUST_TRY(const auto tag, tx.get(prefix + name.tag));
      if (!tag) return no_image(name);
      digest = *tag;
      tx.erase(prefix + name.tag);
    } else {
      GUST_TRY(const auto row, tx.get(row_of(account, name.name, digest)));
      if (!row) return no_image(name);
    }
    GUST_TRY(const auto tags, tx.scan(kv::Range::prefix(prefix, kAll)));
    bool others = false;
    for (const auto& tag : tags) {
      if (tag.value != digest || tag.key == prefix + name.tag) continue;
      if (name.digest.empty()) {
        others = true;
      } else {
        tx.erase(tag.key);
      }
    }
    if (!others) tx.erase(row_of(account, name.name, digest));
    return {};
  };
  co_return co_await store_.transact(std::move(body));
}

Result<std::vector<Image>> Images::every(kv::Reader& reader) {
  GUST_TRY(const auto found, reader.scan(kv::Range::prefix(std::string(kRows), kAll)));
  std::vector<Image> out;
  for (const auto& row : found) {
    GUST_TRY(auto image, decode(row.value));
    out.push_back(std::move(image));
  }
  return out;
}

}  // namespace gust::functions
