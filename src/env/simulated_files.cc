#include "env/simulated_files.h"

#include "base/assert.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>

namespace gust::env {
namespace {

constexpr std::size_t kPage = 4096, kSector = 512;

std::string parent_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

}  // namespace

class SimulatedFiles::OpenFile final : public File {
 public:
  OpenFile(SimulatedFiles& files, NodePointer node, std::string path)
      : files_(files), node_(std::move(node)), path_(std::move(path)), life_(files.life_) {}

  Result<void> append(std::span<const std::span<const std::byte>> pieces) override {
    std::lock_guard lock(files_.mutex_);
    std::string text;
    for (const auto& piece : pieces) text.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    const auto fate = fate_now();
    if (fate == Fate::kOff) return files_.broken("writing " + path_, fate);
    // A write that fails may have done some of it.
    node_->bytes += fate == Fate::kDone ? text : text.substr(0, files_.dice(text.size() + 1));
    if (fate != Fate::kDone) return files_.broken("writing " + path_, fate);
    return {};
  }

  Result<std::size_t> read(std::uint64_t offset, std::span<const std::span<std::byte>> pieces) override {
    std::lock_guard lock(files_.mutex_);
    if (files_.off_ || life_ != files_.life_) return files_.broken("reading " + path_, Fate::kOff);
    if (files_.reads_++ == files_.plan_.read_fails_at) {
      ++files_.failed_;
      return fail_errno("simulated: reading " + path_, EIO);
    }
    std::size_t done = 0;
    for (const auto& piece : pieces) {
      const auto at = std::min<std::uint64_t>(offset + done, node_->bytes.size());
      const auto n = std::min<std::size_t>(piece.size(), node_->bytes.size() - at);
      std::memcpy(piece.data(), node_->bytes.data() + at, n);
      done += n;
    }
    return done;
  }

  Result<void> sync() override {
    std::lock_guard lock(files_.mutex_);
    const auto fate = fate_now();
    if (fate == Fate::kDone || (fate == Fate::kPowerGoes && files_.dice(2) == 0)) node_->synced = node_->bytes.size();
    // As Linux does: after a failed sync the pages count as clean, and the next sync does not write them.
    if (fate == Fate::kFails && node_->synced < node_->bytes.size()) {
      node_->lost.emplace_back(node_->synced, node_->bytes.size());
      node_->synced = node_->bytes.size();
    }
    if (fate != Fate::kDone) return files_.broken("syncing " + path_, fate);
    return {};
  }

  Result<std::uint64_t> size() override {
    std::lock_guard lock(files_.mutex_);
    if (files_.off_ || life_ != files_.life_) return files_.broken("looking at " + path_, Fate::kOff);
    return node_->bytes.size();
  }

 private:
  Fate fate_now() { return life_ == files_.life_ ? files_.next() : Fate::kOff; }

