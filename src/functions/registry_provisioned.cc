// Provisioned concurrency: how many instances of a version or an alias stand ready.
#include "functions/registry.h"
#include "functions/registry_read.h"

#include "codec/json.h"

#include <boost/json/object.hpp>
#include <fmt/format.h>

namespace gust::functions {

namespace json = boost::json;

static constexpr std::size_t kMany = 1'000'000;

static std::string encode(const Provision& p) {
  return codec::to_json(json::object{{"account", p.ref.key.account.str()},
                                     {"name", p.ref.key.name.str()},
                                     {"qualifier", p.ref.qualifier},
                                     {"requested", p.requested},
                                     {"modified", to_epoch_ms(p.modified_at)}});
}

static Result<Provision> decode(std::string_view bytes) {
  const auto document = codec::parse_json(bytes);
  if (!document || !document->is_object()) return fail(Code::kCorrupt, "a row of provisioned concurrency is not JSON");
  try {
    const auto& row = document->get_object();
    const auto text = [&](const char* name) { return std::string(row.at(name).as_string()); };
    return Provision{{{AccountId(text("account")), FunctionName(text("name"))}, text("qualifier")},
                     row.at("requested").to_number<std::uint32_t>(),
                     from_epoch_ms(row.at("modified").to_number<std::int64_t>())};
  } catch (const std::exception& e) {
    return fail(Code::kCorrupt, std::string("a row of provisioned concurrency lacks something: ") + e.what());
  }
}

static Result<std::vector<Provision>> read_all(kv::Reader& reader, const std::string& prefix) {
  GUST_TRY(const auto found, reader.scan(kv::Range::prefix(prefix, kMany)));
  std::vector<Provision> out;
  for (const auto& row : found) {
    GUST_TRY(auto provision, decode(row.value));
    out.push_back(std::move(provision));
  }
  return out;
}

Result<std::uint64_t> rows::provisioned_of(kv::Reader& reader, const FunctionKey& key) {
  GUST_TRY(const auto all, read_all(reader, provisioned_prefix(key)));
  std::uint64_t sum = 0;
  for (const auto& provision : all) sum += provision.requested;
  return sum;
}

static std::unexpected<Error> invalid(std::string message) {
  return fail(Code::kInvalid, std::move(message), "provisioned");
}

// The version that `ref` provisions. A weighted alias has two.
static Result<std::string> version_of(kv::Reader& reader, const FunctionRef& ref) {
  if (ref.qualifier.empty() || ref.qualifier == kLatest)
    return invalid("Provisioned Concurrency Configs cannot be applied to unpublished function versions.");
  if (is_version_number(ref.qualifier)) {
    GUST_CHECK(rows::read_version(reader, ref.key, ref.qualifier));
    return ref.qualifier;
  }
  GUST_CHECK(rows::read_function(reader, ref.key));
  GUST_TRY(const auto alias, rows::read_alias(reader, ref.key, ref.qualifier));
  if (!alias.weights.empty()) return invalid("Alias with weights can not be used with Provisioned Concurrency");
  if (alias.version == kLatest)
    return invalid("Provisioned Concurrency Configs cannot be applied to unpublished function versions.");
  return alias.version;
}

static Result<std::optional<std::uint32_t>> reserved_in(kv::Reader& reader, const FunctionKey& key) {
  GUST_TRY(const auto row, reader.get(rows::reserved_key(key)));
  if (!row) return std::nullopt;
  GUST_TRY(const auto number, rows::decode_number(*row));
  return static_cast<std::uint32_t>(number);
}

// Whether there is room: in the function's reservation, or in what the account has left.
static Result<void> check_room(kv::Transaction& tx, const Provision& wanted, std::uint32_t account_limit) {
  const auto& key = wanted.ref.key;
  GUST_TRY(const auto reserved, reserved_in(tx, key));
  std::uint64_t of_function = wanted.requested, unreserved = reserved ? 0 : wanted.requested;
  GUST_TRY(const auto all, read_all(tx, rows::provisioned_prefix(key.account)));
  for (const auto& other : all) {
    if (other.ref == wanted.ref) continue;
    if (other.ref.key == key) of_function += other.requested;
    GUST_TRY(const auto others_own, reserved_in(tx, other.ref.key));
    if (!others_own) unreserved += other.requested;
  }
  if (reserved && of_function > *reserved) {
    return invalid(
        fmt::format("Specified ProvisionedConcurrentExecutions for function is greater than its "
                    "ReservedConcurrentExecutions [{}].",
                    *reserved));
  }
  GUST_TRY(const auto rows, tx.scan(kv::Range::prefix(rows::reserved_prefix(key.account), kMany)));
  for (const auto& row : rows) {
    GUST_TRY(const auto number, rows::decode_number(row.value));
    unreserved += number;
  }
  if (!reserved && unreserved + Registry::kUnreservedMinimum > account_limit) {
    return invalid(
        fmt::format("Specified ConcurrentExecutions for function decreases account's "
                    "UnreservedConcurrentExecution below its minimum value of [{}].",
                    Registry::kUnreservedMinimum));
  }
  return {};
}

async::Task<Provision> Registry::provision(FunctionRef ref, std::uint32_t requested, std::uint32_t account_limit) {
  const Provision wanted{ref, requested, clock_.now()};
  kv::Store::Body body = [wanted, account_limit](kv::Transaction& tx) -> Result<void> {
    const auto& ref = wanted.ref;
    GUST_TRY(const auto version, version_of(tx, ref));
    GUST_TRY(const auto function, rows::read_version(tx, ref.key, version));
    if (function.snap_start)
      return invalid("Provisioned Concurrency is not supported for functions enabled with SnapStart.");
    GUST_TRY(const auto others, read_all(tx, rows::provisioned_prefix(ref.key)));
    for (const auto& other : others) {
      if (other.ref == ref) continue;
      GUST_TRY(const auto taken, version_of(tx, other.ref));
      if (taken == version)
        return invalid(
            "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version");
    }
    // Scans do not conflict; every writer of the account's sums reads and writes this row.
    GUST_CHECK(tx.get(rows::reserved_guard(ref.key.account)));
    tx.put(rows::reserved_guard(ref.key.account), ref.key.name.str());
    GUST_CHECK(check_room(tx, wanted, account_limit));
    tx.put(rows::provisioned_key(ref), encode(wanted));
    return {};
  };
  GUST_CO_CHECK(co_await store_.transact(std::move(body)));
  changed(ref.key);
  co_return wanted;
}

async::Task<void> Registry::unprovision(FunctionRef ref) {
  kv::Store::Body body = [ref](kv::Transaction& tx) -> Result<void> {
    GUST_CHECK(rows::check_ref(tx, ref));
    tx.erase(rows::provisioned_key(ref));
    return {};
  };
  GUST_CO_CHECK(co_await store_.transact(std::move(body)));
  changed(ref.key);
  co_return Result<void>{};
}

async::Task<std::vector<Provision>> Registry::provisions(FunctionKey key) {
  const auto view = store_.snapshot();
  GUST_CO_CHECK(rows::read_function(*view, key));
  co_return read_all(*view, rows::provisioned_prefix(key));
}

async::Task<std::vector<Provision>> Registry::every_provision() {
  const auto view = store_.snapshot();
  co_return read_all(*view, std::string(rows::kProvisioned));
}

async::Task<std::map<std::string, std::uint32_t>> Registry::provisioned_versions(FunctionKey key) {
  const auto view = store_.snapshot();
  std::map<std::string, std::uint32_t> out;
  GUST_CO_TRY(const auto all, read_all(*view, rows::provisioned_prefix(key)));
  for (const auto& [ref, requested, modified_at] : all) {
    auto version = ref.qualifier;
    if (!is_version_number(version)) {
      GUST_CO_TRY(const auto alias, rows::read_alias(*view, key, version));
      version = alias.version;
    }
    if (version != kLatest) out[version] += requested;  // an alias may have moved since
  }
  co_return out;
}

}  // namespace gust::functions
