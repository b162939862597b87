// RocksDB by itself, on one thread: bench_tables_limits FOLDER BYTES BATCH SECONDS prints puts a second, BATCH of them
// in each synced write.
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: bench_tables_limits FOLDER BYTES BATCH SECONDS\n");
    return 2;
  }
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* opened = nullptr;
  if (const auto status = rocksdb::DB::Open(options, std::string(argv[1]) + "/db", &opened); !status.ok()) {
    std::fprintf(stderr, "%s\n", status.ToString().c_str());
    return 1;
  }
  const std::unique_ptr<rocksdb::DB> db(opened);
  const std::string value(std::strtoull(argv[2], nullptr, 10), 'x');
  const auto batch = std::strtoull(argv[3], nullptr, 10);
  const auto seconds = std::chrono::duration<double>(std::strtod(argv[4], nullptr));
  rocksdb::WriteOptions synced;
  synced.sync = true;
  const auto began = std::chrono::steady_clock::now();
  std::size_t written = 0;
  while (std::chrono::steady_clock::now() - began < seconds) {
    rocksdb::WriteBatch puts;
    for (std::size_t i = 0; i < batch; ++i, ++written) puts.Put("item-" + std::to_string(written % 4096), value);
    if (const auto status = db->Write(synced, &puts); !status.ok()) return 1;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  std::printf("%.1f\n", static_cast<double>(written) / took.count());
  return 0;
}
