// For tests only: zips made by hand.
#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <sys/types.h>

#include <string>
#include <vector>

namespace gust::functions::testing {

struct Item {
  std::string name;
  std::string text;
  ::mode_t mode = 0644;
  std::string link = {};
};

inline std::string make_zip(const std::vector<Item>& items) {
  std::string out(4 << 20, '\0');
  std::size_t used = 0;
  archive* a = archive_write_new();
  archive_write_set_format_zip(a);
  archive_write_open_memory(a, out.data(), out.size(), &used);
  for (const auto& item : items) {
    archive_entry* e = archive_entry_new();
    archive_entry_set_pathname(e, item.name.c_str());
    archive_entry_set_filetype(e, item.link.empty() ? AE_IFREG : AE_IFLNK);
    if (!item.link.empty()) archive_entry_set_symlink(e, item.link.c_str());
    archive_entry_set_perm(e, item.mode);
    archive_entry_set_size(e, static_cast<la_int64_t>(item.text.size()));
    archive_write_header(a, e);
    archive_write_data(a, item.text.data(), item.text.size());
    archive_entry_free(e);
  }
  archive_write_close(a);
  archive_write_free(a);
  out.resize(used);
  return out;
}

}  // namespace gust::functions::testing
