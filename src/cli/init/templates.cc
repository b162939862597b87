#include "cli/init/templates.h"

#include "cli/init/sources.h"

namespace gust::cli {

std::span<const InitTemplate> init_templates() {
  static const std::vector<InitTemplate> kAll{
      {"api",
       "python",
       "an HTTP API that keeps notes in a table",
       {{"template.yaml", kApiPythonTemplate}, {"src/app.py", kApiPython}, {"README.md", kApiReadme}},
       kApiTry},
      {"api",
       "node",
       "an HTTP API that keeps notes in a table",
       {{"template.yaml", kApiNodeTemplate},
        {"src/index.mjs", kApiNode},
        {"src/package.json",
         "{\n  \"type\": \"module\",\n  \"dependencies\": {\n    \"@aws-sdk/client-dynamodb\": \"^3\",\n"
         "    \"@aws-sdk/lib-dynamodb\": \"^3\"\n  }\n}\n"},
        {"README.md", kApiReadme}},
       kApiTry},
      {"worker",
       "python",
       "a table, and a function that follows its changes",
       {{"template.yaml", kWorkerPythonTemplate}, {"src/app.py", kWorkerPython}, {"README.md", kWorkerReadme}},
       kWorkerTry},
      {"worker",
       "node",
       "a table, and a function that follows its changes",
       {{"template.yaml", kWorkerNodeTemplate}, {"src/index.mjs", kWorkerNode}, {"README.md", kWorkerReadme}},
       kWorkerTry},
      {"thumbnails",
       "python",
       "a picture is uploaded, its thumbnail appears in another bucket",
       {{"template.yaml", kThumbnailsTemplate},
        {"src/app.py", kThumbnails},
        {"src/requirements.txt", "pillow>=11\n"},
        {"README.md", kThumbnailsReadme}},
       kThumbnailsTry},
  };
  return kAll;
}

}  // namespace gust::cli
