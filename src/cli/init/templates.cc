#include "cli/init/templates.h"

#include "cli/init/files.h"

#include <fmt/format.h>

#include <array>

namespace gust::cli {
namespace {

constexpr std::string_view kCpp = "cpp";
constexpr std::string_view kSharedCpp = "requests/cpp/";  // for those that ask Gust's services
constexpr std::array kAll = {
    InitTemplate{"api", "an HTTP API that keeps notes in a table",
                 R"(gust deploy                    # prints the API's address
curl --json '{"text": "hello"}' ADDRESS/notes)"},
    InitTemplate{"worker", "a table, and a function that follows its changes",
                 R"(gust deploy                    # prints the table's name
gust table put TABLE '{"id": "1", "what": "tea"}'
gust logs WorkerFunction -f)"},
    InitTemplate{"thumbnails", "a picture is uploaded, its thumbnail appears in another bucket",
                 R"(gust deploy                    # prints the names of the buckets
gust bucket cp picture.jpg s3://PICTURES/)"},
};

struct Language {
  std::string_view name, handler, runtime;
};
constexpr std::array kLanguages = {Language{"python", "app.handler", "python3.12"},
                                   Language{"node", "index.handler", "nodejs22.x"},
                                   Language{kCpp, "bootstrap", "provided.al2023"}};

void replace(std::string& text, std::string_view word, std::string_view by) {
  for (std::size_t at = 0; (at = text.find(word, at)) != std::string::npos; at += by.size())
    text.replace(at, word.size(), by);
}

// With the language's handler and runtime; what is compiled has a Makefile.
std::string settings(std::string text, std::string_view language) {
  for (const auto& each : kLanguages) {
    if (each.name != language) continue;
    replace(text, "HANDLER", each.handler);
    replace(text, "RUNTIME", each.runtime);
  }
  constexpr std::string_view kType = "    Type: AWS::Serverless::Function\n";
  if (language == kCpp) replace(text, kType, fmt::format("{}    Metadata: {{BuildMethod: makefile}}\n", kType));
  return text;
}

}  // namespace

std::span<const InitTemplate> init_templates() { return kAll; }

std::vector<std::string> init_languages(std::string_view name) {
  std::vector<std::string> out;
  for (const auto& language : kLanguages) {
    const auto folder = fmt::format("{}/{}/", name, language.name);
    for (const auto& file : embedded_templates()) {
      if (!file.path.starts_with(folder)) continue;
      out.emplace_back(language.name);
      break;
    }
  }
  return out;
}

std::map<std::string, std::string> init_files(std::string_view name, std::string_view language) {
  std::map<std::string, std::string> out;
  const auto whole = fmt::format("{}/", name), code = fmt::format("{}{}/", whole, language);
  bool asks = false;
  const auto add_code = [&](const EmbeddedFile& file, std::size_t folder) {
    out.emplace(fmt::format("src/{}", file.path.substr(folder)), file.text);
  };
  for (const auto& file : embedded_templates()) {
    if (file.path.starts_with(code)) {
      add_code(file, code.size());
      asks = asks || file.text.contains("signed_request.h");
    } else if (file.path == whole + "template.yaml") {
      out.emplace("template.yaml", settings(std::string(file.text), language));
    } else if (file.path == whole + "README.md") {
      out.emplace("README.md", file.text);
    }
  }
  for (const auto& file : embedded_templates()) {
    if (asks && file.path.starts_with(kSharedCpp)) add_code(file, kSharedCpp.size());
  }
  return out;
}

}  // namespace gust::cli
