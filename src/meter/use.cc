#include "meter/use.h"

#include "codec/json.h"

#include <boost/json/object.hpp>

namespace gust::meter {
namespace {

namespace json = boost::json;

struct Member {
  std::string_view name;
  std::uint64_t Use::* count;
};
constexpr Member kMembers[] = {
    {"requests", &Use::requests},     {"puts", &Use::puts},
    {"gets", &Use::gets},             {"api_requests", &Use::api_requests},
    {"in", &Use::bytes_in},           {"out", &Use::bytes_out},
    {"inside", &Use::bytes_inside},   {"read_milliunits", &Use::read_milliunits},
    {"byte_hours", &Use::byte_hours}, {"write_milliunits", &Use::write_milliunits},
};

}  // namespace

Use& Use::operator+=(const Use& other) {
  for (const auto& member : kMembers) this->*member.count += other.*member.count;
  return *this;
}

Quantities quantities_of(std::string_view service, const Use& use) {
  Quantities out;
  out.puts = use.puts;
  out.gets = use.gets;
  out.bytes_out = use.bytes_out;
  out.read_milliunits = use.read_milliunits;
  out.write_milliunits = use.write_milliunits;
  out.api_requests = use.api_requests;
  (service == "s3" ? out.object_byte_hours : out.table_byte_hours) = use.byte_hours;
  return out;
}

std::string encode(const Thing& thing, const Use& use) {
  codec::JsonArena arena;
  json::object out({{"account", thing.account.str()}, {"service", thing.service}, {"resource", thing.resource}},
                   arena.storage());
  for (const auto& member : kMembers) {
    if (use.*member.count > 0) out[member.name] = use.*member.count;
  }
  return codec::to_json(out);
}

Result<UseLine> decode_use(std::string_view text) {
  const auto document = codec::parse_json(text);
  if (!document || !document->is_object()) return fail(Code::kCorrupt, "a line of use is not JSON", "ledger");
  const auto& object = document->get_object();
  UseLine out;
  const auto word = [&](std::string_view name) {
    const auto* found = object.if_contains(name);
    return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
  };
  out.thing = {word("service"), word("resource"), AccountId(word("account"))};
  if (out.thing.service.empty() || out.thing.account.empty())
    return fail(Code::kCorrupt, "a line of use lacks its service or account", "ledger");
  for (const auto& member : kMembers) {
    const auto* found = object.if_contains(member.name);
    if (found == nullptr) continue;
    if (!found->is_number()) return fail(Code::kCorrupt, "a line of use counts what is no number", "ledger");
    out.use.*member.count = found->to_number<std::uint64_t>();
  }
  return out;
}

}  // namespace gust::meter
