#include "tables/backups/job.h"

#include "codec/hex.h"
#include "codec/json.h"
#include "tables/json_row.h"

#include <array>
#include <stdexcept>

namespace gust::tables::job_rows {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 5> kKinds = {"backup", "restore", "erase", "export", "import"};
constexpr std::array<std::string_view, 3> kPhases = {"rows", "undo", "done"};

template <typename E, std::size_t N>
E value_of(const std::array<std::string_view, N>& names, const json::value& from) {
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == std::string_view(from.as_string())) return static_cast<E>(i);
  }
  throw std::out_of_range("no such name");
}

}  // namespace

std::string key(std::string_view id) { return std::string(kJobs).append(id); }

std::string encode(const Job& job) {
  const auto& copying = job.copying;
  return codec::to_json(json::object{
      {"kind", kKinds[static_cast<std::size_t>(job.kind)]},
      {"id", job.id},
      {"account", job.place.account.str()},
      {"region", job.place.region},
      {"name", job.place.name.str()},
      {"from", copying.from},
      {"to", copying.to},
      {"table", copying.table_id},
      {"line", copying.line},
      {"phase", kPhases[static_cast<std::size_t>(copying.phase)]},
      {"cursor", codec::to_hex(copying.cursor)},
      {"backup", job.backup},
  });
}

Result<Job> decode(std::string_view row) {
  return read_json_row(row, "a row of a job", [](const json::object& from) {
    Job out;
    out.kind = value_of<Job::Kind>(kKinds, from.at("kind"));
    out.id = text_of(from, "id");
    out.place = {AccountId(text_of(from, "account")), text_of(from, "region"), TableName(text_of(from, "name"))};
    auto& copying = out.copying;
    copying.from = text_of(from, "from");
    copying.to = text_of(from, "to");
    copying.table_id = text_of(from, "table");
    copying.line = from.at("line").to_number<std::uint64_t>();
    copying.phase = value_of<Copying::Phase>(kPhases, from.at("phase"));
    auto cursor = codec::from_hex(text_of(from, "cursor"));
    if (!cursor) throw std::out_of_range("the cursor is not hexadecimal");
    copying.cursor = *std::move(cursor);
    out.backup = text_of(from, "backup");
    return out;
  });
}

}  // namespace gust::tables::job_rows
