// gust bucket ls, mb, rb, rm, presign.
#include "auth/sign.h"
#include "cli/bucket/client.h"
#include "cli/bucket/transfer.h"
#include "cli/cli.h"
#include "cli/commands/commands.h"
#include "codec/time_format.h"
#include "codec/url.h"
#include "env/clock.h"

#include <boost/json/array.hpp>
#include <fmt/format.h>

namespace gust::cli {
namespace {

namespace json = boost::json;

// "2026-11-27 07:00:00", UTC.
std::string time_text(WallTime time) {
  auto out = codec::to_iso8601(time).substr(0, 19);
  out.at(10) = ' ';
  return out;
}

Result<void> list_buckets(Session& session, BucketClient& client) {
  GUST_TRY(const auto buckets, client.buckets());
  json::array out;
  for (const auto& bucket : buckets) {
    if (session.output == Output::kJson)
      out.push_back(json::object{{"name", bucket.name}, {"created_at", codec::to_iso8601_ms(bucket.created_at)}});
    else
      session.terminal.line(fmt::format("{} {}", time_text(bucket.created_at), bucket.name));
  }
  if (session.output == Output::kJson) session.json(out);
  if (session.output == Output::kText && buckets.empty())
    session.terminal.progress("There are no buckets; make one with: gust bucket mb s3://NAME");
  return {};
}

Result<void> list_uploads(Session& session, BucketClient& client, const Place& place) {
  GUST_TRY(const auto uploads, client.uploads(place));
  json::array out;
  for (const auto& upload : uploads) {
    if (session.output == Output::kJson) {
      out.push_back(json::object{
          {"key", upload.key}, {"id", upload.id}, {"started_at", codec::to_iso8601_ms(upload.started_at)}});
    } else {
      session.terminal.line(fmt::format("{} {}", time_text(upload.started_at), upload.key));
    }
  }
  if (session.output == Output::kJson) session.json(out);
  return {};
}

// Page by page, so that a large bucket takes no memory but with --json.
class Listing {
 public:
  Listing(Session& session, const BucketListOptions& options, const Place& place)
      : session_(session), options_(options) {
    // Names are shown from the prefix's last slash on, as in a folder.
    if (!options.recursive) cut_ = place.key.size() - base_name(place.key).size();
  }

  void page(const ListedPage& page) {
    for (const auto& prefix : page.prefixes) {
      any_ = true;
      if (session_.output == Output::kJson)
        prefixes_.push_back(json::string(prefix));
      else
        session_.terminal.line(fmt::format("{:>19} {:>10} {}", "", "PRE", prefix.substr(cut_)));
    }
    for (const auto& object : page.objects) show(object);
  }

  bool end() {
    if (session_.output == Output::kJson) {
      session_.json(json::object{
          {"prefixes", prefixes_}, {"objects", objects_}, {"count", count_}, {"bytes", bytes_}});
    } else if (options_.summary) {
      session_.terminal.line(fmt::format("{} object{}, {}", count_, count_ == 1 ? "" : "s", size(bytes_)));
    }
    return any_;
  }

 private:
  std::string size(std::uint64_t bytes) const {
    return options_.human ? bytes_text(bytes) : std::to_string(bytes);
  }

  void show(const ListedObject& object) {
    any_ = true;
    ++count_;
    bytes_ += object.size;
    if (session_.output == Output::kJson) {
      objects_.push_back(json::object{{"key", object.key},
                                      {"size", object.size},
                                      {"modified_at", codec::to_iso8601_ms(object.modified_at)},
                                      {"etag", object.etag}});
    } else {
      session_.terminal.line(
          fmt::format("{} {:>10} {}", time_text(object.modified_at), size(object.size), object.key.substr(cut_)));
    }
  }

