#include "tables/backups/undo_log.h"

#include "kv/key.h"

namespace gust::tables::undo_log {
namespace {

constexpr std::size_t kNumbers = 16;  // at the end of a key
constexpr char kWasNot = 0, kWas = 1;

}  // namespace

StreamName stream_of(const std::string& table_id) { return {table_id, "history"}; }

std::string prefix(const std::string& table_id) { return "t/h/" + table_id + "/"; }

std::string key(const std::string& table_id, std::uint64_t sequence, std::uint64_t n) {
  auto out = prefix(table_id);
  kv::append_number(out, sequence);
  kv::append_number(out, n);
  return out;
}

std::string encode(const Change& change) {
  std::string row;
  kv::append_text(row, change.item);
  row += change.before ? kWas : kWasNot;
  if (change.before) row += *change.before;
  return row;
}

Result<Change> decode(const kv::Entry& row) {
  Change out;
  std::string_view rest = row.value;
  const bool whole = row.key.size() > kNumbers && kv::take_text(rest, out.item) && !rest.empty() &&
                     (rest[0] == kWas || rest == std::string_view(&kWasNot, 1));
  if (!whole) return fail(Code::kCorrupt, "a row of a table's undo log is none");
  if (rest[0] == kWas) out.before = rest.substr(1);
  auto numbers = std::string_view(row.key).substr(row.key.size() - kNumbers);
  kv::take_number(numbers, out.sequence);
  return out;
}

kv::Range behind(const std::string& table_id, std::uint64_t sequence) {
  auto out = kv::Range::prefix(prefix(table_id));
  out.begin = key(table_id, sequence + 1, 0);
  return out;
}

kv::Range up_to(const std::string& table_id, std::uint64_t sequence) {
  auto out = kv::Range::prefix(prefix(table_id));
  out.end = key(table_id, sequence + 1, 0);
  return out;
}

std::uint64_t end_of(WallTime time) { return sequence_at(time + Millis(1)); }

Result<std::uint64_t> learn(kv::Reader& reader, Sequences& sequences, const std::string& table_id) {
  const auto name = stream_of(table_id);
  if (sequences.knows(name)) return 0;
  auto last = kv::Range::prefix(prefix(table_id), 1);
  last.order = kv::Order::kBackward;
  GUST_TRY(const auto found, reader.scan(last));
  std::uint64_t sequence = 0;
  if (!found.empty()) {
    GUST_TRY(const auto change, decode(found[0]));
    sequence = change.sequence;
  }
  sequences.learn(name, sequence);
  return sequence;
}

}  // namespace gust::tables::undo_log
