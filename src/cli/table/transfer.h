// Whole tables to files and back: JSON lines, or CSV by the name's end. Progress on the terminal. Blocking; one thread.
#pragma once

#include "cli/table/client.h"
#include "cli/table/values.h"
#include "cli/terminal.h"

namespace gust::cli {

enum class FileFormat { kLines, kCsv };
// By the name: .jsonl, .ndjson, .json or .csv. kInvalid "usage".
Result<FileFormat> format_of(const std::string& file);

// Writes beside the file and renames, so the file is never half of it; answers how many items. "-" is stdout.
Result<std::uint64_t> export_items(Terminal& terminal, TableClient& client, const TableInfo& table,
                                   TableQuery selection, const std::string& file, Form form);

struct Imported {
  std::uint64_t items = 0;
  struct Failure {
    std::uint64_t line = 0;
    std::string error;
  };
  std::vector<Failure> failed = {};
};
// Goes on behind lines that are no items or that the table refuses, each of which `failed` has. kNotFound "file"; when
// the daemon no longer answers, its error.
Result<Imported> import_items(Terminal& terminal, TableClient& client, const TableInfo& table, const std::string& file,
                              Form form);

}  // namespace gust::cli
