// gust init: a folder with an application to begin with.
#include "cli/cli.h"
#include "cli/commands/command_table.h"
#include "cli/init/templates.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>

namespace gust::cli {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

struct InitOptions {
  std::string name, folder, language = "python";
};

std::string list_of_templates() {
  std::string out;
  for (const auto& each : init_templates()) {
    out += fmt::format("{}{}: {} ({})", out.empty() ? "" : "; ", each.name, each.what,
                       fmt::join(init_languages(each.name), ", "));
  }
  return out;
}

Result<const InitTemplate*> choose(const InitOptions& options) {
  for (const auto& each : init_templates()) {
    if (each.name != options.name) continue;
    const auto languages = init_languages(each.name);
    if (std::ranges::find(languages, options.language) != languages.end()) return &each;
    return fail(Code::kInvalid,
                fmt::format("the template {} is there in {}, not in {}; docs/guide/runtimes.md has how functions in "
                            "other languages are made",
                            options.name, fmt::join(languages, ", "), options.language),
                "usage");
  }
  for (const auto* later : {"chat", "cron", "queue"}) {
    if (options.name == later) {
      return fail(Code::kInvalid,
                  fmt::format("there is no template {} yet: it needs a service that Gust does not have. There are: {}",
                              later, list_of_templates()),
                  "usage");
    }
  }
  return fail(Code::kInvalid,
              fmt::format("there is no template '{}'. There are: {}", options.name, list_of_templates()), "usage");
}

using Files = std::map<std::string, std::string>;

Result<void> write(const fs::path& folder, std::string_view name, const Files& files) {
  std::error_code error;
  if (fs::exists(folder, error) && !(fs::is_directory(folder, error) && fs::is_empty(folder, error))) {
    return fail(Code::kAlreadyExists,
                fmt::format("{} is there already and is no empty folder; name another: gust init {} FOLDER",
                            folder.string(), name),
                "folder");
  }
  for (const auto& [file, text] : files) {
    const auto path = folder / file;
    fs::create_directories(path.parent_path(), error);
    std::ofstream out(path, std::ios::binary);
    out << text;
    out.close();
    if (!out) return fail(Code::kUnavailable, fmt::format("{} cannot be written", path.string()), "folder");
  }
  return {};
}

Result<void> init(Session& session, const InitOptions& options) {
  GUST_TRY(const auto* chosen, choose(options));
  const auto folder = options.folder.empty() ? options.name : options.folder;
  const auto files = init_files(chosen->name, options.language);
  GUST_CHECK(write(folder, chosen->name, files));
  if (session.output == Output::kJson) {
    json::array paths;
    for (const auto& [path, text] : files) paths.emplace_back((fs::path(folder) / path).string());
    session.json(json::object{{"folder", folder}, {"files", std::move(paths)}});
    return {};
  }
  auto& terminal = session.terminal;
  terminal.line(fmt::format("{}: {}, in {}", folder, chosen->what, options.language));
  for (const auto& [path, text] : files) terminal.line("  " + (fs::path(folder) / path).string());
  terminal.line(terminal.paint(Colour::kBold, "Next"));
  terminal.line(fmt::format("  cd {}", folder));
  std::string_view rest = chosen->try_it;
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size());
    terminal.line("  " + std::string(rest.substr(0, end)));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return {};
}

}  // namespace

void add_init_command(CommandTable& table) {
  const auto options = std::make_shared<InitOptions>();
  auto* sub = table.add("init", "Begin an application: a folder with a template and code",
                        "gust init api\n  gust init worker orders --language node\n"
                          "  gust init thumbnails --language cpp");
  std::vector<std::string_view> names;
  for (const auto& each : init_templates()) names.push_back(each.name);
  sub->add_option("template", options->name, list_of_templates())
      ->required()
      ->type_name(fmt::format("{{{}}}", fmt::join(names, ",")));
  sub->add_option("folder", options->folder,
                  "Where to; it must be empty or not be there yet (else the template's name)");
  sub->add_option("--language", options->language, "Where the template has it")
      ->type_name("{python,node,cpp}")
      ->default_str("python");
  sub->callback([&table, options] {
    const auto done = init(table.session, *options);
    table.code = done ? kOk : table.session.failed(done.error());
  });
}

}  // namespace gust::cli
