#include "functions/image_archive.h"

#include "codec/digest.h"
#include "codec/hex.h"
#include "codec/json.h"
#include "functions/archive.h"
#include "sandbox/fd.h"

#include <archive_entry.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fcntl.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <map>
#include <set>
#include <sys/stat.h>
#include <utility>

namespace gust::functions {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::uint64_t kMaxJson = 4 << 20;
constexpr std::size_t kMaxSettings = 64 << 10;  // they travel to the launcher in a packet
constexpr int kMaxIndexes = 4;                  // one within another
constexpr std::string_view kSha256 = "sha256:";
constexpr std::string_view kRefName = "org.opencontainers.image.ref.name";

constexpr std::array<std::string_view, 2> kIndexes = {"application/vnd.oci.image.index.v1+json",
                                                      "application/vnd.docker.distribution.manifest.list.v2+json"};
constexpr std::array<std::string_view, 2> kManifests = {"application/vnd.oci.image.manifest.v1+json",
                                                        "application/vnd.docker.distribution.manifest.v2+json"};
constexpr std::array<std::string_view, 2> kConfigurations = {"application/vnd.oci.image.config.v1+json",
                                                             "application/vnd.docker.container.image.v1+json"};
using Packing = ImageLayer::Packing;
constexpr std::array<std::pair<std::string_view, Packing>, 5> kLayers = {
    {{"application/vnd.oci.image.layer.v1.tar", Packing::kPlain},
     {"application/vnd.oci.image.layer.v1.tar+gzip", Packing::kGzip},
     {"application/vnd.oci.image.layer.v1.tar+zstd", Packing::kZstd},
     {"application/vnd.docker.image.rootfs.diff.tar", Packing::kPlain},
     {"application/vnd.docker.image.rootfs.diff.tar.gzip", Packing::kGzip}}};

std::unexpected<Error> bad(std::string message) { return fail(Code::kInvalid, std::move(message), "image"); }

std::unexpected<Error> unsupported(std::string_view what, std::string_view type) {
  return bad(fmt::format("the {} has the media type '{}', which is not supported: images of OCI and of Docker's "
                         "version 2 are, with layers that are plain or packed with gzip or zstd",
                         what, type));
}

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& all, std::string_view one) {
  return std::ranges::find(all, one) != all.end();
}

