// gust bucket cp, sync.
#include "cli/bucket/download.h"
#include "cli/bucket/selection.h"
#include "cli/bucket/transfer.h"
#include "cli/bucket/upload.h"
#include "cli/cli.h"
#include "cli/commands/commands.h"

#include <fmt/format.h>

#include <unistd.h>

namespace gust::cli {
namespace {

std::unexpected<Error> usage(std::string message) { return fail(Code::kInvalid, std::move(message), "usage"); }

struct Ends {
  Place from, to;
};

Result<Ends> parse_ends(const BucketCopyOptions& options) {
  GUST_TRY(auto from, parse_place(options.from));
  GUST_TRY(auto to, parse_place(options.to));
  if (from.kind != PlaceKind::kObject && to.kind != PlaceKind::kObject) {
    return usage(fmt::format("neither {} nor {} is in a bucket; write one of them as s3://BUCKET/KEY", options.from,
                             options.to));
  }
  if (options.part_size_mb != 0 && static_cast<std::uint64_t>(options.part_size_mb) * kMiB < kSmallestPart)
    return usage(fmt::format("--part-size {}: parts have 5 MiB at least", options.part_size_mb));
  return Ends{std::move(from), std::move(to)};
}

Result<Lanes> connect_all(const Session& session, int count) {
  std::vector<std::unique_ptr<Remote>> remotes;
  for (int i = 0; i < count; ++i) {
    GUST_TRY(auto remote, session.connect());
    remotes.push_back(std::move(remote));
  }
  return Lanes(std::move(remotes));
}

// What both commands have at hand.
struct Work {
  Work(Session& session, const BucketCopyOptions& options, Lanes made)
      : lanes(std::move(made)),
        progress(session.terminal),
        settings{static_cast<std::uint64_t>(options.part_size_mb) * kMiB, options.content_type},
        report(session, progress, options.quiet ? Verbosity::kQuiet : Verbosity::kEach,
               options.dry_run ? Deed::kOnlyTell : Deed::kDo) {}
  Lanes lanes;
  Progress progress;
  TransferSettings settings;
  Report report;
};

void tell_problems(Report& report, const Selection& selection) {
  for (const auto& problem : selection.problems) report.failed("", {Code::kInvalid, problem, "name"});
}

// stdin to an object, or an object to stdout.
Result<int> copy_stream(Session& session, Work& work, const Ends& ends, const BucketCopyOptions& options) {
  if (options.recursive || options.dry_run) return usage("- is one stream; leave --recursive and --dry-run out");
  const auto& object = ends.from.kind == PlaceKind::kObject ? ends.from : ends.to;
  if (base_name(object.key).empty())
    return usage(fmt::format("{} names no object; with - write the whole key", object.str()));
  Item item{ends.from, ends.to, 0};
  const bool down = ends.to.kind == PlaceKind::kStream;
  if (down && session.output == Output::kJson) return usage("--json and - would both write to stdout");
  const auto move = [&](Remote& remote, std::size_t) -> Result<void> {
    if (!down) {
      work.progress.expect_unknown();
      GUST_TRY(item.size, upload_stream(remote, work.progress, STDIN_FILENO, object, work.settings));
      return {};
    }
    GUST_TRY(const auto head, BucketClient(remote).head(object));
    work.progress.expect(head.size);
    return download_stream(remote, work.progress, object, head, STDOUT_FILENO);
  };
  GUST_CHECK(work.lanes.run(1, move));
  if (down) return kOk;
  work.report.done(item);
  return work.report.end();
}

Result<int> copy(Session& session, const BucketCopyOptions& options) {
  GUST_TRY(const auto ends, parse_ends(options));
  GUST_TRY(auto lanes, connect_all(session, options.parallel));
  Work work(session, options, std::move(lanes));
  if (ends.from.kind == PlaceKind::kStream || ends.to.kind == PlaceKind::kStream)
    return copy_stream(session, work, ends, options);
  BucketClient client(work.lanes.first());
  GUST_TRY(const auto selection, options.recursive ? select_below(client, ends.from, ends.to)
                                                   : select_one(client, ends.from, ends.to));
  tell_problems(work.report, selection);
  GUST_CHECK(Transfer(work.lanes, work.progress, work.report, work.settings).run(selection.items));
  return work.report.end();
}

Result<int> sync(Session& session, const BucketCopyOptions& options) {
  GUST_TRY(const auto ends, parse_ends(options));
  if (ends.from.kind == PlaceKind::kStream || ends.to.kind == PlaceKind::kStream)
    return usage("sync works on folders and prefixes; for a stream use gust bucket cp");
  if (options.size_only && options.exact_times)
    return usage("--size-only and --exact-timestamps exclude each other; give one of them");
  GUST_TRY(auto lanes, connect_all(session, options.parallel));
  Work work(session, options, std::move(lanes));
  BucketClient client(work.lanes.first());
  const auto compare = options.size_only     ? Compare::kSize
                       : options.exact_times ? Compare::kExactTimes
                                             : Compare::kTimes;
  GUST_TRY(const auto selection, select_different(client, ends.from, ends.to, compare));
  tell_problems(work.report, selection);
  Transfer transfer(work.lanes, work.progress, work.report, work.settings);
  GUST_CHECK(transfer.run(selection.items));
  if (options.remove && !selection.surplus.empty()) {
    // What could not be read may be what keeps a thing at the target alive.
    if (work.report.good()) {
      GUST_CHECK(transfer.remove(selection.surplus));
    } else {
      work.report.failed("", {Code::kInvalid, "nothing was removed, for not everything could be copied", "delete"});
    }
  }
  return work.report.end();
}

int ended(Session& session, const Result<int>& result) {
  if (!result) session.terminal.status("");
  const int code = result ? *result : session.failed(result.error());
  if (Interrupt::wanted()) Interrupt::obey();
  return code;
}

}  // namespace

int bucket_copy_command(Session& session, const BucketCopyOptions& options) {
  const Interrupt interrupt;
  return ended(session, copy(session, options));
}

int bucket_sync_command(Session& session, const BucketCopyOptions& options) {
  const Interrupt interrupt;
  return ended(session, sync(session, options));
}

}  // namespace gust::cli
