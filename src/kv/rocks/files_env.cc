#include "kv/rocks/files_env.h"

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/system_clock.h>

#include <algorithm>
#include <array>
#include <utility>

namespace gust::kv {
namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

template <typename T>
IOStatus status_of(const Result<T>& done) {
  if (done) return IOStatus::OK();
  if (done.error().code == Code::kNoSpace) return IOStatus::NoSpace(done.error().message);
  if (done.error().code == Code::kNotFound) return IOStatus::PathNotFound(done.error().message);
  return IOStatus::IOError(done.error().message);
}

// RocksDB writes "a//b" and "a/" at times.
std::string plain(const std::string& path) {
  std::string out;
  for (const char c : path) {
    if (c != '/' || !out.ends_with('/')) out += c;
  }
  if (out.size() > 1 && out.ends_with('/')) out.pop_back();
  return out;
}

IOStatus read_some(env::File& file, std::uint64_t offset, std::size_t n, Slice* out, char* scratch) {
  const std::array<std::span<std::byte>, 1> room{std::as_writable_bytes(std::span(scratch, n))};
  const auto done = file.read(offset, room);
  *out = Slice(scratch, done.value_or(0));
  return status_of(done);
}

class Sequential final : public rocksdb::FSSequentialFile {
 public:
  explicit Sequential(std::unique_ptr<env::File> file) : file_(std::move(file)) {}
  IOStatus Read(std::size_t n, const IOOptions&, Slice* out, char* scratch, IODebugContext*) override {
    auto status = read_some(*file_, at_, n, out, scratch);
    at_ += out->size();
    return status;
  }
  IOStatus Skip(std::uint64_t n) override {
    at_ += n;
    return IOStatus::OK();
  }

 private:
  std::unique_ptr<env::File> file_;
  std::uint64_t at_ = 0;
};

class RandomAccess final : public rocksdb::FSRandomAccessFile {
 public:
  explicit RandomAccess(std::unique_ptr<env::File> file) : file_(std::move(file)) {}
  IOStatus Read(std::uint64_t offset, std::size_t n, const IOOptions&, Slice* out, char* scratch,
                IODebugContext*) const override {
    return read_some(*file_, offset, n, out, scratch);
  }

 private:
  std::unique_ptr<env::File> file_;
};

class Writable final : public rocksdb::FSWritableFile {
 public:
  explicit Writable(std::unique_ptr<env::File> file) : file_(std::move(file)) {}
  using FSWritableFile::Append;
  IOStatus Append(const Slice& data, const IOOptions&, IODebugContext*) override {
    const std::array<std::span<const std::byte>, 1> bytes{std::as_bytes(std::span(data.data(), data.size()))};
    const auto done = file_->append(bytes);
    if (done) size_ += data.size();
    return status_of(done);
  }
  IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Flush(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Sync(const IOOptions&, IODebugContext*) override { return status_of(file_->sync()); }
  bool IsSyncThreadSafe() const override { return true; }
  std::uint64_t GetFileSize(const IOOptions&, IODebugContext*) override { return size_; }

 private:
  std::unique_ptr<env::File> file_;
  std::uint64_t size_ = 0;
};

class Directory final : public rocksdb::FSDirectory {
 public:
  Directory(env::Files& files, std::string path) : files_(files), path_(std::move(path)) {}
  IOStatus Fsync(const IOOptions&, IODebugContext*) override { return status_of(files_.sync_folder(path_)); }
  IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }

 private:
  env::Files& files_;
  std::string path_;
};

class Lock final : public rocksdb::FileLock {};

class FilesFileSystem final : public rocksdb::FileSystem {
 public:
  explicit FilesFileSystem(env::Files& files) : files_(files) {}
  const char* Name() const override { return "gust::env::Files"; }