  Session& session_;
  const BucketListOptions& options_;
  std::size_t cut_ = 0;
  bool any_ = false;
  std::uint64_t count_ = 0, bytes_ = 0;
  json::array prefixes_, objects_;
};

Result<void> list(Session& session, const BucketListOptions& options) {
  Place place;
  if (!options.uri.empty()) {
    GUST_TRY(place, parse_uri(options.uri, KeyIs::kOptional));
  } else if (options.uploads) {
    return fail(Code::kInvalid, "--uploads needs a bucket: gust bucket ls --uploads s3://BUCKET", "usage");
  }
  GUST_TRY(const auto remote, session.connect());
  BucketClient client(*remote);
  if (options.uri.empty()) return list_buckets(session, client);
  if (options.uploads) return list_uploads(session, client, place);
  Listing listing(session, options, place);
  std::string token;
  do {
    GUST_TRY(const auto page, client.list(place, options.recursive ? "" : "/", token));
    listing.page(page);
    token = page.next;
  } while (!token.empty());
  if (listing.end() || place.key.empty() || session.output == Output::kJson) return {};
  return fail(Code::kNotFound, fmt::format("there is nothing that begins with {}", place.str()), "nothing");
}

Result<void> remove_uploads(Session& session, BucketClient& client, const Place& place,
                            const BucketRemoveOptions& options) {
  const bool all = options.recursive;
  if (place.key.empty() && !all)
    return fail(Code::kInvalid, fmt::format("{} is a bucket; give --recursive for all its uploads", place.str()),
                "usage");
  auto below = place;
  if (all) below.key = folder_key(below.key);
  GUST_TRY(const auto uploads, client.uploads(below));
  json::array done;
  for (const auto& upload : uploads) {
    if (!all && upload.key != place.key) continue;
    const Place object{.kind = PlaceKind::kObject, .bucket = place.bucket, .key = upload.key};
    if (!options.dry_run) GUST_CHECK(client.abort(object, upload.id));
    if (session.output == Output::kJson)
      done.push_back(json::object{{"action", "abort"}, {"what", object.str()}, {"id", upload.id}});
    else if (!options.quiet)
      session.terminal.line(fmt::format("{}abort: upload of {}", options.dry_run ? "(dry run) " : "", object.str()));
  }
  if (session.output == Output::kJson)
    session.json(json::object{{"done", done}, {"failed", json::array()}, {"dry_run", options.dry_run}});
  return {};
}

Result<int> remove(Session& session, const BucketRemoveOptions& options) {
  GUST_TRY(const auto place, parse_uri(options.uri, KeyIs::kOptional));
  std::vector<std::unique_ptr<Remote>> remotes(1);
  GUST_TRY(remotes[0], session.connect());
  BucketClient client(*remotes[0]);
  if (options.uploads) {
    GUST_CHECK(remove_uploads(session, client, place, options));
    return kOk;
  }
  if (place.key.empty() && !options.recursive) {
    return fail(Code::kInvalid,
                fmt::format("{} is a bucket; give --recursive to remove what is in it, or see gust bucket rb",
                            place.str()),
                "usage");
  }
  Progress progress(session.terminal);
  Report report(session, progress, options.quiet ? Verbosity::kQuiet : Verbosity::kEach,
                options.dry_run ? Deed::kOnlyTell : Deed::kDo);
  if (!options.recursive) {
    if (!options.dry_run) GUST_CHECK(client.remove(place));
    report.removed(place);
    return report.end();
  }
  Lanes lanes(std::move(remotes));
  Transfer transfer(lanes, progress, report, {});
  auto below = place;
  below.key = folder_key(below.key);
  std::string token;
  do {
    GUST_TRY(const auto page, client.list(below, "", token));
    std::vector<Place> objects;
    for (const auto& object : page.objects)
      objects.push_back({.kind = PlaceKind::kObject, .bucket = place.bucket, .key = object.key});
    GUST_CHECK(transfer.remove(objects));
    token = page.next;
  } while (!token.empty());
  return report.end();
}

Result<void> presign(Session& session, const BucketPresignOptions& options) {
  GUST_TRY(const auto place, parse_uri(options.uri, KeyIs::kRequired));
  GUST_TRY(const auto endpoint, session.find_endpoint());
  GUST_TRY(const auto keys, session.find_keys());
  http::Request request;
  request.method = options.method;
  request.path = fmt::format("/{}/{}", codec::percent_encode(place.bucket),
                             codec::percent_encode(place.key, codec::Slash::kKeep));
  request.headers.add("Host", endpoint.authority());
  auth::SignOptions how;
  how.service = "s3";
  how.region = session.find_region();
  how.now = env::SystemClock().now();
  const auto life = std::chrono::seconds(options.expires_s);
  GUST_CHECK(auth::presign(request, keys, how, life));
  const auto url = endpoint.url() + request.target;
  if (session.output == Output::kText) {
    session.terminal.line(url);
  } else {
    session.json(json::object{
        {"url", url}, {"method", options.method}, {"expires_at", codec::to_iso8601(how.now + life)}});
  }
  return {};
}

// A bucket by itself, made or removed.
int on_bucket(Session& session, const std::string& uri, std::string_view action,
              Result<void> (BucketClient::*operation)(const std::string&)) {
  const auto place = parse_uri(uri, KeyIs::kRefused);
  if (!place) return session.failed(place.error());
  const auto remote = session.connect();
  if (!remote) return session.failed(remote.error());
  BucketClient client(**remote);
  if (const auto done = (client.*operation)(place->bucket); !done) return session.failed(done.error());
  if (session.output == Output::kJson)
    session.json(json::object{{"action", action}, {"what", place->str()}});
  else
    session.terminal.line(fmt::format("{}: {}", action, place->str()));
  return kOk;
}

}  // namespace

int bucket_list_command(Session& session, const BucketListOptions& options) {
  const auto done = list(session, options);
  return done ? kOk : session.failed(done.error());
}

int bucket_remove_command(Session& session, const BucketRemoveOptions& options) {
  const auto done = remove(session, options);
  return done ? *done : session.failed(done.error());
}

int bucket_make_command(Session& session, const std::string& uri) {
  return on_bucket(session, uri, "make", &BucketClient::create_bucket);
}

int bucket_drop_command(Session& session, const std::string& uri) {
  return on_bucket(session, uri, "remove", &BucketClient::delete_bucket);
}

int bucket_presign_command(Session& session, const BucketPresignOptions& options) {
  const auto done = presign(session, options);
  return done ? kOk : session.failed(done.error());
}

}  // namespace gust::cli
