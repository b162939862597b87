#include "functions/layers.h"

#include "codec/json.h"
#include "functions/registry_rows.h"
#include "kv/key.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace gust::functions {
namespace {

namespace json = boost::json;

constexpr std::string_view kRows = "fn/l/", kCounters = "fn/ln/";
constexpr std::size_t kAll = 1'000'000;

std::string prefix_of(const AccountId& account, const std::string& name) {
  std::string out(kRows);
  kv::append_text(out, account.str());
  if (!name.empty()) kv::append_text(out, name);
  return out;
}

std::string row_of(const LayerKey& key) {
  auto out = prefix_of(key.account, key.name);
  kv::append_number(out, key.version);
  return out;
}

std::string counter_of(const LayerKey& key) {
  std::string out(kCounters);
  kv::append_text(out, key.account.str());
  return out + key.name;
}

json::array to_array(const std::vector<std::string>& texts) {
  json::array out;
  for (const auto& text : texts) out.push_back(json::string(text));
  return out;
}

std::vector<std::string> to_texts(const json::value& array) {
  std::vector<std::string> out;
  for (const auto& one : array.as_array()) out.emplace_back(one.as_string());
  return out;
}

std::string encode(const Layer& l) {
  return codec::to_json(json::object{{"account", l.key.account.str()},
                                     {"name", l.key.name},
                                     {"version", l.key.version},
                                     {"region", l.region},
                                     {"description", l.description},
                                     {"license", l.license},
                                     {"runtimes", to_array(l.runtimes)},
                                     {"architectures", to_array(l.architectures)},
                                     {"sha256", l.package.sha256},
                                     {"size", l.package.size},
                                     {"blob", l.package.blob},
                                     {"folder", l.package.folder},
                                     {"files", l.package.unpacked.files},
                                     {"bytes", l.package.unpacked.bytes},
                                     {"created", to_epoch_ms(l.created_at)}});
}

Result<Layer> decode(std::string_view row) {
  const auto document = codec::parse_json(row);
  if (!document || !document->is_object()) return fail(Code::kCorrupt, "a row of a layer is not JSON");
  try {
    const auto& o = document->get_object();
    const auto text = [&](const char* name) { return std::string(o.at(name).as_string()); };
    const auto number = [&](const char* name) { return o.at(name).to_number<std::uint64_t>(); };
    Layer out;
    out.key = {AccountId(text("account")), text("name"), number("version")};
    out.region = text("region");
    out.description = text("description");
    out.license = text("license");
    out.runtimes = to_texts(o.at("runtimes"));
    out.architectures = to_texts(o.at("architectures"));
    out.package = {text("sha256"), number("size"), text("blob"), text("folder"), {number("files"), number("bytes")}};
    out.created_at = from_epoch_ms(o.at("created").to_number<std::int64_t>());
    return out;
  } catch (const std::exception& e) {
    return fail(Code::kCorrupt, std::string("a row of a layer lacks something: ") + e.what());
  }
}

Result<std::vector<Layer>> decode_all(const std::vector<kv::Entry>& rows) {
  std::vector<Layer> out;
  for (const auto& row : rows) {
    GUST_TRY(auto layer, decode(row.value));
    out.push_back(std::move(layer));
  }
  return out;
}

}  // namespace

std::string Layer::arn() const { return fmt::format("arn:aws:lambda:{}:{}:layer:{}", region, key.account, key.name); }
std::string Layer::version_arn() const { return fmt::format("{}:{}", arn(), key.version); }

Result<LayerKey> parse_layer_version(std::string_view text) {
  const auto arn = Arn::parse(text);
  const auto rest = arn && arn->resource.starts_with("layer:") ? arn->resource.substr(6) : "";
  const auto colon = rest.find(':');
  if (colon == std::string::npos)
    return fail(Code::kInvalid, fmt::format("'{}' is not the ARN of a layer version", text), "layer");
  const auto number = rows::decode_number(rest.substr(colon + 1));
  if (!number) return fail(Code::kInvalid, fmt::format("'{}' ends in no version of a layer", text), "layer");
  return LayerKey{AccountId(arn->account), rest.substr(0, colon), *number};
}