  IOStatus NewSequentialFile(const std::string& path, const FileOptions&,
                             std::unique_ptr<rocksdb::FSSequentialFile>* out, IODebugContext*) override {
    return give<Sequential>(files_.open(plain(path)), out);
  }
  IOStatus NewRandomAccessFile(const std::string& path, const FileOptions&,
                               std::unique_ptr<rocksdb::FSRandomAccessFile>* out, IODebugContext*) override {
    return give<RandomAccess>(files_.open(plain(path)), out);
  }
  IOStatus NewWritableFile(const std::string& path, const FileOptions&, std::unique_ptr<rocksdb::FSWritableFile>* out,
                           IODebugContext*) override {
    (void)files_.remove(plain(path));
    return give<Writable>(files_.create(plain(path)), out);
  }
  IOStatus NewDirectory(const std::string& path, const IOOptions&, std::unique_ptr<rocksdb::FSDirectory>* out,
                        IODebugContext*) override {
    *out = std::make_unique<Directory>(files_, plain(path));
    return status_of(files_.list(plain(path)));
  }
  IOStatus FileExists(const std::string& path, const IOOptions&, IODebugContext*) override {
    const auto found = files_.info(plain(path));
    if (!found && found.error().code == Code::kNotFound) return IOStatus::NotFound(path);
    return status_of(found);
  }
  IOStatus GetChildren(const std::string& path, const IOOptions&, std::vector<std::string>* out,
                       IODebugContext*) override {
    auto names = files_.list(plain(path));
    if (names) *out = *names;
    return status_of(names);
  }
  IOStatus DeleteFile(const std::string& path, const IOOptions&, IODebugContext*) override {
    return status_of(files_.remove(plain(path)));
  }
  IOStatus CreateDir(const std::string& path, const IOOptions&, IODebugContext*) override {
    return status_of(files_.make_folder(plain(path)));
  }
  IOStatus CreateDirIfMissing(const std::string& path, const IOOptions&, IODebugContext*) override {
    return status_of(files_.make_folder(plain(path)));
  }
  IOStatus DeleteDir(const std::string& path, const IOOptions&, IODebugContext*) override {
    return status_of(files_.remove(plain(path)));
  }
  IOStatus GetFileSize(const std::string& path, const IOOptions&, std::uint64_t* out, IODebugContext*) override {
    const auto found = files_.info(plain(path));
    if (found) *out = found->size;
    return status_of(found);
  }
  IOStatus GetFileModificationTime(const std::string& path, const IOOptions&, std::uint64_t* out,
                                   IODebugContext*) override {
    *out = 0;
    return status_of(files_.info(plain(path)));
  }
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions&, IODebugContext*) override {
    return status_of(files_.rename(plain(from), plain(to)));
  }
  IOStatus LinkFile(const std::string& from, const std::string& to, const IOOptions&, IODebugContext*) override {
    return status_of(files_.link(plain(from), plain(to)));
  }
  IOStatus LockFile(const std::string&, const IOOptions&, rocksdb::FileLock** out, IODebugContext*) override {
    *out = new Lock;
    return IOStatus::OK();
  }
  IOStatus UnlockFile(rocksdb::FileLock* lock, const IOOptions&, IODebugContext*) override {
    delete lock;
    return IOStatus::OK();
  }
  IOStatus GetTestDirectory(const IOOptions&, std::string* out, IODebugContext*) override {
    *out = "/test";
    return IOStatus::OK();
  }
  IOStatus GetAbsolutePath(const std::string& path, const IOOptions&, std::string* out, IODebugContext*) override {
    *out = path;
    return IOStatus::OK();
  }
  IOStatus IsDirectory(const std::string& path, const IOOptions&, bool* out, IODebugContext*) override {
    *out = files_.list(plain(path)).has_value();
    return IOStatus::OK();
  }

 private:
  template <typename Mine, typename Theirs>
  static IOStatus give(Result<std::unique_ptr<env::File>> file, std::unique_ptr<Theirs>* out) {
    const auto status = status_of(file);
    if (file) *out = std::make_unique<Mine>(*std::move(file));
    return status;
  }

  env::Files& files_;
};

// After an error of the disk RocksDB's threads rest for a second, and so does who closes the store.
class Restless final : public rocksdb::SystemClockWrapper {
 public:
  using SystemClockWrapper::SystemClockWrapper;
  const char* Name() const override { return "gust::Restless"; }
  void SleepForMicroseconds(int micros) override { SystemClockWrapper::SleepForMicroseconds(std::min(micros, 100)); }
};

class FilesEnv final : public rocksdb::EnvWrapper {
 public:
  explicit FilesEnv(std::unique_ptr<rocksdb::Env> below) : EnvWrapper(below.get()), below_(std::move(below)) {
    file_system_ = below_->GetFileSystem();
    system_clock_ = std::make_shared<Restless>(below_->GetSystemClock());
  }
  const char* Name() const override { return "gust::FilesEnv"; }
  void SleepForMicroseconds(int micros) override { system_clock_->SleepForMicroseconds(micros); }

 private:
  std::unique_ptr<rocksdb::Env> below_;
};

}  // namespace

std::shared_ptr<rocksdb::Env> make_env(env::Files& files) {
  return std::make_shared<FilesEnv>(rocksdb::NewCompositeEnv(std::make_shared<FilesFileSystem>(files)));
}

}  // namespace gust::kv
