#include "tables/transfers/transfers.h"

#include "codec/json.h"
#include "kv/key.h"
#include "tables/json_row.h"

namespace gust::tables {
namespace {

namespace json = boost::json;

struct Seen {
  WallTime at;
  std::string digest, id;
};

constexpr std::string_view kTokens = "t/v/";

std::string key_of(const TransferToken& token) {
  std::string out(kTokens);
  kv::append_text(out, token.account.str());
  kv::append_text(out, token.region);
  out += token.kind == TransferKind::kExport ? 'e' : 'i';
  kv::append_text(out, token.token);
  return out;
}

Result<Seen> decode(std::string_view row) {
  return read_json_row(row, "a row of a token", [](const json::object& from) {
    return Seen{from_epoch_ms(from.at("at").to_number<std::int64_t>()), std::string(from.at("digest").as_string()),
                std::string(from.at("id").as_string())};
  });
}

}  // namespace

Result<std::optional<std::string>> known_transfer(kv::Reader& reader, const TransferToken& token, WallTime now) {
  GUST_TRY(const auto row, reader.get(key_of(token)));
  if (!row) return std::nullopt;
  GUST_TRY(auto seen, decode(*row));
  if (seen.at + kTransferTokenLife <= now) return std::nullopt;
  if (seen.digest == token.digest) return std::move(seen.id);
  return fail(Code::kConflict,
              "A request with the same client token but different parameters was made within the last eight hours",
              "token");
}

async::Task<void> trim_transfers(kv::Store& store, WallTime now) {
  auto range = kv::Range::prefix(std::string(kTokens));
  for (;;) {
    GUST_CO_TRY(const auto rows, co_await store.scan(range));
    std::vector<std::string> old;
    for (const auto& row : rows) {
      GUST_CO_TRY(const auto seen, decode(row.value));
      if (seen.at + kTransferTokenLife <= now) old.push_back(row.key);
    }
    kv::Store::Body body = [&old](kv::Transaction& tx) -> Result<void> {
      for (const auto& key : old) tx.erase(key);
      return {};
    };
    if (!old.empty()) GUST_CO_CHECK(co_await store.transact(std::move(body)));
    if (rows.size() < range.limit) co_return Result<void>();
    range.begin = rows.back().key + '\0';
  }
}

Result<std::optional<std::string>> seen_before(kv::Transaction& tx, const TransferToken& token, std::string_view id,
                                               WallTime now) {
  GUST_TRY(auto seen, known_transfer(tx, token, now));
  if (seen) return seen;
  tx.put(key_of(token), codec::to_json(json::object{{"at", to_epoch_ms(now)}, {"digest", token.digest}, {"id", id}}));
  return std::nullopt;
}

}  // namespace gust::tables
