#include "objects/key_file.h"

#include "codec/digest.h"
#include "codec/hex.h"
#include "objects/rows.h"
#include "objects/sealing.h"

#include <fmt/format.h>

#include <array>

namespace gust::objects {
namespace {

using codec::Key256;

// What a row calls the key: it tells nothing of it.
std::string name_of(const Key256& key) {
  return codec::to_hex(codec::hmac_sha256(key.text(), "gust objects key name")).substr(0, 16);
}

Result<std::optional<std::string>> read_text(env::Files& files, const std::string& path) {
  const auto file = files.open(path);
  if (!file && file.error().code == Code::kNotFound) return std::nullopt;
  if (!file) return std::unexpected(file.error());
  std::array<char, 2 * Key256::kBytes + 2> text{};  // room for more than it may have
  const std::array<std::span<std::byte>, 1> pieces{std::as_writable_bytes(std::span(text))};
  GUST_TRY(const auto n, (*file)->read(0, pieces));
  return std::string(text.data(), n);
}

Result<Key256> parse(const std::string& text, const std::string& path) {
  const auto raw = codec::from_hex(std::string_view(text).substr(0, 2 * Key256::kBytes));
  const bool whole = text.size() == 2 * Key256::kBytes + 1 && text.ends_with('\n');
  if (!whole || !raw || raw->size() != Key256::kBytes) {
    return fail(
        Code::kInvalid,
        fmt::format("'{}' is not a key of objects: expected 64 hexadecimal digits and a line feed. Put the file "
                    "back from a backup; a new one cannot read what is there.",
                    path),
        "key file");
  }
  return Key256(std::as_bytes(std::span(*raw)).first<Key256::kBytes>());
}

std::unexpected<Error> missing(const std::string& path) {
  return fail(
      Code::kNotFound,
      fmt::format("'{}' is missing, and the objects of this store are encrypted with the key in it. Put the file "
                  "back from a backup (gust backup copies it).",
                  path),
      "key file");
}

std::unexpected<Error> another(const std::string& path) {
  return fail(
      Code::kInvalid,
      fmt::format("'{}' has another key than the one that this store's objects are encrypted with. Put the file "
                  "back from a backup of this store.",
                  path),
      "key file");
}

// Durable in whole or not there.
Result<void> write(env::Files& files, const std::string& folder, const Key256& key) {
  const auto path = folder + kKeyFile, temporary = path + ".new";
  if (const auto removed = files.remove(temporary); !removed && removed.error().code != Code::kNotFound) return removed;
  GUST_TRY(const auto file, files.create(temporary));
  auto text = codec::to_hex(key.bytes()) + "\n";
  const std::array<std::span<const std::byte>, 1> pieces{std::as_bytes(std::span(text))};
  const auto written = file->append(pieces);
  codec::forget(std::as_writable_bytes(std::span(text)));
  GUST_CHECK(written);
  GUST_CHECK(file->sync());
  return files.rename(temporary, path);
}

bool is_named(const std::vector<kv::Entry>& names, const Key256& key) {
  return !names.empty() && names[0].key == rows::key_key(name_of(key));
}

}  // namespace

async::Task<Key256> open_key(kv::Store& store, env::Files& files, std::string folder, env::Random& random) {
  const auto path = folder + kKeyFile;
  GUST_CO_TRY(const auto names, co_await store.scan(kv::Range::prefix(std::string(rows::kKeys), 1)));
  GUST_CO_TRY(const auto text, read_text(files, path));
  if (!text && !names.empty()) co_return missing(path);
  if (!text) GUST_CO_CHECK(write(files, folder, fresh_key(random)));
  GUST_CO_TRY(const auto there, text ? Result<std::optional<std::string>>(text) : read_text(files, path));
  GUST_CO_TRY(const auto key, parse(there.value_or(""), path));
  if (is_named(names, key)) co_return key;
  if (!names.empty()) co_return another(path);
  // Also of a file that a start which was cut made: its name may not be on the disk yet.
  GUST_CO_CHECK(files.sync_folder(folder));
  kv::Store::Body body = [name = name_of(key)](kv::Transaction& tx) -> Result<void> {
    tx.put(rows::key_key(name), "{}");
    return {};
  };
  GUST_CO_CHECK(co_await store.transact(std::move(body)));
  co_return key;
}

Result<std::optional<Key256>> read_key(kv::Reader& reader, env::Files& files, const std::string& folder) {
  const auto path = folder + kKeyFile;
  GUST_TRY(const auto names, reader.scan(kv::Range::prefix(std::string(rows::kKeys), 1)));
  if (names.empty()) return std::nullopt;
  GUST_TRY(const auto text, read_text(files, path));
  if (!text) return missing(path);
  GUST_TRY(auto key, parse(*text, path));
  if (!is_named(names, key)) return another(path);
  return key;
}

}  // namespace gust::objects
