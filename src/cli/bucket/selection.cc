#include "cli/bucket/selection.h"

#include "cli/bucket/files.h"

#include <fmt/format.h>

#include <utility>

namespace gust::cli {
namespace {

std::unexpected<Error> usage(std::string message) { return fail(Code::kInvalid, std::move(message), "usage"); }

Place folder_place(Place place) {
  if (place.kind == PlaceKind::kObject) place.key = folder_key(std::move(place.key));
  return place;
}

// A thing of this name below the folder.
Place below(const Place& folder, const std::string& name) {
  Place out = folder;
  if (folder.kind == PlaceKind::kObject) {
    out.key += name;
  } else {
    out.path = joined(folder.path, name);
  }
  return out;
}

// What is there by name, whichever side it is.
Result<Entries> entries_of(BucketClient& client, const Place& folder, std::vector<std::string>& problems) {
  if (folder.kind == PlaceKind::kFile) {
    GUST_TRY(auto walk, walk_folder(folder.path));
    problems.insert(problems.end(), walk.problems.begin(), walk.problems.end());
    return std::move(walk.files);
  }
  Entries out;
  GUST_CHECK(client.for_each(folder, [&](const ListedObject& object) -> Result<void> {
    if (Interrupt::wanted()) return interrupted();
    auto name = object.key.substr(folder.key.size());
    // What other programs make to show an empty folder.
    if (name.empty() || (name.ends_with('/') && object.size == 0)) return {};
    out.emplace(std::move(name), Entry{object.size, to_epoch_ms(object.modified_at)});
    return {};
  }));
  return out;
}

// Takes out what cannot be a file below the target's folder.
void check_names(Entries& entries, const Place& to, std::vector<std::string>& problems) {
  if (to.kind != PlaceKind::kFile) return;
  std::erase_if(entries, [&](const auto& entry) {
    const auto good = check_local_name(entry.first);
    if (!good) problems.push_back(good.error().message);
    return !good;
  });
}

Result<void> check_folder(const Place& place) {
  if (place.kind != PlaceKind::kFile || is_folder(place.path)) return {};
  const auto state = file_state(place.path);
  if (!state && state.error().code == Code::kNotFound)
    return fail(Code::kNotFound, fmt::format("there is no folder {}", place.path), "folder");
  return usage(fmt::format("{} is no folder; leave --recursive out to copy one file", place.path));
}

}  // namespace

Result<Selection> select_one(BucketClient& client, const Place& from, const Place& to) {
  Item item{from, to, 0};
  if (from.kind == PlaceKind::kFile) {
    GUST_TRY(const auto state, file_state(from.path));
    item.to.key = key_for(to, base_name(from.path));
    item.size = state.size;
    return Selection{{std::move(item)}, {}, {}};
  }
  if (from.key.empty()) return usage(fmt::format("{} is a bucket; give --recursive to copy what is in it", from.str()));
  const auto name = base_name(from.key);
  if (name.empty())
    return usage(fmt::format("{} names a folder; give --recursive to copy what is in it", from.str()));
  if (to.kind == PlaceKind::kObject) {
    item.to.key = key_for(to, name);
    if (item.to == from) return usage(fmt::format("{} would be copied onto itself", from.str()));
  } else if (to.path.ends_with('/') || is_folder(to.path)) {
    GUST_CHECK(check_local_name(name));
    item.to.path = joined(to.path, name);
  }
  GUST_TRY(const auto head, client.head(from));
  item.size = head.size;
  return Selection{{std::move(item)}, {}, {}};
}

Result<Selection> select_below(BucketClient& client, const Place& from, const Place& to) {
  const auto source = folder_place(from), target = folder_place(to);
  if (source == target) return usage(fmt::format("{} would be copied onto itself", from.str()));
  GUST_CHECK(check_folder(source));
  if (to.kind == PlaceKind::kObject) GUST_CHECK(client.need_bucket(to.bucket));
  Selection out;
  GUST_TRY(auto entries, entries_of(client, source, out.problems));
  if (entries.empty() && out.problems.empty())
    return fail(Code::kNotFound, fmt::format("there is nothing below {}", source.str()), "nothing");
  check_names(entries, to, out.problems);
  for (const auto& [name, entry] : entries) out.items.push_back({below(source, name), below(target, name), entry.size});
  return out;
}

Result<Selection> select_different(BucketClient& client, const Place& from, const Place& to, Compare compare) {
  const auto source = folder_place(from), target = folder_place(to);
  if (source == target) return usage(fmt::format("{} would be synchronised with itself", from.str()));
  GUST_CHECK(check_folder(source));
  Selection out;
  GUST_TRY(auto here, entries_of(client, source, out.problems));
  check_names(here, to, out.problems);
  auto there = entries_of(client, target, out.problems);
  if (!there && there.error().code == Code::kNotFound && to.kind == PlaceKind::kFile) there = Entries();
  if (!there) return std::unexpected(std::move(there).error());
  const auto direction = from.kind == PlaceKind::kFile ? Direction::kUpload
                         : to.kind == PlaceKind::kFile ? Direction::kDownload
                                                       : Direction::kCopy;
  const auto plan = plan_sync(here, *there, direction, compare);
  for (const auto& name : plan.transfer)
    out.items.push_back({below(source, name), below(target, name), here.at(name).size});
  for (const auto& name : plan.surplus) out.surplus.push_back(below(target, name));
  return out;
}

}  // namespace gust::cli