bool is_sha256(std::string_view hex) {
  return hex.size() == 64 && hex.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string text_or(const json::object& from, std::string_view name, std::string_view otherwise = "") {
  const auto* value = from.if_contains(name);
  return std::string(value == nullptr || value->is_null() ? otherwise : std::string_view(value->as_string()));
}

struct Part {
  std::string file;
  std::string sha256;
  std::uint64_t size = 0;
};

// The files of the archive, by their names in it.
class Parts {
 public:
  Parts(std::string folder, const ImageLimits& limits) : folder_(std::move(folder)), limits_(limits) {}

  Result<void> take(const std::string& archive) {
    if (::mkdir(folder_.c_str(), 0700) != 0) return fail_errno("make a folder for the image", errno);
    const Utf8Names names;
    const ArchivePtr reader(archive_read_new());
    if (!reader || archive_read_support_format_tar(reader.get()) != ARCHIVE_OK ||
        archive_read_support_filter_gzip(reader.get()) != ARCHIVE_OK)
      return fail(Code::kInternal, "libarchive has no tar reader");
    if (archive_read_open_filename(reader.get(), archive.c_str(), 1 << 20) != ARCHIVE_OK) return no_tar();
    for (std::uint64_t count = 0;; ++count) {
      archive_entry* entry = nullptr;
      const int status = archive_read_next_header(reader.get(), &entry);
      if (status == ARCHIVE_EOF) return {};
      if (status != ARCHIVE_OK) return no_tar();
      if (count >= limits_.parts)
        return fail(Code::kTooLarge, fmt::format("the archive has more than {} files", limits_.parts), "image");
      GUST_CHECK(take(reader.get(), entry));
    }
  }

  // Follows what was saved as a link to another of the archive's files. Null when it is not there.
  const Part* find(const std::string& name) const {
    if (const auto part = parts_.find(name); part != parts_.end()) return &part->second;
    const auto link = links_.find(name);
    if (link == links_.end()) return nullptr;
    const auto part = parts_.find(link->second);
    return part == parts_.end() ? nullptr : &part->second;
  }

  Result<json::value> read(const std::string& name) const {
    const auto* part = find(name);
    if (part == nullptr) return bad(fmt::format("the archive has no file '{}'", name));
    if (part->size > kMaxJson) return bad(fmt::format("'{}' of the archive is larger than {} bytes", name, kMaxJson));
    std::ifstream in(part->file, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    auto parsed = codec::parse_json(text);
    if (!parsed) return bad(fmt::format("'{}' of the archive: {}", name, parsed.error().message));
    return parsed;
  }

 private:
  static std::unexpected<Error> no_tar() {
    return bad("the archive cannot be read; it is damaged or not a tar with an OCI image layout or a docker save");
  }

  Result<void> take(archive* reader, archive_entry* entry) {
    const char* raw = archive_entry_pathname(entry);
    if (raw == nullptr) return no_tar();
    GUST_TRY(const auto path, safe_path(raw, "image"));
    const auto name = path.native();
    const char* link = archive_entry_hardlink(entry);
    if (link == nullptr && archive_entry_symlink(entry) != nullptr) {
      links_[name] = (path.parent_path() / archive_entry_symlink(entry)).lexically_normal().native();
      return {};
    }
    if (link != nullptr) {
      links_[name] = fs::path(link).lexically_normal().native();
      return {};
    }
    if (archive_entry_filetype(entry) == AE_IFDIR) return {};
    if (archive_entry_filetype(entry) != AE_IFREG)
      return bad(fmt::format("'{}' in the archive is neither a file nor a folder", name));
    Part part{fmt::format("{}/{}", folder_, parts_.size()), {}, 0};
    GUST_CHECK(write(reader, part));
    if (!parts_.emplace(name, std::move(part)).second) return bad(fmt::format("the archive names '{}' twice", name));
    return {};
  }

  Result<void> write(archive* reader, Part& part) {
    const sandbox::Fd file(::open(part.file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file) return fail_errno("write a part of the image", errno);
    codec::Digest digest(codec::DigestKind::kSha256);
    std::string piece(256 << 10, '\0');
    for (;;) {
      const auto got = archive_read_data(reader, piece.data(), piece.size());
      if (got == 0) break;
      if (got < 0) return no_tar();
      const auto bytes = std::string_view(piece).substr(0, static_cast<std::size_t>(got));
      part.size += bytes.size();
      total_ += bytes.size();
      if (total_ > limits_.total_bytes)
        return fail(Code::kTooLarge, fmt::format("the image is larger than {} bytes", limits_.total_bytes), "image");
      digest.update(bytes);
      for (auto left = bytes; !left.empty();) {
        const auto n = ::write(file.get(), left.data(), left.size());
        if (n < 0 && errno != EINTR) return fail_errno("write a part of the image", errno);
        if (n > 0) left.remove_prefix(static_cast<std::size_t>(n));
      }
    }
    part.sha256 = codec::to_hex(digest.finish());
    return {};
  }

  std::string folder_;
  ImageLimits limits_;
  std::map<std::string, Part> parts_;
  std::map<std::string, std::string> links_;
  std::uint64_t total_ = 0;
};

class Reading {
 public:
  Reading(const Parts& parts, const std::string& name, const std::string& tag)
      : parts_(parts), name_(name), tag_(tag) {}

  // JSON that lacks something, or has something of another kind, throws.
  Result<ImageArchive> run() {
    try {
      if (parts_.find("index.json") != nullptr) return oci();
      if (parts_.find("manifest.json") != nullptr) return docker();
    } catch (const std::exception& e) {
      return bad(fmt::format("the archive's JSON is not that of an image: {}", e.what()));
    }
    return bad("the archive is no image: it has neither an index.json (OCI image layout) nor a manifest.json (docker "
               "save)");
  }

 private:
  struct Descriptor {
    std::string type, hex, ref;
    json::object platform;
  };

  // The file that a descriptor names, which must be what its digest and size say.
  Result<const Part*> blob(const json::object& descriptor, std::string& hex) const {
    const auto digest = text_or(descriptor, "digest");
    hex = digest.starts_with(kSha256) ? digest.substr(kSha256.size()) : "";
    if (!is_sha256(hex)) return bad(fmt::format("the digest '{}' is not sha256: and 64 digits", digest));
    const auto* part = parts_.find("blobs/sha256/" + hex);
    if (part == nullptr) return bad(fmt::format("the archive lacks the blob {}", digest));
    if (part->sha256 != hex)
      return bad(fmt::format("the blob {} does not match its digest: it has sha256:{}", digest, part->sha256));
    if (part->size != descriptor.at("size").to_number<std::uint64_t>())
      return bad(fmt::format("the blob {} has {} bytes, which is not what its descriptor says", digest, part->size));
    return part;
  }

  Result<void> collect(const json::object& index, int depth, const std::string& ref) {
    if (depth > kMaxIndexes) return bad(fmt::format("more than {} indexes lie one within another", kMaxIndexes));
    for (const auto& item : index.at("manifests").as_array()) {
      const auto& descriptor = item.as_object();
      Descriptor found{text_or(descriptor, "mediaType"), "", ref, {}};
      if (const auto* annotations = descriptor.if_contains("annotations"); annotations && annotations->is_object())
        found.ref = text_or(annotations->get_object(), kRefName, ref);
      if (const auto* platform = descriptor.if_contains("platform"); platform && platform->is_object())
        found.platform = platform->get_object();
      if (!is_one_of(kIndexes, found.type) && !is_one_of(kManifests, found.type))
        return unsupported("manifest", found.type);
      if (is_one_of(kManifests, found.type) && !is_ours(found.platform)) {
        others_.insert(fmt::format("{}/{}", text_or(found.platform, "os", "?"),
                                   text_or(found.platform, "architecture", "?")));
        continue;
      }
      GUST_CHECK(blob(descriptor, found.hex));
      if (is_one_of(kManifests, found.type)) {
        if (std::ranges::find(found_, found.hex, &Descriptor::hex) == found_.end()) found_.push_back(std::move(found));
        continue;
      }
      GUST_TRY(const auto inner, parts_.read("blobs/sha256/" + found.hex));
      GUST_CHECK(collect(inner.as_object(), depth + 1, found.ref));
    }
    return {};
  }

  // What says no platform may be: its configuration tells.
  static bool is_ours(const json::object& platform) {
    return platform.empty() || (text_or(platform, "os", "linux") == "linux" &&
                                text_or(platform, "architecture", own_architecture()) == own_architecture());
  }

  bool is_called(std::string_view ref) const {
    return ref == tag_ || ref == fmt::format("{}:{}", name_, tag_) || ref.ends_with(fmt::format("/{}:{}", name_, tag_));
  }

  std::unexpected<Error> none() const {
    if (others_.empty()) return bad("the archive holds no image");
    return bad(fmt::format("the archive holds no image for this machine, which is linux/{}; it is for {}",
                           own_architecture(), fmt::join(others_, ", ")));
  }

  Result<ImageArchive> oci() {
    GUST_TRY(const auto index, parts_.read("index.json"));
    GUST_CHECK(collect(index.as_object(), 1, ""));
    if (found_.empty()) return none();
    if (found_.size() > 1) std::erase_if(found_, [&](const Descriptor& d) { return !is_called(d.ref); });
    if (found_.size() != 1) return not_one();
    GUST_TRY(const auto value, parts_.read("blobs/sha256/" + found_[0].hex));
    const auto& manifest = value.as_object();
    const auto type = text_or(manifest, "mediaType", found_[0].type);
    if (!is_one_of(kManifests, type)) return unsupported("manifest", type);
    ImageArchive out;
    out.digest = fmt::format("{}{}", kSha256, found_[0].hex);
    const auto& configuration = manifest.at("config").as_object();
    if (const auto kind = text_or(configuration, "mediaType"); !is_one_of(kConfigurations, kind))
      return unsupported("configuration", kind);
    std::string hex;
    GUST_CHECK(blob(configuration, hex));
    for (const auto& item : manifest.at("layers").as_array()) {
      const auto& descriptor = item.as_object();
      const auto kind = text_or(descriptor, "mediaType");
      const auto known = std::ranges::find(kLayers, kind, &std::pair<std::string_view, Packing>::first);
      if (known == kLayers.end()) return unsupported("layer", kind);
      std::string of_layer;
      GUST_TRY(const auto* part, blob(descriptor, of_layer));
      out.layers.push_back({known->second, part->file, ""});
    }
    GUST_CHECK(configure(out, "blobs/sha256/" + hex));
    return out;
  }

  Result<ImageArchive> docker() {
    GUST_TRY(const auto value, parts_.read("manifest.json"));
    std::vector<json::object> images;
    for (const auto& image : value.as_array()) images.push_back(image.as_object());
    if (images.empty()) return none();
    const auto is_meant = [&](const json::object& image) {
      const auto* tags = image.if_contains("RepoTags");
      return tags != nullptr && tags->is_array() && std::ranges::any_of(tags->get_array(), [&](const json::value& tag) {
               return is_called(tag.as_string());
             });
    };
    if (images.size() > 1) std::erase_if(images, [&](const json::object& image) { return !is_meant(image); });
    if (images.size() != 1) return not_one();
    ImageArchive out;
    const auto configuration = text_or(images[0], "Config");
    const auto* part = parts_.find(configuration);
    if (part == nullptr) return bad(fmt::format("the archive lacks its configuration '{}'", configuration));
    const auto stem = fs::path(configuration).stem().native();
    if (is_sha256(stem) && stem != part->sha256)
      return bad(fmt::format("'{}' does not match its digest: it has sha256:{}", configuration, part->sha256));
    out.digest = fmt::format("{}{}", kSha256, part->sha256);
    for (const auto& layer : images[0].at("Layers").as_array()) {
      const std::string name(layer.as_string());
      const auto* of_layer = parts_.find(name);
      if (of_layer == nullptr) return bad(fmt::format("the archive lacks the layer '{}'", name));
      out.layers.push_back({Packing::kAny, of_layer->file, ""});
    }
    GUST_CHECK(configure(out, configuration));
    return out;
  }

  std::unexpected<Error> not_one() const {
    return bad(fmt::format("the archive holds several images, of which not one alone is called {}:{}; save one alone, "
                           "or name it as the archive does",
                           name_, tag_));
  }

  Result<void> configure(ImageArchive& out, const std::string& name) const {
    GUST_TRY(const auto value, parts_.read(name));
    const auto& root = value.as_object();
    out.architecture = text_or(root, "architecture");
    const auto os = text_or(root, "os");
    if (out.architecture != own_architecture() || os != "linux") {
      return bad(fmt::format("the image is for {}/{}; this machine is linux/{}", os, out.architecture,
                             own_architecture()));
    }
    const auto& ids = root.at("rootfs").as_object().at("diff_ids").as_array();
    if (ids.size() != out.layers.size()) {
      return bad(fmt::format("the image has {} layers, and its configuration names {}", out.layers.size(), ids.size()));
    }
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const std::string id(ids[i].as_string());
      out.layers[i].diff_id = id.starts_with(kSha256) ? id.substr(kSha256.size()) : "";
      if (!is_sha256(out.layers[i].diff_id)) return bad(fmt::format("the diff_id '{}' is not a SHA-256", id));
    }
    const auto* settings = root.if_contains("config");
    if (settings == nullptr || settings->is_null()) return {};
    return take_settings(settings->as_object(), out.settings);
  }

  static std::vector<std::string> texts(const json::object& from, std::string_view name) {
    std::vector<std::string> out;
    const auto* list = from.if_contains(name);
    if (list == nullptr || list->is_null()) return out;
    for (const auto& item : list->as_array()) out.emplace_back(item.as_string());
    return out;
  }

  // As JSON, which is how they travel.
  static std::size_t size_of(const std::string& text) { return codec::to_json(json::value(text)).size(); }

  static Result<void> take_settings(const json::object& from, ImageSettings& out) {
    out.entry_point = texts(from, "Entrypoint");
    out.command = texts(from, "Cmd");
    out.working_dir = text_or(from, "WorkingDir");
    std::size_t size = size_of(out.working_dir);
    for (const auto& text : out.entry_point) size += size_of(text);
    for (const auto& text : out.command) size += size_of(text);
    for (const auto& variable : texts(from, "Env")) {
      size += size_of(variable);
      const auto at = variable.find('=');
      if (at == 0 || at == std::string::npos)
        return bad(fmt::format("the image's environment has '{}', which is not NAME=VALUE", variable.substr(0, 200)));
      out.environment.insert_or_assign(variable.substr(0, at), variable.substr(at + 1));
    }
    if (size > kMaxSettings)
      return bad(fmt::format("the image's entry point, command and environment have more than {} bytes", kMaxSettings));
    const auto has_zero = [](const std::string& text) { return text.find('\0') != std::string::npos; };
    const bool zero = has_zero(out.working_dir) || std::ranges::any_of(out.entry_point, has_zero) ||
                      std::ranges::any_of(out.command, has_zero) ||
                      std::ranges::any_of(out.environment, [&](const auto& v) {
                        return has_zero(v.first) || has_zero(v.second);
                      });
    if (zero) return bad("the image's entry point, command, environment or working folder has a zero byte");
    return {};
  }

  const Parts& parts_;
  const std::string& name_;
  const std::string& tag_;
  std::vector<Descriptor> found_;
  std::set<std::string> others_;  // platforms of images for other machines
};

}  // namespace

std::string_view own_architecture() {
#if defined(__x86_64__)
  return "amd64";
#elif defined(__aarch64__)
  return "arm64";
#else
  return "unknown";
#endif
}

Result<ImageArchive> read_image_archive(const std::string& archive, const std::string& folder, const std::string& name,
                                        const std::string& tag, const ImageLimits& limits) {
  Parts parts(folder, limits);
  GUST_CHECK(parts.take(archive));
  return Reading(parts, name, tag).run();
}

}  // namespace gust::functions
