#include "meter/record.h"

#include "codec/json.h"
#include "codec/time_format.h"

#include <boost/json/object.hpp>

namespace gust::meter {

namespace json = boost::json;

static constexpr std::uint64_t kFreeTmpMb = 512;

void Sum::add(const Record& record) {
  ++invocations;
  if (!record.error_type.empty()) ++errors;
  if (record.start != "warm") ++starts;
  billed_ms += record.billed_ms;
  mb_ms += record.billed_ms * record.memory_mb;
  if (record.tmp_mb > kFreeTmpMb) tmp_mb_ms += record.billed_ms * (record.tmp_mb - kFreeTmpMb);
  duration_us += record.duration_us;
  init_us += record.init_us;
  cpu_us += record.cpu_us;
  bytes_in += record.bytes_in;
  bytes_out += record.bytes_out;
}

std::string day_of(WallTime time) { return codec::to_iso8601(time).substr(0, 10); }

std::string encode(const Record& r) {
  codec::JsonArena arena;
  json::object out({{"id", r.request_id.str()},
                    {"account", r.account.str()},
                    {"function", r.function},
                    {"version", r.version},
                    {"at", to_epoch_ms(r.at)},
                    {"start", r.start},
                    {"duration_us", r.duration_us},
                    {"billed_ms", r.billed_ms},
                    {"memory_mb", r.memory_mb},
                    {"tmp_mb", r.tmp_mb},
                    {"peak_bytes", r.peak_bytes},
                    {"cpu_us", r.cpu_us},
                    {"in", r.bytes_in},
                    {"out", r.bytes_out}},
                   arena.storage());
  if (r.queued_ms > 0) out["queued_ms"] = r.queued_ms;
  if (r.init_us > 0) out["init_us"] = r.init_us;
  if (!r.error_type.empty()) out["error"] = r.error_type;
  return codec::to_json(out);
}

Result<Record> decode_record(std::string_view text) {
  const auto document = codec::parse_json(text);
  if (!document || !document->is_object()) return fail(Code::kCorrupt, "a record of the ledger is not JSON", "ledger");
  try {
    const auto& o = document->get_object();
    const auto word = [&](const char* name) { return std::string(o.at(name).as_string()); };
    const auto number = [&](const char* name) { return o.at(name).to_number<std::uint64_t>(); };
    const auto small = [&](const char* name) { return o.at(name).to_number<std::uint32_t>(); };
    Record r;
    r.request_id = RequestId(word("id"));
    r.account = AccountId(word("account"));
    r.function = word("function");
    r.version = word("version");
    r.at = from_epoch_ms(o.at("at").to_number<std::int64_t>());
    r.start = word("start");
    r.duration_us = number("duration_us");
    r.billed_ms = number("billed_ms");
    r.memory_mb = small("memory_mb");
    r.tmp_mb = small("tmp_mb");
    r.peak_bytes = number("peak_bytes");
    r.cpu_us = number("cpu_us");
    r.bytes_in = number("in");
    r.bytes_out = number("out");
    if (o.contains("queued_ms")) r.queued_ms = number("queued_ms");
    if (o.contains("init_us")) r.init_us = number("init_us");
    if (o.contains("error")) r.error_type = word("error");
    return r;
  } catch (const std::exception& e) {
    return fail(Code::kCorrupt, std::string("a record of the ledger lacks something: ") + e.what(), "ledger");
  }
}

}  // namespace gust::meter
