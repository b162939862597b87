// CSV (RFC 4180) of items: a header line with the attributes' names, then a line an item. A cell is a number, true,
// false, null, a JSON list or map, or else text; text that would pass for one of these is in JSON's quotes. An empty
// cell is no attribute. One thread.
#pragma once

#include "cli/table/client.h"
#include "cli/table/values.h"

#include <istream>
#include <optional>

namespace gust::cli {

class CsvReader {
 public:
  explicit CsvReader(std::istream& in) : in_(in) {}

  // The cells of the next line that is not empty; nothing at the end. Cells in quotes may have several lines. kInvalid
  // when a quote does not end.
  Result<std::optional<std::vector<std::string>>> next();
  std::uint64_t line() const { return first_line_; }  // where it began, from 1

 private:
  bool get_line(std::string& out);

  std::istream& in_;
  std::uint64_t lines_ = 0, first_line_ = 0;
};

// Quoted where it must be.
std::string csv_cell(std::string_view text);

// The typed value of a cell. `type` is that of a key's attribute, or empty.
Result<boost::json::value> value_of_cell(std::string_view cell, std::string_view type, Form form);
// The other way, not yet quoted.
std::string cell_of_value(const boost::json::value& typed, std::string_view type, Form form);

}  // namespace gust::cli
