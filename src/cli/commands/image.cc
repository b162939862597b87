// gust image push, ls, rm.
#include "cli/cli.h"
#include "cli/commands/commands.h"
#include "cli/image.h"
#include "codec/url.h"

#include <boost/json/array.hpp>
#include <fmt/format.h>

namespace gust::cli {

namespace json = boost::json;

int image_push_command(Session& session, const ImageOptions& options) {
  const auto remote = session.connect();
  if (!remote) return session.failed(remote.error());
  const auto pushed = push_image(**remote, options.path, options.name);
  if (!pushed) return session.failed(pushed.error());
  if (session.output == Output::kJson) {
    session.json(*pushed);
  } else {
    session.terminal.line(fmt::format("{}@{}", member(*pushed, "name"), member(*pushed, "digest")));
  }
  return kOk;
}

int image_list_command(Session& session) {
  const auto remote = session.connect();
  if (!remote) return session.failed(remote.error());
  const auto found = admin(**remote, "GET", "/_gust/images", "", "list the images");
  if (!found) return session.failed(found.error());
  if (session.output == Output::kJson) {
    session.json(*found);
    return kOk;
  }
  std::vector<std::vector<std::string>> rows{{"NAME", "TAGS", "DIGEST", "ARCHITECTURE", "BYTES", "PUSHED"}};
  for (const auto& image : found->is_array() ? found->get_array() : json::array()) {
    std::string tags;
    for (const auto& tag : image.at("tags").as_array())
      tags += (tags.empty() ? "" : ",") + std::string(tag.as_string());
    rows.push_back({member(image, "name"), tags.empty() ? "-" : tags, member(image, "digest"),
                    member(image, "architecture"), member(image, "bytes"), member(image, "pushed_at")});
  }
  if (rows.size() == 1) {
    session.terminal.line("There are no images; push one with: gust image push PATH NAME:TAG");
  } else {
    session.terminal.table(rows);
  }
  return kOk;
}

int image_remove_command(Session& session, const ImageOptions& options) {
  const auto remote = session.connect();
  if (!remote) return session.failed(remote.error());
  const auto removed = admin(**remote, "DELETE", "/_gust/images/" + codec::percent_encode(options.name), "",
                             fmt::format("remove the image {}", options.name));
  if (!removed) return session.failed(removed.error());
  if (session.output == Output::kJson) {
    session.json(*removed);
  } else {
    session.terminal.line(fmt::format("{} is removed; functions that use it keep it", options.name));
  }
  return kOk;
}

}  // namespace gust::cli