  SimulatedFiles& files_;
  NodePointer node_;
  std::string path_;
  std::uint64_t life_;
};

void SimulatedFiles::plan(Plan plan) {
  std::lock_guard lock(mutex_);
  plan_ = plan;
  calls_ = reads_ = 0;
}

void SimulatedFiles::power_off() {
  std::lock_guard lock(mutex_);
  off_ = true;
}

bool SimulatedFiles::is_off() const {
  std::lock_guard lock(mutex_);
  return off_;
}

std::uint64_t SimulatedFiles::failed() const {
  std::lock_guard lock(mutex_);
  return failed_;
}

SimulatedFiles::Fate SimulatedFiles::next() {
  if (off_) return Fate::kOff;
  const auto call = calls_++;
  if (call == plan_.power_off_at) {
    off_ = true;
    return Fate::kPowerGoes;
  }
  if (call < plan_.fail_at || call - plan_.fail_at >= plan_.failures) return Fate::kDone;
  ++failed_;
  return Fate::kFails;
}

std::unexpected<Error> SimulatedFiles::broken(const std::string& what, Fate fate) const {
  if (fate == Fate::kFails) return fail_errno("simulated: " + what, plan_.error_number);
  return fail(Code::kInternal, "simulated: " + what + ": the power is off");
}

Result<void> SimulatedFiles::change(const std::string& what, const std::function<Result<void>()>& change) {
  const auto fate = next();
  if (fate == Fate::kDone) return change();
  if (fate == Fate::kPowerGoes && dice(2) == 0) (void)change();
  return broken(what, fate);
}

SimulatedFiles::NodePointer SimulatedFiles::find(const std::string& path) const {
  const auto it = names_.find(path);
  return it == names_.end() ? nullptr : it->second.now;
}

void SimulatedFiles::set(Change change) {
  for (const auto& [path, node] : change) names_[path].now = node;
  changes_[parent_of(change.front().first)].push_back(std::move(change));
}

Result<std::unique_ptr<File>> SimulatedFiles::create(const std::string& path) {
  std::lock_guard lock(mutex_);
  auto node = std::make_shared<Node>();
  GUST_CHECK(change("making " + path, [&]() -> Result<void> {
    if (find(path)) return fail_errno("simulated: making " + path, EEXIST);
    if (!find(parent_of(path))) return fail_errno("simulated: making " + path, ENOENT);
    set({{path, node}});
    return {};
  }));
  return std::make_unique<OpenFile>(*this, std::move(node), path);
}

Result<std::unique_ptr<File>> SimulatedFiles::open(const std::string& path) {
  std::lock_guard lock(mutex_);
  if (off_) return broken("opening " + path, Fate::kOff);
  auto node = find(path);
  if (!node) return fail_errno("simulated: opening " + path, ENOENT);
  return std::make_unique<OpenFile>(*this, std::move(node), path);
}

Result<void> SimulatedFiles::rename(const std::string& from, const std::string& to) {
  std::lock_guard lock(mutex_);
  return change("naming " + to, [&]() -> Result<void> {
    auto node = find(from);
    if (!node) return fail_errno("simulated: naming " + to, ENOENT);
    GUST_ASSERT(node->kind == Kind::kFile);
    if (parent_of(from) == parent_of(to)) {
      set({{from, nullptr}, {to, node}});
    } else {
      set({{from, nullptr}});
      set({{to, node}});
    }
    return {};
  });
}

Result<void> SimulatedFiles::link(const std::string& from, const std::string& to) {
  std::lock_guard lock(mutex_);
  return change("linking " + to, [&]() -> Result<void> {
    auto node = find(from);
    if (!node) return fail_errno("simulated: linking " + to, ENOENT);
    if (find(to)) return fail_errno("simulated: linking " + to, EEXIST);
    set({{to, std::move(node)}});
    return {};
  });
}

Result<void> SimulatedFiles::remove(const std::string& path) {
  std::lock_guard lock(mutex_);
  return change("removing " + path, [&]() -> Result<void> {
    if (!find(path)) return fail_errno("simulated: removing " + path, ENOENT);
    set({{path, nullptr}});
    return {};
  });
}

Result<void> SimulatedFiles::sync_folder(const std::string& path) {
  std::lock_guard lock(mutex_);
  return change("syncing " + path, [&]() -> Result<void> {
    for (const auto& change : changes_[path]) {
      for (const auto& [child, node] : change) {
        const auto it = names_.find(child);
        if (it == names_.end()) continue;
        it->second.disk = it->second.now;
        if (!it->second.now) names_.erase(it);
      }
    }
    changes_[path].clear();
    return {};
  });
}

Result<void> SimulatedFiles::make_folder(const std::string& path) {
  std::lock_guard lock(mutex_);
  for (std::size_t slash = 1; slash != std::string::npos && slash != 0;) {
    slash = path.find('/', slash);
    const auto one = path.substr(0, slash);
    if (slash != std::string::npos) ++slash;
    if (find(one)) continue;
    GUST_CHECK(change("making " + one, [&]() -> Result<void> {
      set({{one, std::make_shared<Node>(Node{Kind::kFolder, {}, 0, {}})}});
      return {};
    }));
  }
  return {};
}

Result<std::vector<std::string>> SimulatedFiles::list(const std::string& path) {
  std::lock_guard lock(mutex_);
  if (off_) return broken("listing " + path, Fate::kOff);
  if (!find(path)) return fail_errno("simulated: listing " + path, ENOENT);
  std::vector<std::string> out;
  for (auto it = names_.lower_bound(path + "/"); it != names_.end() && it->first.starts_with(path + "/"); ++it) {
    if (it->second.now && parent_of(it->first) == path) out.push_back(it->first.substr(path.size() + 1));
  }
  return out;
}

Result<FileInfo> SimulatedFiles::info(const std::string& path) {
  std::lock_guard lock(mutex_);
  if (off_) return broken("looking at " + path, Fate::kOff);
  const auto node = find(path);
  if (!node) return fail_errno("simulated: looking at " + path, ENOENT);
  return FileInfo{node->bytes.size(), {}};
}

void SimulatedFiles::flip(const std::string& path, std::uint64_t bit) {
  std::lock_guard lock(mutex_);
  const auto node = find(path);
  GUST_ASSERT(node && bit / 8 < node->bytes.size());
  node->bytes[bit / 8] ^= static_cast<char>(1 << (bit % 8));
}

// Pages that were not synced went to the disk in any order, or not at all; the file ends behind the last that did.
void SimulatedFiles::tear(Node& node) {
  std::size_t end = node.synced;
  for (std::size_t at = node.synced; at < node.bytes.size();) {
    const auto page_end = std::min((at / kPage + 1) * kPage, node.bytes.size());
    auto kept = at;
    if (const auto choice = dice(3); choice == 0) {
      kept = page_end;
    } else if (choice == 1) {
      kept = std::clamp(at / kPage * kPage + dice(kPage / kSector) * kSector, at, page_end);
    }
    std::fill(node.bytes.begin() + static_cast<std::ptrdiff_t>(kept),
              node.bytes.begin() + static_cast<std::ptrdiff_t>(page_end), '\0');
    if (kept > at) end = kept;
    at = page_end;
  }
  node.bytes.resize(end);
}

void SimulatedFiles::settle(Node& node) {
  if (const auto tail = node.bytes.size() - node.synced; tail > 0) {
    const auto choice = dice(4);
    if (choice == 0) node.bytes.resize(node.synced);
    if (choice == 1) node.bytes.resize(node.synced + dice(tail + 1));
    if (choice == 2) tear(node);
  }
  for (const auto& [begin, end] : node.lost) {
    const auto stop = std::min(end, node.bytes.size());
    if (begin < stop) std::memset(node.bytes.data() + begin, 0, stop - begin);
  }
  node.lost.clear();
  node.synced = node.bytes.size();
}

void SimulatedFiles::power_on() {
  std::lock_guard lock(mutex_);
  for (auto& [folder, changes] : changes_) {
    const auto kept = dice(changes.size() + 1);
    for (std::size_t i = 0; i < kept; ++i) {
      for (const auto& [path, node] : changes[i]) names_[path].disk = node;
    }
  }
  changes_.clear();
  std::set<Node*> settled;
  for (auto it = names_.begin(); it != names_.end();) {
    auto& [path, name] = *it;
    name.now = name.disk;
    const auto folder = parent_of(path);
    if (!name.disk || (!folder.empty() && !find(folder))) {
      it = names_.erase(it);
      continue;
    }
    if (settled.insert(name.disk.get()).second) settle(*name.disk);
    ++it;
  }
  off_ = false;
  ++life_;
  plan_ = {};
  calls_ = reads_ = 0;
}

}  // namespace gust::env
