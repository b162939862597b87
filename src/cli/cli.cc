#include "cli/cli.h"

#include "cli/command_tree.h"
#include "cli/commands/command_table.h"
#include "cli/commands/commands.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <charconv>
#include <cstring>
#include <exception>
#include <filesystem>

namespace gust::cli {
namespace {

constexpr std::string_view kVersion = "0.1.0";

constexpr const char* kExitCodes =
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no Gust answers, 4 the invoked function failed.";

// "ADDR:PORT", "[ADDR]:PORT" or ":PORT".
Result<void> parse_listen(std::string_view option, const std::string& text, std::string& address_out,
                          std::uint16_t& port_out) {
  const auto colon = text.rfind(':');
  const auto digits = colon == std::string::npos ? std::string_view() : std::string_view(text).substr(colon + 1);
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), port_out);
  if (digits.empty() || problem != std::errc() || end != digits.data() + digits.size()) {
    return fail(Code::kInvalid,
                fmt::format("{} {}: expected ADDR:PORT, as in 127.0.0.1:{}; port 0 takes a free one", option, text,
                            option == "--listen" ? 4566 : 8443),
                "usage");
  }
  auto address = text.substr(0, colon);
  if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
  if (!address.empty()) address_out = address == "localhost" ? "127.0.0.1" : address;
  return {};
}

// "auto", or seconds up to a day.
Result<void> parse_keep_alive(const std::string& text, UpOptions& out) {
  if (text == "auto") return {};
  constexpr std::int64_t kMost = 86'400;
  std::int64_t seconds = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (problem != std::errc() || end != text.data() + text.size() || seconds < 0 || seconds > kMost) {
    return fail(Code::kInvalid,
                fmt::format("--keep-alive {}: expected 'auto', or whole seconds from 0 to {}", text, kMost), "usage");
  }
  out.keep_alive = std::chrono::seconds(seconds);
  return {};
}

// "auto", or megabytes.
Result<void> parse_instance_memory(const std::string& text, UpOptions& out) {
  if (text == "auto") return {};
  constexpr std::uint64_t kLeast = 128, kMost = 1 << 30;
  std::uint64_t megabytes = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), megabytes);
  if (problem != std::errc() || end != text.data() + text.size() || megabytes < kLeast || megabytes > kMost) {
    return fail(Code::kInvalid,
                fmt::format("--instance-memory {}: expected 'auto', or whole megabytes from {} to {}", text, kLeast,
                            kMost),
                "usage");
  }
  out.instance_memory_mb = megabytes;
  return {};
}

CLI::Validator not_empty() {
  return CLI::Validator([](std::string& given) { return given.empty() ? "is empty" : ""; }, "");
}

class Command {
 public:
  explicit Command(const Local& local) : local_(local) { build(); }

