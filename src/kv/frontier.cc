#include "kv/frontier.h"

#include <algorithm>
#include <utility>

namespace gust::kv {

void Frontier::appeared(std::string_view key) {
  const std::lock_guard lock(mutex_);
  if (key < at_) at_ = key;
  for (auto* scan : scans_) {
    if (scan->appeared_.empty() || key < scan->appeared_) scan->appeared_ = key;
  }
}

void Frontier::appears_with(Transaction& tx, std::shared_ptr<Frontier> frontier, std::string key) {
  tx.after_commit([frontier = std::move(frontier), key = std::move(key)] { frontier->appeared(key); });
}

void Frontier::begin_again() { appeared(first_); }

Frontier::Scan::Scan(Frontier& frontier) : frontier_(frontier) {
  const std::lock_guard lock(frontier_.mutex_);
  from_ = frontier_.at_;
  frontier_.scans_.insert(this);
}

Frontier::Scan::~Scan() {
  const std::lock_guard lock(frontier_.mutex_);
  frontier_.scans_.erase(this);
}

void Frontier::Scan::passed(std::string key) {
  const std::lock_guard lock(frontier_.mutex_);
  frontier_.at_ = appeared_.empty() ? std::move(key) : std::min(std::move(key), appeared_);
}

}  // namespace gust::kv
