#include "cli/deploy/deploy.h"

#include <fmt/format.h>

#include <memory>

namespace gust::cli {

Result<void> Deploy::apply_buckets() {
  for (const auto& bucket : desired_.buckets) {
    if (!touches(bucket.logical_id)) continue;
    const auto action = change_of(bucket.logical_id)->action;
    GUST_CHECK(announce(fmt::format("{} the bucket {}", action_name(action), bucket.name)));
    if (action != Action::kUpdate) {
      GUST_TRY(const auto taken, services_.bucket_exists(bucket.name));
      const auto it = before_.entries.find(bucket.logical_id);
      const bool ours = it != before_.entries.end() && it->second.physical == bucket.name;
      if (taken && !ours) {
        return fail(Code::kAlreadyExists,
                    fmt::format("the bucket {} of {} exists and was not made by this stack; give it another "
                                "BucketName, or delete it",
                                bucket.name, bucket.logical_id),
                    "bucket");
      }
      GUST_CHECK(services_.create_bucket(bucket.name));
      if (!taken)
        undo_.push_back({fmt::format("delete the bucket {}", bucket.name),
                         [this, name = bucket.name] { return services_.delete_bucket(name); }});
    }
    if (action == Action::kUpdate) GUST_CHECK(remember(bucket));
    if (action == Action::kUpdate || !bucket.cors.absent()) GUST_CHECK(services_.put_cors(bucket.name, bucket.cors));
    if (action == Action::kUpdate || !bucket.website.absent())
      GUST_CHECK(services_.put_website(bucket.name, bucket.website));
  }
  return {};
}

// What the bucket says now, to be put back as it was.
Result<void> Deploy::remember(const BucketSpec& bucket) {
  std::vector<std::pair<std::string, std::optional<std::string>>> was;
  for (const auto* part : {"cors", "website", "notification"}) {
    GUST_TRY(auto xml, services_.bucket_part(bucket.name, part));
    was.emplace_back(part, std::move(xml));
  }
  undo_.push_back({fmt::format("restore the settings of the bucket {}", bucket.name),
                   [this, name = bucket.name, was = std::move(was)]() -> Result<void> {
                     for (const auto& [part, xml] : was) GUST_CHECK(services_.put_bucket_part(name, part, xml));
                     return {};
                   }});
  return {};
}

Result<void> Deploy::upload_content(const BucketSpec& bucket) {
  const auto& files = content_[bucket.logical_id];
  const auto it = before_.entries.find(bucket.logical_id);
  static const std::map<std::string, std::string> kNone;
  const bool same_bucket =
      it != before_.entries.end() && it->second.physical == bucket.name && present_.contains(bucket.logical_id);
  const auto& old = same_bucket ? it->second.content : kNone;
  if (files.empty() && old.empty()) return {};
  auto made = std::make_shared<std::vector<std::string>>();
  undo_.push_back(
      {fmt::format("remove the new files of {}", bucket.name), [this, made, name = bucket.name]() -> Result<void> {
         for (const auto& key : *made) GUST_CHECK(services_.delete_object(name, key));
         return {};
       }});
  for (const auto& [key, file] : files) {
    const auto known = old.find(key);
    if (known != old.end() && known->second == file.sha256) continue;
    GUST_CHECK(announce(fmt::format("uploading {} to {}", key, bucket.name)));
    const std::string type(content_type(key));
    if (known == old.end())
      made->push_back(key);
    else
      half_uploaded_.insert(bucket.logical_id);
    if (file.path.empty())
      GUST_CHECK(services_.put_object(bucket.name, key, file.text, type));
    else
      GUST_CHECK(services_.put_file(bucket.name, key, file.path, type));
  }
  for (const auto& [key, digest] : old) {
    if (files.contains(key)) continue;
    half_uploaded_.insert(bucket.logical_id);
    GUST_CHECK(services_.delete_object(bucket.name, key));
  }
  return {};
}

Result<void> Deploy::apply_apis() {
  bool made = false;
  for (const auto& api : desired_.apis) {
    if (!touches(api.logical_id)) continue;
    const auto action = change_of(api.logical_id)->action;
    GUST_CHECK(announce(fmt::format("{} the API {}", action_name(action), api.name)));
    if (action == Action::kUpdate) {
      GUST_CHECK(remember(api, around_.api_ids[api.logical_id]));
      GUST_CHECK(services_.update_api(around_.api_ids[api.logical_id], api));
      continue;
    }
    GUST_TRY(const auto id, services_.create_api(api));
    undo_.push_back({fmt::format("delete the API {}", id), [this, id] { return services_.delete_api(id); }});
    around_.api_ids[api.logical_id] = id;
    after_.entries[api.logical_id].physical = id;
    made = true;
  }
  if (!made) return {};
  GUST_CHECK(save(after_));
  return evaluate_now();  // now that the ids are known
}

// The API with its stage and routes as they are now, to be put back.
Result<void> Deploy::remember(const ApiSpec& api, const std::string& id) {
  GUST_TRY(auto was, services_.read_api(id));
  undo_.push_back({fmt::format("restore the API {}", api.name), [this, id, was = std::move(was)]() -> Result<void> {
                     GUST_CHECK(services_.update_api(id, was));
                     return services_.sync_routes(id, was);
                   }});
  return {};
}

}  // namespace gust::cli
