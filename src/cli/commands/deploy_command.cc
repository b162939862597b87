#include "cli/commands/commands.h"

#include "cli/deploy/deploy.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>

namespace gust::cli {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

}  // namespace

Result<std::string> find_template(const std::string& path) {
  if (fs::is_regular_file(path)) return path;
  for (const auto* name : {"template.yaml", "template.yml", "template.json"}) {
    const auto candidate = fs::path(path) / name;
    if (fs::is_regular_file(candidate)) return candidate.lexically_normal().string();
  }
  return fail(Code::kInvalid,
              fmt::format("there is no template: {} is neither a file nor a folder with template.yaml, "
                          "template.yml or template.json",
                          path),
              "usage");
}

namespace {

// The folder's name, with '-' for what a stack's may not have. Letters and digits are never left out: "2025" and "2026"
// would be one stack.
Result<std::string> stack_of(const std::string& file) {
  const auto folder = fs::weakly_canonical(fs::absolute(file)).parent_path().filename().string();
  auto name = folder;
  bool fits = !name.empty();
  for (auto& c : name) {
    const auto byte = static_cast<unsigned char>(c);
    fits = fits && byte < 0x80;
    if (!std::isalnum(byte)) c = '-';
  }
  while (name.starts_with('-')) name.erase(0, 1);
  while (name.ends_with('-')) name.pop_back();
  if (fits && !name.empty() && std::isalpha(static_cast<unsigned char>(name.front()))) return name;
  return fail(Code::kInvalid,
              fmt::format("a stack cannot be named like the folder '{}': that takes a Latin letter, then letters, "
                          "digits and '-'; give a name with --stack",
                          folder),
              "usage");
}

Result<std::map<std::string, std::string>> parse_parameters(const std::vector<std::string>& words) {
  std::map<std::string, std::string> out;
  for (const auto& word : words) {
    const auto equals = word.find('=');
    if (equals == std::string::npos || equals == 0) {
      return fail(Code::kInvalid, fmt::format("--parameter {}: expected NAME=VALUE", word), "usage");
    }
    out[word.substr(0, equals)] = word.substr(equals + 1);
  }
  return out;
}

void print_plan(Session& session, const Deploy& deploy, const std::string& stack) {
  auto& terminal = session.terminal;
  for (const auto& note : deploy.desired().notes) terminal.progress("note: " + note);
  std::size_t unchanged = 0;
  std::vector<std::vector<std::string>> rows;
  for (const auto& change : deploy.changes()) {
    if (change.action == Action::kNone) {
      ++unchanged;
      continue;
    }
    const auto name =
        change.replaced.empty() ? change.physical : fmt::format("{} (was {})", change.physical, change.replaced);
    rows.push_back({fmt::format("  {}", action_name(change.action)), change.logical_id, change.type, name});
    if (!change.what.empty()) rows.back().push_back(fmt::format("{}", fmt::join(change.what, ", ")));
  }
  terminal.line(rows.empty() ? fmt::format("Stack {}: no change ({} resources)", stack, unchanged)
                             : fmt::format("Stack {}: {} to change, {} unchanged", stack, rows.size(), unchanged));
  terminal.table(rows);
}

void print_outputs(Session& session, const Deploy& deploy) {
  const auto& outputs = deploy.desired().outputs;
  if (outputs.empty()) return;
  session.terminal.line(session.terminal.paint(Colour::kBold, "Outputs"));
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, value] : outputs) rows.push_back({"  " + name, value});
  session.terminal.table(rows);
}

json::object to_json_value(const Deploy& deploy, const std::string& stack, std::string_view state) {
  json::array changes;
  for (const auto& change : deploy.changes()) {
    json::array what;
    for (const auto& part : change.what) what.emplace_back(part);
    changes.push_back(json::object{{"action", action_name(change.action)},
                                   {"what", what},
                                   {"logical_id", change.logical_id},
                                   {"type", change.type},
                                   {"name", change.physical}});
  }
  json::object outputs;
  for (const auto& [name, value] : deploy.desired().outputs) outputs[name] = value;
  json::array notes;
  for (const auto& note : deploy.desired().notes) notes.emplace_back(note);
  return {{"stack", stack}, {"state", state}, {"changes", changes}, {"outputs", outputs}, {"notes", notes}};
}