async::Task<Layer> Layers::publish(Layer layer, std::string zip) {
  GUST_CO_TRY(layer.package, co_await code_.take(layer.key.account.str() + "/@layers", std::move(zip)));
  layer.created_at = clock_.now();
  kv::Store::Body body = [&layer](kv::Transaction& tx) -> Result<void> {
    GUST_TRY(const auto counter, tx.get(counter_of(layer.key)));
    std::uint64_t last = 0;
    if (counter) {
      GUST_TRY(last, rows::decode_number(*counter));
    }
    layer.key.version = last + 1;
    tx.put(counter_of(layer.key), std::to_string(layer.key.version));
    tx.put(row_of(layer.key), encode(layer));
    return {};
  };
  const auto committed = co_await store_.transact(std::move(body));
  if (!committed) {
    [[maybe_unused]] const auto dropped = co_await code_.drop(layer.package);
    co_return std::unexpected(committed.error());
  }
  co_return layer;
}

async::Task<Layer> Layers::get(LayerKey key) {
  GUST_CO_TRY(const auto row, co_await store_.get(row_of(key)));
  if (!row) co_return fail(Code::kNotFound, "The resource you requested does not exist.", "layer");
  co_return decode(*row);
}

// Its zip and folder go at the next start, if no function has them.
async::Task<void> Layers::remove(LayerKey key) {
  kv::Store::Body body = [key](kv::Transaction& tx) -> Result<void> {
    tx.erase(row_of(key));
    return {};
  };
  co_return co_await store_.transact(std::move(body));
}

async::Task<std::vector<Layer>> Layers::list(AccountId account, std::string name) {
  GUST_CO_TRY(const auto found, co_await store_.scan(kv::Range::prefix(prefix_of(account, name), kAll)));
  GUST_CO_TRY(auto out, decode_all(found));
  if (!name.empty()) std::ranges::reverse(out);
  co_return out;
}

async::Task<std::string> Layers::zip(LayerKey key) {
  GUST_CO_TRY(const auto layer, co_await get(std::move(key)));
  co_return co_await code_.zip(layer.package);
}

async::Task<Layers::Stack> Layers::stack(AccountId account, std::vector<std::string> arns) {
  Stack out;
  if (arns.size() > kMaxOfFunction)
    co_return fail(Code::kInvalid, fmt::format("Cannot reference more than {} layers.", kMaxOfFunction), "layer");
  std::set<std::string> names;
  for (const auto& arn : arns) {
    GUST_CO_TRY(const auto key, parse_layer_version(arn));
    if (key.account != account)
      co_return fail(Code::kDenied,
                     fmt::format("not authorized to perform: lambda:GetLayerVersion on resource: {}", arn), "layer");
    const auto layer = co_await get(key);
    if (!layer && layer.error().code == Code::kNotFound)
      co_return fail(Code::kInvalid, fmt::format("Layer version {} does not exist.", arn), "layer");
    if (!layer) co_return std::unexpected(layer.error());
    if (!names.insert(key.name).second) {
      co_return fail(
          Code::kInvalid,
          "Two different versions of the same layer are not allowed to be referenced in the same function. " + arn,
          "layer");
    }
    const auto& p = layer->package;
    out.layers.push_back({layer->version_arn(), p.size, p.blob, p.folder, p.unpacked});
  }
  GUST_CO_TRY(out.folder, co_await code_.merge(account, out.layers));
  co_return out;
}

Result<std::vector<Layer>> Layers::every(kv::Reader& reader) {
  GUST_TRY(const auto rows, reader.scan(kv::Range::prefix(std::string(kRows), kAll)));
  return decode_all(rows);
}

}  // namespace gust::functions
