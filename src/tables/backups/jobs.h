// Jobs: runs the long work on tables that requests begin (tables/backups/job.h), each job by who said to do its kind,
// again after a failure, and after a restart. Loop thread only.
#pragma once

#include "async/event.h"
#include "async/task_group.h"
#include "kv/store.h"
#include "tables/backups/job.h"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace gust::tables {

class Jobs {
 public:
  Jobs(async::Executor executor, kv::Store& store)
      : store_(store), planned_(executor), tasks_(executor, "jobs of tables") {}

  // Does the job, and erases its row in the transaction that ends it. An error: it is tried again.
  using Doing = std::function<async::Task<void>(Job)>;
  void add(Job::Kind kind, Doing doing) { doings_[kind] = std::move(doing); }

  void start() { tasks_.spawn(run()); }
  async::Task<void> stop() { return tasks_.stop(); }

  // In the transaction that begins a job; and after it.
  static void plan(kv::Transaction& tx, const Job& job) { tx.put(job_rows::key(job.id), job_rows::encode(job)); }
  void notify() { planned_.set(); }
  static void finish(kv::Transaction& tx, const Job& job) { tx.erase(job_rows::key(job.id)); }

  async::Task<std::vector<Job>> all();
  // kTooLarge "limit" while so many of a kind go on in the account and region.
  async::Task<void> check_room(Job::Kind kind, Place place, std::size_t most);

 private:
  async::Task<void> run();
  async::Task<void> work(std::string id);  // until it is done
  async::Task<void> work_once(std::string id);

  kv::Store& store_;
  async::Event planned_;
  async::TaskGroup tasks_;
  std::map<Job::Kind, Doing> doings_;
  std::set<std::string> started_;
};

}  // namespace gust::tables
