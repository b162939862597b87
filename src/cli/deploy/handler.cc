#include "cli/deploy/handler.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>

namespace gust::cli {
namespace {

constexpr std::int64_t kMostText = 1 << 20;  // a larger module is a bundle, and not looked into

struct Entry {
  unsigned mode = 0;
  std::string text;  // of the wanted entry only
};
using Entries = std::map<std::string, Entry>;

// The zip's entries; the text of `wanted`. Empty when the zip cannot be read, which the service will say better.
Entries read_zip(const std::string& path, const std::string& wanted) {
  std::unique_ptr<struct archive, int (*)(struct archive*)> zip(archive_read_new(), archive_read_free);
  archive_read_support_format_zip(zip.get());
  Entries out;
  if (archive_read_open_filename(zip.get(), path.c_str(), 64 << 10) != ARCHIVE_OK) return out;
  for (archive_entry* entry = nullptr; archive_read_next_header(zip.get(), &entry) == ARCHIVE_OK;) {
    const auto* name = archive_entry_pathname_utf8(entry);
    if (name == nullptr) continue;
    auto& item = out[name];
    item.mode = archive_entry_perm(entry);
    if (wanted != name || archive_entry_size(entry) > kMostText) continue;
    std::array<char, 16 << 10> buffer;
    for (la_ssize_t n; (n = archive_read_data(zip.get(), buffer.data(), buffer.size())) > 0;)
      item.text.append(buffer.data(), static_cast<std::size_t>(n));
  }
  return out;
}

bool has_word(std::string_view text, std::string_view word) {
  const auto in_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '$'; };
  for (std::size_t at = 0; (at = text.find(word, at)) != std::string_view::npos; ++at) {
    const auto end = at + word.size();
    if ((at == 0 || !in_word(text[at - 1])) && (end == text.size() || !in_word(text[end]))) return true;
  }
  return false;
}

struct Wanted {
  std::vector<std::string> files;            // any of these
  std::string name;                          // in it
  std::vector<std::string_view> open_ended;  // words by which a module may get names that its text does not have
};

Wanted python(std::string handler) {
  const auto dot = handler.rfind('.');
  auto module = handler.substr(0, dot);
  std::ranges::replace(module, '.', '/');
  return {{module + ".py", module + "/__init__.py", module + ".so", module + ".pyc"},
          handler.substr(dot + 1),
          {"import *", "globals(", "__getattr__", "setattr(", "exec(", "sys.modules"}};
}

Wanted node(const std::string& handler) {
  const auto slash = handler.rfind('/');
  const auto dot = handler.find('.', slash == std::string::npos ? 0 : slash + 1);
  auto module = handler.substr(0, dot);
  if (module.starts_with("./")) module.erase(0, 2);
  auto name = handler.substr(dot + 1);
  return {{module + ".js", module + ".mjs", module + ".cjs", module, module + "/index.js"},
          name.substr(0, name.find('.')),
          {"export *", "exports = require", "exports=require", "__exportStar", "..."}};
}

std::string some_of(const Entries& entries) {
  std::vector<std::string> names;
  for (const auto& [name, entry] : entries) {
    if (names.size() == 8) {
      names.emplace_back("...");
      break;
    }
    if (!name.ends_with('/')) names.push_back(name);
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

Result<void> check_handler(const FunctionSpec& function, const std::string& zip_path, const std::string& file) {
  const auto& runtime = function.configuration["Runtime"].text;
  const auto& handler = function.configuration["Handler"];
  const auto wrong = [&](int line, const std::string& what) {
    return fail(Code::kInvalid, fmt::format("{}:{}: the function {}: {}", file, line, function.logical_id, what),
                "template");
  };
  if (runtime.starts_with("provided")) {
    const auto entries = read_zip(zip_path, {});
    const auto at = entries.find("bootstrap");
    if (at == entries.end()) {
      return wrong(function.code.line, fmt::format("the runtime {} starts the file 'bootstrap', and its code has "
                                                   "none; there is: {}",
                                                   runtime, some_of(entries)));
    }
    if ((at->second.mode & 0111) == 0)
      return wrong(function.code.line, "its file 'bootstrap' is not executable; chmod +x it");
    return {};
  }
  const bool is_python = runtime.starts_with("python");
  if (!is_python && !runtime.starts_with("nodejs")) return {};
  if (!handler.text.contains('.') || handler.text.starts_with('.')) {
    return wrong(handler.line, fmt::format("the Handler '{}' must be FILE.FUNCTION, as in app.handler for {}",
                                           handler.text, is_python ? "app.py" : "app.js"));
  }
  const auto wanted = is_python ? python(handler.text) : node(handler.text);
  auto entries = read_zip(zip_path, {});
  const auto at = std::ranges::find_if(wanted.files, [&](const auto& name) { return entries.contains(name); });
  if (at == wanted.files.end()) {
    const auto package = "node_modules/" + wanted.files.front().substr(0, wanted.files.front().find('/')) + "/";
    const auto below = entries.lower_bound(package);
    if (entries.empty() || (!is_python && below != entries.end() && below->first.starts_with(package))) return {};
    return wrong(handler.line, fmt::format("the Handler '{}' needs {}, which is not in its code; there is: {}",
                                           handler.text, wanted.files.front(), some_of(entries)));
  }
  entries = read_zip(zip_path, *at);
  const auto& text = entries[*at].text;
  const bool tells = at->ends_with(".py") || at->ends_with("js");
  if (!tells || text.empty() || has_word(text, wanted.name)) return {};
  if (std::ranges::any_of(wanted.open_ended, [&](auto word) { return text.contains(word); })) return {};
  return wrong(handler.line,
               fmt::format("the Handler '{}' needs '{}' in {}, which has none", handler.text, wanted.name, *at));
}

}  // namespace gust::cli
