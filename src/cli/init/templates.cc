#include "cli/init/templates.h"

#include "cli/init/sources.h"

#include <initializer_list>
#include <utility>

namespace gust::cli {
namespace {

using Words = std::initializer_list<std::pair<std::string_view, std::string_view>>;

std::string replaced(std::string_view text, Words words) {
  std::string out(text);
  for (const auto& [word, by] : words) {
    for (std::size_t at = 0; (at = out.find(word, at)) != std::string::npos; at += by.size())
      out.replace(at, word.size(), by);
  }
  return out;
}

std::string in_python(std::string_view text) {
  return replaced(text, {{"HANDLER", "app.handler"}, {"RUNTIME", "python3.12"}});
}

std::string in_node(std::string_view text) {
  return replaced(text, {{"HANDLER", "index.handler"}, {"RUNTIME", "nodejs22.x"}});
}

}  // namespace

std::span<const InitTemplate> init_templates() {
  static const std::vector<InitTemplate> kAll{
      {"api",
       "python",
       "an HTTP API that keeps notes in a table",
       {{"template.yaml", in_python(kApiTemplate)},
        {"src/app.py", std::string(kApiPython)},
        {"README.md", std::string(kApiReadme)}},
       kApiTry},
      {"api",
       "node",
       "an HTTP API that keeps notes in a table",
       {{"template.yaml", in_node(kApiTemplate)},
        {"src/index.mjs", std::string(kApiNode)},
        {"src/package.json",
         "{\n  \"type\": \"module\",\n  \"dependencies\": {\n    \"@aws-sdk/client-dynamodb\": \"^3\",\n"
         "    \"@aws-sdk/lib-dynamodb\": \"^3\"\n  }\n}\n"},
        {"README.md", std::string(kApiReadme)}},
       kApiTry},
      {"worker",
       "python",
       "a table, and a function that follows its changes",
       {{"template.yaml", in_python(kWorkerTemplate)},
        {"src/app.py", std::string(kWorkerPython)},
        {"README.md", std::string(kWorkerReadme)}},
       kWorkerTry},
      {"worker",
       "node",
       "a table, and a function that follows its changes",
       {{"template.yaml", in_node(kWorkerTemplate)},
        {"src/index.mjs", std::string(kWorkerNode)},
        {"README.md", std::string(kWorkerReadme)}},
       kWorkerTry},
      {"thumbnails",
       "python",
       "a picture is uploaded, its thumbnail appears in another bucket",
       {{"template.yaml", std::string(kThumbnailsTemplate)},
        {"src/app.py", std::string(kThumbnails)},
        {"src/requirements.txt", "pillow>=11\n"},
        {"README.md", std::string(kThumbnailsReadme)}},
       kThumbnailsTry},
  };
  return kAll;
}

}  // namespace gust::cli