bool destroys(const Deploy& deploy) {
  return std::ranges::any_of(
      deploy.changes(), [](const Change& c) { return c.action == Action::kDelete || c.action == Action::kReplace; });
}

Result<Surroundings> surroundings_of(const Session& session, const DeployOptions& options, const std::string& file) {
  Surroundings around;
  around.stack = options.stack;
  if (around.stack.empty()) {
    GUST_TRY(around.stack, stack_of(file));
  }
  GUST_TRY(around.parameters, parse_parameters(options.parameters));
  GUST_TRY(around.endpoint, session.find_endpoint());
  return around;
}

Result<std::string> run(Session& session, const DeployOptions& options) {
  GUST_TRY(const auto file, find_template(options.path));
  GUST_TRY(auto around, surroundings_of(session, options, file));
  GUST_CHECK(check_template(file, around));  // told even while no daemon runs
  auto remote = session.connect();
  if (!remote) return std::unexpected(std::move(remote).error());
  around.region = session.find_region();
  Deploy deploy(**remote, file, around, [&](const std::string& text) { session.terminal.progress(text); });
  GUST_CHECK(deploy.prepare());
  const bool text = session.output == Output::kText;
  if (text) print_plan(session, deploy, around.stack);
  const bool changes = std::ranges::any_of(deploy.changes(), [](const Change& c) { return c.action != Action::kNone; });
  if (options.dry_run) {
    if (!text) session.json(to_json_value(deploy, around.stack, "planned"));
    return std::string();
  }
  if (destroys(deploy) && !options.yes && !session.terminal.ask("Some resources are deleted or replaced. Go on?")) {
    return fail(Code::kCancelled, "nothing was changed: resources would be deleted or replaced; say --yes to allow it");
  }
  const auto told = deploy.desired().notes.size();
  GUST_CHECK(deploy.apply());
  if (text) {
    const auto& notes = deploy.desired().notes;
    for (auto i = std::min(told, notes.size()); i < notes.size(); ++i) session.terminal.line("Note: " + notes[i]);
    if (changes)
      session.terminal.line(session.terminal.paint(Colour::kGreen, fmt::format("Stack {} is deployed.", around.stack)));
    print_outputs(session, deploy);
  } else {
    session.json(to_json_value(deploy, around.stack, "deployed"));
  }
  return std::string();
}

}  // namespace

Result<Deployed> deploy_stack(Session& session, const DeployOptions& options) {
  GUST_TRY(const auto file, find_template(options.path));
  GUST_TRY(auto around, surroundings_of(session, options, file));
  GUST_TRY(const auto remote, session.connect());
  around.region = session.find_region();
  Deploy deploy(*remote, file, around, [](const std::string&) {});
  GUST_CHECK(deploy.prepare());
  if (destroys(deploy) && !options.yes) {
    return fail(Code::kCancelled, "resources would be deleted or replaced; say --yes to allow it, or gust deploy");
  }
  GUST_CHECK(deploy.apply());
  Deployed out;
  for (const auto& change : deploy.changes()) {
    if (change.type == kFunctionType && change.action != Action::kDelete) out.functions.push_back(change.physical);
    if (change.action == Action::kNone) continue;
    const auto what = change.what.empty() ? "" : fmt::format(" ({})", fmt::join(change.what, ", "));
    out.changed.push_back(fmt::format("{} {}{}", action_name(change.action), change.logical_id, what));
  }
  for (const auto& [name, value] : deploy.desired().outputs) out.outputs.emplace_back(name, value);
  return out;
}

int deploy_command(Session& session, const DeployOptions& options) {
  const auto done = run(session, options);
  return done ? 0 : session.failed(done.error());
}

}  // namespace gust::cli
