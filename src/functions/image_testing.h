// For tests only: layers and archives of container images, made by hand.
#pragma once

#include "codec/digest.h"
#include "codec/json.h"
#include "functions/image_archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace gust::functions::testing {

struct TarItem {
  std::string name;
  std::string text = {};  // of a file; where a link leads
  enum class Kind { kFile, kFolder, kLink, kHardLink, kDevice, kPipe } kind = Kind::kFile;
  ::mode_t mode = 0644;
};

enum class Packed { kPlain, kGzip, kZstd };

inline std::string make_tar(const std::vector<TarItem>& items, Packed packed = Packed::kPlain) {
  std::size_t room = 64 << 10;
  for (const auto& item : items) room += item.text.size() + (16 << 10);
  std::string out(room, '\0');
  std::size_t used = 0;
  archive* a = archive_write_new();
  archive_write_set_format_pax_restricted(a);
  archive_write_set_bytes_in_last_block(a, 1);
  if (packed == Packed::kGzip) archive_write_add_filter_gzip(a);
  if (packed == Packed::kZstd) archive_write_add_filter_zstd(a);
  archive_write_open_memory(a, out.data(), out.size(), &used);
  for (const auto& item : items) {
    using Kind = TarItem::Kind;
    archive_entry* e = archive_entry_new();
    archive_entry_set_pathname(e, item.name.c_str());
    archive_entry_set_perm(e, item.mode);
    archive_entry_set_mtime(e, 1'700'000'000, 0);
    const std::map<Kind, unsigned> types{{Kind::kFile, AE_IFREG}, {Kind::kFolder, AE_IFDIR}, {Kind::kLink, AE_IFLNK},
                                         {Kind::kHardLink, AE_IFREG}, {Kind::kDevice, AE_IFCHR},
                                         {Kind::kPipe, AE_IFIFO}};
    archive_entry_set_filetype(e, types.at(item.kind));
    if (item.kind == Kind::kLink) archive_entry_set_symlink(e, item.text.c_str());
    if (item.kind == Kind::kHardLink) archive_entry_set_hardlink(e, item.text.c_str());
    archive_entry_set_size(e, item.kind == Kind::kFile ? static_cast<la_int64_t>(item.text.size()) : 0);
    archive_write_header(a, e);
    if (item.kind == Kind::kFile) archive_write_data(a, item.text.data(), item.text.size());
    archive_entry_free(e);
  }
  archive_write_close(a);
  archive_write_free(a);
  out.resize(used);
  return out;
}

inline std::string sha256_of(std::string_view text) { return "sha256:" + codec::sha256_hex(text); }

struct TestLayer {
  std::vector<TarItem> items;
  Packed packed = Packed::kPlain;
};

// An image as the files of its archive, by name; a test may change them before it makes a tar of them.
struct TestImage {
  std::string architecture{own_architecture()};
  boost::json::object settings = {};
  std::vector<TestLayer> layers;

  std::string configuration() const {
    boost::json::array ids;
    for (const auto& layer : layers) ids.push_back(boost::json::value(sha256_of(make_tar(layer.items))));
    return codec::to_json(boost::json::object{{"architecture", architecture},
                                              {"os", "linux"},
                                              {"config", settings},
                                              {"rootfs", {{"type", "layers"}, {"diff_ids", std::move(ids)}}}});
  }

  static boost::json::object put(std::map<std::string, std::string>& files, std::string_view type, std::string text) {
    const auto digest = sha256_of(text);
    boost::json::object out{{"mediaType", type}, {"digest", digest}, {"size", text.size()}};
    files["blobs/sha256/" + digest.substr(7)] = std::move(text);
    return out;
  }

  // Adds it; answers its descriptor, for an index.
  boost::json::object add_to(std::map<std::string, std::string>& files) const {
    constexpr std::string_view kTypes[] = {"", "+gzip", "+zstd"};
    boost::json::array list;
    for (const auto& layer : layers) {
      const auto type = fmt::format("application/vnd.oci.image.layer.v1.tar{}", kTypes[static_cast<int>(layer.packed)]);
      list.push_back(put(files, type, make_tar(layer.items, layer.packed)));
    }
    const auto config = put(files, "application/vnd.oci.image.config.v1+json", configuration());
    const boost::json::object manifest{{"schemaVersion", 2}, {"config", config}, {"layers", std::move(list)}};
    return put(files, "application/vnd.oci.image.manifest.v1+json", codec::to_json(manifest));
  }

  std::map<std::string, std::string> oci() const {
    std::map<std::string, std::string> files{{"oci-layout", R"({"imageLayoutVersion":"1.0.0"})"}};
    boost::json::array manifests{add_to(files)};
    files["index.json"] =
        codec::to_json(boost::json::object{{"schemaVersion", 2}, {"manifests", std::move(manifests)}});
    return files;
  }

  std::map<std::string, std::string> docker(const std::string& tag) const {
    std::map<std::string, std::string> files;
    boost::json::array list;
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const auto name = fmt::format("{}/layer.tar", i);
      files[name] = make_tar(layers[i].items, layers[i].packed);
      list.push_back(boost::json::value(name));
    }
    const auto text = configuration();
    const auto config = sha256_of(text).substr(7) + ".json";
    files[config] = text;
    const boost::json::object image{
        {"Config", config}, {"RepoTags", boost::json::array{tag}}, {"Layers", std::move(list)}};
    files["manifest.json"] = codec::to_json(boost::json::array{image});
    return files;
  }
};

inline std::string tar_of(const std::map<std::string, std::string>& files) {
  std::vector<TarItem> items;
  for (const auto& [name, text] : files) items.push_back({name, text});
  return make_tar(items);
}

}  // namespace gust::functions::testing