  int run(int argc, const char* const* argv) {
    const auto tree = tree_of(app_);
    const std::string first = argc > 1 ? argv[1] : "";
    if (!first.empty() && first[0] != '-' && !find_child(tree, first)) return unknown(tree, first);
    const auto* const node = first.empty() ? nullptr : find_child(tree, first);
    const std::string second = argc > 2 ? argv[2] : "";
    if (node != nullptr && !node->children.empty() && !second.empty() && second[0] != '-' && !find_child(*node, second))
      return unknown(*node, second);
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ExtrasError& e) {
      return not_expected(tree);
    } catch (const CLI::ParseError& e) {
      if (e.get_exit_code() == 0) return app_.exit(e);  // --help and --version
      session_.terminal.error(fmt::format("{}; see {} --help", e.what(), below(node_of(tree))));
      return kUsage;
    } catch (const std::exception& e) {
      session_.terminal.error(fmt::format("something that should not happen: {}", e.what()));
      return kFailed;
    }
    const auto lost = session_.terminal.lost();
    if (lost == 0) return code_;
    session_.terminal.error(fmt::format("the output could not be written: {}", std::strerror(lost)));
    return code_ == kOk ? kFailed : code_;
  }

 private:
  static const CommandNode* find_child(const CommandNode& node, const std::string& name) {
    const auto found = std::ranges::find_if(node.children, [&](const CommandNode& child) {
      return child.name == name || std::ranges::find(child.aliases, name) != child.aliases.end();
    });
    return found == node.children.end() ? nullptr : &*found;
  }

  // The command that was given, as far as it is known.
  const CommandNode& node_of(const CommandNode& tree) const {
    const auto* node = &tree;
    for (const CLI::App* app = &app_; !app->get_subcommands().empty();) {
      app = app->get_subcommands().front();
      if (const auto* child = find_child(*node, app->get_name())) node = child;
    }
    return *node;
  }

  static std::string below(const CommandNode& node) { return node.path.empty() ? "gust" : "gust " + node.path; }

  int unknown(const CommandNode& node, const std::string& name) {
    std::vector<std::string> known;
    for (const auto& child : node.children) known.push_back(child.name);
    const auto near = nearest(name, known);
    const auto hint = near ? fmt::format("did you mean: {} {}", below(node), *near)
                           : fmt::format("see {} --help", below(node));
    session_.terminal.error(fmt::format("there is no command '{}'; {}", name, hint));
    return kUsage;
  }

  // Of the command that was given, or of the program: what was left over, and which option may be meant.
  int not_expected(const CommandNode& tree) {
    const auto* node = &node_of(tree);
    const auto left = app_.remaining(true);
    const auto given = left.empty() ? std::string() : left.front().substr(0, left.front().find('='));
    std::vector<std::string> known;
    for (const auto* of : {node, &tree}) {
      for (const auto& option : of->options) {
        if (!option.is_positional()) known.push_back(option.names.back());
      }
    }
    const auto near = given.starts_with("-") ? nearest(given, known) : std::nullopt;
    const auto what = near ? fmt::format("did you mean {}? See {} --help", *near, below(*node))
                           : fmt::format("see {} --help", below(*node));
    session_.terminal.error(fmt::format("{} is not expected; {}", given, what));
    return kUsage;
  }

  void build() {
    app_.require_subcommand(1);
    app_.fallthrough();
    app_.add_option("--endpoint", session_.endpoint,
                    "The daemon's address (else GUST_ENDPOINT, DATA/endpoint, http://127.0.0.1:4566)");
    app_.add_option("--data", session_.data,
                    "The data folder (else GUST_DATA, XDG_DATA_HOME/gust, ~/.local/share/gust)");
    app_.add_option("--region", session_.region, "The region (else AWS_REGION, AWS_DEFAULT_REGION, us-east-1)");
    app_.add_flag_callback("--json", [this] { session_.output = Output::kJson; }, "Print for machines");
    app_.set_version_flag("--version", std::string(kVersion));
    app_.footer(
        fmt::format("Examples:\n  gust up\n  gust deploy examples/thumbnails\n  gust logs ResizeFunction -f\n  gust "
                    "failed list\n\n{}",
                    kExitCodes));
    add_up();
    add_deploy();
    add_invoke();
    add_logs();
    add_traces();
    add_failed();
    add_event_commands(table_of_commands_);
    add_bill_commands(table_of_commands_);
    add_account();
    add_image();
    add_bucket();
    add_table();
    add_store();
    add_top_command(table_of_commands_);
    add_init_command(table_of_commands_);
    add_dev_command(table_of_commands_);
    add_completion_commands(table_of_commands_);
    auto* status = add("status", "What runs: functions, instances, queues",
                       "gust status\n  gust status --pools\n  gust status --json");
    status->add_flag_callback(
        "--pools", [this] { status_ = pools_command; },
        "How instances were started, and the runtimes that stand ready");
    status->callback([this] { code_ = status_(session_); });
    auto* console = add("console", "Open the console in a browser, signed in",
                        "gust console\n  gust console --print\n  gust console --json");
    console->add_flag_callback(
        "--print", [this] { console_ = ConsoleOpen::kPrint; }, "Only print the address, which is good for a minute");
    console->callback([this] { code_ = console_command(session_, console_); });
    auto* version = add("version", "The version of this program", "gust version");
    version->callback([this] {
      if (session_.output == Output::kJson)
        session_.json(boost::json::object{{"version", kVersion}});
      else
        session_.terminal.line(fmt::format("gust {}", kVersion));
    });
  }

  CLI::App* add(const std::string& name, const std::string& what, const std::string& examples,
                CLI::App* parent = nullptr) {
    return table_of_commands_.add(name, what, examples, parent);
  }

  void add_up() {
    auto* sub = add("up", "Run Gust in the foreground until Ctrl-C or SIGTERM",
                    "gust up\n  gust up --dev\n  gust up --listen 127.0.0.1:0 --data ./gust-data\n"
                    "  gust up --tls-cert cert.pem --tls-key key.pem --tls-listen 0.0.0.0:443");
    sub->add_flag_callback(
        "--dev", [this] { up_options_.mode = Mode::kDev; }, "Also accept the key pair test/test, from loopback only");
    sub->add_option("--listen", listen_, "ADDR:PORT to listen on")->default_str("127.0.0.1:4566");
    sub->add_option("--tls-cert", up_options_.tls_certificate,
                    "The certificate in PEM, with those that lead to its authority: Gust speaks TLS, too");
    sub->add_option("--tls-key", up_options_.tls_key, "The certificate's key in PEM");
    sub->add_option("--tls-listen", tls_listen_, "ADDR:PORT to speak TLS on")->default_str("127.0.0.1:8443");
    sub->add_option("--keep-alive", keep_alive_,
                    "Seconds that an idle instance stays; auto: from when each function is called")
        ->default_str("auto");
    sub->add_option("--instance-memory", instance_memory_,
                    "Megabytes that all instances may have together, by their MemorySize; auto: 3/4 of the machine's")
        ->default_str("auto");
    sub->callback([this] {
      auto parsed = parse_keep_alive(keep_alive_, up_options_);
      if (parsed) parsed = parse_instance_memory(instance_memory_, up_options_);
      if (parsed && !listen_.empty())
        parsed = parse_listen("--listen", listen_, up_options_.address, up_options_.port);
      if (parsed) parsed = parse_tls();
      if (!parsed) {
        code_ = session_.failed(parsed.error());
        return;
      }
      up_options_.data = std::filesystem::absolute(session_.data_folder()).lexically_normal().string();
      code_ = local_.up(up_options_);
    });
  }

  // Any of its options asks for TLS.
  Result<void> parse_tls() {
    auto& options = up_options_;
    if (tls_listen_.empty() && options.tls_certificate.empty() && options.tls_key.empty()) return {};
    options.tls_address = "127.0.0.1";
    if (!tls_listen_.empty())
      GUST_CHECK(parse_listen("--tls-listen", tls_listen_, options.tls_address, options.tls_port));
    for (auto* file : {&options.tls_certificate, &options.tls_key}) {
      if (!file->empty()) *file = std::filesystem::absolute(*file).lexically_normal().string();
    }
    return {};
  }

  void add_deploy() {
    auto* sub = add("deploy", "Make what a SAM or CloudFormation template asks for",
                    "gust deploy .\n  gust deploy examples/thumbnails --parameter ThumbnailSize=320\n"
                    "  gust deploy template.yaml --stack staging --dry-run");
    sub->add_option("path", deploy_.path, "A template, or a folder with template.yaml")->default_str(".");
    sub->add_option("--stack", deploy_.stack, "The stack's name (else the folder's)");
    sub->add_option("--parameter", deploy_.parameters, "NAME=VALUE for a parameter of the template; may be repeated")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    sub->add_flag("--yes,-y", deploy_.yes, "Do not ask before resources are deleted or replaced");
    sub->add_flag("--dry-run", deploy_.dry_run, "Only show what would change");
    sub->callback([this] { code_ = deploy_command(session_, deploy_); });
  }

  void add_invoke() {
    auto* sub =
        add("invoke", "Invoke a function and print its result",
            "gust invoke hello --payload '{\"name\": \"Ann\"}'\n  gust invoke hello --payload @event.json --log\n"
            "  echo '{}' | gust invoke hello --payload - --async");
    sub->add_option("name", invoke_.name, "A function's name, or its logical id in a deployed template")->required();
    sub->add_option("--payload", invoke_.payload, "JSON, @FILE or - for stdin")->default_str("{}");
    sub->add_flag("--async", invoke_.asynchronous,
                  "Only queue it; failures are retried and then kept, see gust failed");
    sub->add_flag("--log", invoke_.log, "Also print the end of the log, on stderr");
    sub->callback([this] { code_ = invoke_command(session_, invoke_); });
  }

  void add_logs() {
    auto* sub = add("logs", "Print the log of a function, a log group or a trace",
                    "gust logs hello\n  gust logs hello -f --filter ERROR\n  gust logs /aws/lambda/hello --since 15m "
                    "--json\n  gust logs 1-5759e988-bd862e3fe1be46a994272793");
    sub->add_option("name", logs_.name,
                    "A function's name or its logical id in a deployed template, a log group /NAME, or a trace's id")
        ->required();
    sub->add_flag("-f,--follow", logs_.follow, "Go on as lines come, until Ctrl-C");
    sub->add_option("--since", logs_.since, "Only lines of the last 90s, 15m, 2h or 1d");
    sub->add_option("--filter", logs_.filter, "Only lines that match: terms, \"a phrase\", %regex%, { $.field = 1 }");
    sub->add_option("--limit", logs_.limit, "How many lines at most")
        ->check(CLI::Range(1, 100'000))
        ->default_str("1000");
    sub->callback([this] { code_ = logs_command(session_, logs_); });
  }

  void add_traces() {
    auto* sub = add("traces", "Requests and what they set off, the newest first",
                    "gust traces\n  gust traces --failed --since 1h\n  gust traces --slow 500 --function thumbs\n"
                    "  gust traces -f");
    auto* slow = sub->add_option("--slow", traces_.slow, "Only with a step of at least so many ms (1000)");
    slow->expected(0, 1);
    sub->add_flag("--failed", traces_.only_failed, "Only those in which something failed");
    sub->add_option("--since", traces_.since, "Only of the last 90s, 15m, 2h or 1d");
    sub->add_option("--function", traces_.function, "Only with this function in it");
    sub->add_option("--service", traces_.service, "Only with this service in it: s3, lambda, dynamodb, apigateway...");
    sub->add_option("--text", traces_.text, "Only with this in a name, a resource, an error or a request's id");
    sub->add_option("--limit", traces_.limit, "How many at most")->check(CLI::Range(1, 1000))->default_str("20");
    sub->add_flag("-f,--follow", traces_.follow, "Each as it begins, until Ctrl-C");
    sub->callback([this, slow] {
      traces_.only_slow = slow->count() > 0;
      code_ = traces_command(session_, traces_);
    });
    auto* one = add("trace", "One trace, step by step, with what its functions printed",
                    "gust trace 1-5759e988-bd862e3fe1be46a994272793\n  gust trace ID --json");
    one->add_option("id", trace_id_, "Its id, see gust traces")->required();
    one->callback([this] { code_ = trace_command(session_, trace_id_); });
  }

  void add_failed() {
    auto* sub = add("failed", "Events that failed for good", "gust failed list\n  gust failed retry ID");
    sub->require_subcommand(1);
    add("list", "List them", "gust failed list\n  gust failed list --json", sub)->callback([this] {
      code_ = failed_list_command(session_);
    });
    auto* show = add("show", "Show one: event, error, attempts", "gust failed show ID", sub);
    show->add_option("id", failed_id_, "Its id, see gust failed list")->required();
    show->callback([this] { code_ = failed_show_command(session_, failed_id_); });
    auto* retry = add("retry", "Try it again", "gust failed retry ID\n  gust failed retry ID1 ID2", sub);
    retry->add_option("id", failed_ids_, "Ids, see gust failed list")->required();
    retry->callback([this] { code_ = failed_retry_command(session_, failed_ids_); });
    auto* drop = add("drop", "Forget it", "gust failed drop ID", sub);
    drop->add_option("id", failed_ids_, "Ids, see gust failed list")->required();
    drop->callback([this] { code_ = failed_drop_command(session_, failed_ids_); });
  }

  void add_account() {
    auto* sub = add("account", "Accounts and their keys", "gust account create --name ann\n  gust account ls");
    sub->require_subcommand(1);
    auto* create = add("create", "Make an account; prints its keys, which are not shown again",
                       "gust account create --name ann\n  gust account create --id 111122223333 --access-key "
                       "AKIAIOSFODNN7EXAMPLE --secret SECRET",
                       sub);
    create->add_option("--name", account_.name, "A name to know it by");
    create->add_option("--id", account_.id, "12 digits; made up when not given");
    create->add_option("--canonical-id", account_.canonical_id, "64 digits of 0-9a-f; made up when not given");
    create->add_option("--access-key", account_.access_key, "16-128 letters and digits; made up when not given");
    create->add_option("--secret", account_.secret, "16-128 characters; goes with --access-key");
    create->callback([this] { code_ = account_create_command(session_, account_); });
    auto* list = add("ls", "List the accounts", "gust account ls\n  gust account ls --json", sub);
    list->alias("list");
    list->callback([this] { code_ = account_list_command(session_); });
  }

  void add_image() {
    auto* sub = add("image", "Container images for functions of PackageType Image",
                    "gust image push image.tar hello:1\n  gust image ls\n  gust image rm hello:1");
    sub->require_subcommand(1);
    auto* push = add("push", "Upload an image under a name and a tag",
                     "docker save hello -o image.tar && gust image push image.tar hello:1\n  gust image push ./layout "
                     "team/hello:1",
                     sub);
    push->add_option("path", image_.path, "A tar (docker save, OCI image layout), or the folder of a layout")
        ->required();
    push->add_option("name", image_.name, "NAME or NAME:TAG; without a tag it is latest")->required();
    push->callback([this] { code_ = image_push_command(session_, image_); });
    auto* list = add("ls", "List the images", "gust image ls\n  gust image ls --json", sub);
    list->alias("list");
    list->callback([this] { code_ = image_list_command(session_); });
    auto* remove = add("rm", "Remove a tag, or an image by its digest; functions that use it keep it",
                       "gust image rm hello:1\n  gust image rm hello@sha256:DIGEST", sub);
    remove->add_option("name", image_.name, "NAME:TAG or NAME@sha256:DIGEST")->required();
    remove->callback([this] { code_ = image_remove_command(session_, image_); });
  }

  void add_bucket() {
    auto* sub = add("bucket", "Objects in buckets: list, copy, remove, synchronise, share",
                    "gust bucket mb s3://photos\n  gust bucket cp film.bin s3://photos/\n  gust bucket ls s3://photos\n"
                    "  gust bucket sync ./site s3://photos/site --delete");
    sub->require_subcommand(1);
    auto* list = add("ls", "List the buckets, or what is in one",
                     "gust bucket ls\n  gust bucket ls s3://photos/2026/\n  gust bucket ls s3://photos --recursive "
                     "--human-readable --summarize",
                     sub);
    list->alias("list");
    list->add_option("uri", bucket_list_.uri, "s3://BUCKET[/PREFIX]; without it the buckets are listed");
    list->add_flag("--recursive,-r", bucket_list_.recursive, "Everything below, not only what is next");
    list->add_flag("--human-readable", bucket_list_.human, "Sizes in KiB, MiB and so on");
    list->add_flag("--summarize", bucket_list_.summary, "Number and size of all at the end");
    list->add_flag("--uploads", bucket_list_.uploads, "Instead: uploads in parts that did not come to their end");
    list->callback([this] { code_ = bucket_list_command(session_, bucket_list_); });
    add_bucket_transfers(*sub);
    auto* remove = add("rm", "Remove an object, or everything below a prefix",
                       "gust bucket rm s3://photos/film.bin\n  gust bucket rm s3://photos/2025 --recursive\n"
                       "  gust bucket rm --uploads s3://photos --recursive",
                       sub);
    remove->add_option("uri", bucket_remove_.uri, "s3://BUCKET/KEY")->required();
    remove->add_flag("--recursive,-r", bucket_remove_.recursive, "Everything below s3://BUCKET/KEY/");
    remove->add_flag("--uploads", bucket_remove_.uploads, "Instead: abort uploads that did not come to their end");
    remove->add_flag("--dry-run", bucket_remove_.dry_run, "Only show what would be removed");
    remove->add_flag("--quiet,-q", bucket_remove_.quiet, "Print errors only");
    remove->callback([this] { code_ = bucket_remove_command(session_, bucket_remove_); });
    auto* presign = add("presign", "An address of an object that needs no keys, for a while",
                        "gust bucket presign s3://photos/film.bin --expires-in 600\n  gust bucket presign "
                        "s3://photos/new.bin --method PUT",
                        sub);
    presign->add_option("uri", bucket_presign_.uri, "s3://BUCKET/KEY")->required();
    presign->add_option("--expires-in", bucket_presign_.expires_s, "Seconds that it is good for: 7 days at most")
        ->check(CLI::Range(1, 604'800))
        ->default_str("3600");
    presign->add_option("--method", bucket_presign_.method, "What it is for: GET, HEAD, PUT or DELETE")
        ->transform(CLI::IsMember({"GET", "HEAD", "PUT", "DELETE"}, CLI::ignore_case))
        ->default_str("GET");
    presign->callback([this] { code_ = bucket_presign_command(session_, bucket_presign_); });
    auto* make = add("mb", "Make a bucket", "gust bucket mb s3://photos", sub);
    make->add_option("uri", bucket_uri_, "s3://BUCKET")->required();
    make->callback([this] { code_ = bucket_make_command(session_, bucket_uri_); });
    auto* drop = add("rb", "Remove a bucket that is empty", "gust bucket rb s3://photos", sub);
    drop->add_option("uri", bucket_uri_, "s3://BUCKET")->required();
    drop->callback([this] { code_ = bucket_drop_command(session_, bucket_uri_); });
  }

  void add_bucket_transfers(CLI::App& parent) {
    auto* copy = add("cp", "Copy to, from or between buckets; what was interrupted is continued",
                     "gust bucket cp film.bin s3://photos/2026/\n  gust bucket cp s3://photos/2026/film.bin .\n"
                     "  gust bucket cp ./album s3://photos/album --recursive\n"
                     "  tar c album | gust bucket cp - s3://photos/album.tar",
                     &parent);
    add_transfer_options(*copy);
    copy->add_flag("--recursive,-r", bucket_copy_.recursive, "Everything below a folder or a prefix");
    copy->callback([this] { code_ = bucket_copy_command(session_, bucket_copy_); });
    auto* sync = add("sync", "Copy what is new or changed below a folder or a prefix",
                     "gust bucket sync ./site s3://photos/site\n  gust bucket sync s3://photos/site ./site --delete "
                     "--dry-run",
                     &parent);
    add_transfer_options(*sync);
    sync->add_flag("--delete", bucket_copy_.remove, "Also remove from DST what SRC does not have");
    sync->add_flag("--size-only", bucket_copy_.size_only, "Take what has the same size for the same");
    sync->add_flag("--exact-timestamps", bucket_copy_.exact_times,
                   "Download also files that are older than their objects and of the same size");
    sync->callback([this] { code_ = bucket_sync_command(session_, bucket_copy_); });
  }

  void add_transfer_options(CLI::App& sub) {
    sub.add_option("src", bucket_copy_.from, "s3://BUCKET/KEY or a path; cp takes - for stdin")->required();
    sub.add_option("dst", bucket_copy_.to, "s3://BUCKET/KEY or a path; cp takes - for stdout")->required();
    sub.add_flag("--dry-run", bucket_copy_.dry_run, "Only show what would be done");
    sub.add_flag("--quiet,-q", bucket_copy_.quiet, "Print errors only");
    sub.add_option("--content-type", bucket_copy_.content_type, "The Content-Type (else by the name's extension)");
    sub.add_option("--part-size", bucket_copy_.part_size_mb,
                   "MiB; larger files go in parts of so much, or more where there would be over 10,000")
        ->check(CLI::Range(5, 5120))
        ->default_str("8");
    sub.add_option("--parallel", bucket_copy_.parallel, "How many requests at once")
        ->check(CLI::Range(1, 64))
        ->default_str("4");
  }

  void add_table() {
    auto* sub = add("table", "Items in tables: look, put, search, export, import",
                    "gust table ls\n  gust table put music '{\"artist\": \"Nina\", \"song\": \"Sinnerman\"}'\n"
                    "  gust table query music artist=Nina 'song=Sin*'\n  gust table export music music.csv");
    sub->require_subcommand(1);
    auto* list = add("ls", "List the tables", "gust table ls\n  gust table ls --json", sub);
    list->alias("list");
    list->callback([this] { code_ = table_list_command(session_); });
    add_of_table(*sub, "describe", "Key, indexes, status of a table", "gust table describe music",
                 table_describe_command);
    auto* get = add_of_table(*sub, "get", "Print one item", "gust table get music artist=Nina song=Sinnerman",
                             table_get_command);
    get->add_option("key", table_.conditions, "NAME=VALUE of each attribute of the key, or the key as JSON")
        ->required();
    auto* put = add_of_table(*sub, "put", "Put an item; one of the same key is replaced",
                             "gust table put music '{\"artist\": \"Nina\", \"song\": \"Sinnerman\", \"year\": "
                             "1965}'\n  gust table put music @item.json",
                             table_put_command);
    put->add_option("item", table_.item, "A JSON object, @FILE or - for stdin")->required();
    auto* remove = add_of_table(*sub, "rm", "Remove an item or, without a key, the table with all its items",
                                "gust table rm music artist=Nina song=Sinnerman\n  gust table rm music --yes",
                                table_remove_command);
    remove->add_option("key", table_.conditions, "NAME=VALUE of each attribute of the key, or the key as JSON");
    remove->add_flag("--yes,-y", table_.yes, "Do not ask before the table is deleted");
    auto* query = add_of_table(*sub, "query", "Print the items of a key, one a line",
                               "gust table query music artist=Nina\n  gust table query music artist=Nina 'song=Sin*' "
                               "--desc --limit 5\n  gust table query music year=1965 --index by-year",
                               table_query_command);
    query->add_option("conditions", table_.conditions,
                      "NAME=VALUE of the first attribute of the key; of the second also NAME=PREFIX*, NAME=A..B, "
                      "<, <=, >, >=, and == for a value with * or ..")
        ->required();
    query->add_flag("--desc", table_.descending, "The last first");
    auto* scan = add_of_table(*sub, "scan", "Print all items, one a line",
                              "gust table scan music --limit 10\n  gust table scan music --filter \"plays > 5 AND "
                              "begins_with(song, 'S')\"",
                              table_scan_command);
    for (auto* one : {query, scan}) {
      one->add_option("--index", table_.index, "Of this index");
      one->add_option("--limit", table_.limit, "How many items at most");
    }
    auto* out = add_of_table(*sub, "export", "Write all items to a file of JSON lines or CSV",
                             "gust table export music music.jsonl\n  gust table export music music.csv --filter "
                             "\"plays > 5\"",
                             table_export_command);
    out->add_option("file", table_.file, "NAME.jsonl or NAME.csv; - for JSON lines on stdout")->required();
    auto* in = add_of_table(*sub, "import", "Put the items of a file of JSON lines or CSV; lines that fail are named",
                            "gust table import music music.jsonl\n  gust table import music music.csv",
                            table_import_command);
    in->add_option("file", table_.file, "NAME.jsonl or NAME.csv, whose first line names the attributes")->required();
    for (auto* one : {query, scan, out})
      one->add_option("--filter", table_.filter, "Only items for which a condition of PartiQL holds");
    for (auto* one : {get, put, query, scan, out, in})
      one->add_flag("--raw", table_.raw, "Typed JSON, as the service has it: {\"id\": {\"S\": \"a\"}}");
  }

  CLI::App* add_of_table(CLI::App& parent, const std::string& name, const std::string& what,
                         const std::string& examples, int (*command)(Session&, const TableOptions&)) {
    auto* sub = add(name, what, examples, &parent);
    sub->add_option("name", table_.name, "The table's name")->required();
    sub->callback([this, command] { code_ = command(session_, table_); });
    return sub;
  }

  void add_store() {
    auto* check = add("fsck", "Check every object against its checksums, and find what belongs to nothing",
                      "gust fsck\n  gust fsck --json\n  gust fsck --data ./backup");
    check->callback([this] { code_ = fsck_command(session_, local_); });
    auto* backup = add("backup", "Copy the running store as it is at one moment, into a new folder on Gust's machine",
                       "gust backup ./backup\n  gust backup /mnt/other/monday --copy");
    backup->add_option("folder", backup_.folder, "Where to; it must be empty or not be there yet")
        ->required()
        ->check(not_empty());
    backup->add_flag("--copy", backup_.copy, "Copy every byte; else files that do not change are hard links");
    backup->callback([this] { code_ = backup_command(session_, backup_); });
    auto* restore = add("restore", "Make the data folder from a backup, and check it",
                        "gust restore ./backup --data ./restored && gust up --data ./restored");
    restore->add_option("folder", backup_.folder, "A folder that gust backup made")
        ->required()
        ->check(not_empty());
    restore->callback([this] { code_ = restore_command(session_, local_, backup_); });
  }

  const Local& local_;
  CLI::App app_{"Gust: a serverless cloud on your own machine", "gust"};
  Session session_;
  int (*status_)(Session&) = status_command;
  ConsoleOpen console_ = ConsoleOpen::kBrowser;
  int code_ = kOk;
  CommandTable table_of_commands_{app_, session_, code_};
  UpOptions up_options_;
  std::string listen_, tls_listen_;
  std::string keep_alive_ = "auto", instance_memory_ = "auto";
  DeployOptions deploy_;
  InvokeOptions invoke_;
  LogsOptions logs_;
  TracesOptions traces_;
  std::string trace_id_;
  std::string failed_id_;
  std::vector<std::string> failed_ids_;
  AccountOptions account_;
  ImageOptions image_;
  BucketListOptions bucket_list_;
  BucketCopyOptions bucket_copy_;
  BucketRemoveOptions bucket_remove_;
  BucketPresignOptions bucket_presign_;
  std::string bucket_uri_;
  TableOptions table_;
  BackupOptions backup_;
};

}  // namespace

int run(int argc, const char* const* argv, const Local& local) { return Command(local).run(argc, argv); }

}  // namespace gust::cli
