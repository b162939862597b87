#include "sandbox/protocol.h"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace gust::sandbox {

namespace json = boost::json;

namespace {

template <typename... F>
struct Overload : F... {
  using F::operator()...;
};

json::array write_mounts(const std::vector<Mount>& from) {
  json::array mounts;
  for (const auto& mount : from) mounts.push_back({{"source", mount.source}, {"target", mount.target}});
  return mounts;
}

json::object write_environment(const std::map<std::string, std::string>& from) {
  json::object env;
  for (const auto& [name, value] : from) env[name] = value;
  return env;
}

json::object write_spec(const Spec& spec) {
  return {{"id", spec.id},
          {"kind", spec.kind == Kind::kGeneric ? "generic" : "final"},
          {"argv", json::value_from(spec.argv)},
          {"env", write_environment(spec.env)},
          {"working_dir", spec.working_dir},
          {"root", spec.root},
          {"read_only", write_mounts(spec.read_only)},
          {"memory_bytes", spec.memory_bytes},
          {"cpu_millis", spec.cpu_millis},
          {"cpu_share", spec.cpu_share},
          {"max_pids", spec.max_pids},
          {"tmp_bytes", spec.tmp_bytes},
          {"egress", spec.egress == Egress::kInternet ? "internet" : "none"},
          {"listen_ports", json::value_from(spec.listen_ports)},
          {"datagram_ports", json::value_from(spec.datagram_ports)}};
}

// boost::json throws on a wrong kind or range; decode_* turn that into kInvalid.
std::string text_of(const json::object& from, std::string_view name) { return std::string(from.at(name).as_string()); }

template <typename N>
N number_of(const json::object& from, std::string_view name) {
  return from.at(name).to_number<N>();
}

json::object write_specialisation(const Specialisation& to) {
  return {{"read_only", write_mounts(to.read_only)},
          {"memory_bytes", to.memory_bytes},
          {"cpu_millis", to.cpu_millis},
          {"cpu_share", to.cpu_share},
          {"tmp_bytes", to.tmp_bytes},
          {"argv", json::value_from(to.argv)},
          {"env", write_environment(to.env)},
          {"working_dir", to.working_dir}};
}

std::vector<Mount> read_mounts(const json::object& from) {
  std::vector<Mount> mounts;
  for (const auto& mount : from.at("read_only").as_array()) {
    mounts.push_back({text_of(mount.as_object(), "source"), text_of(mount.as_object(), "target")});
  }
  return mounts;
}

Specialisation read_specialisation(const json::object& from) {
  Specialisation to{read_mounts(from), number_of<std::uint64_t>(from, "memory_bytes"),
                    number_of<std::uint32_t>(from, "cpu_millis"), number_of<std::uint32_t>(from, "cpu_share"),
                    number_of<std::uint64_t>(from, "tmp_bytes")};
  to.argv = json::value_to<std::vector<std::string>>(from.at("argv"));
  for (const auto& [name, value] : from.at("env").as_object()) to.env[name] = std::string(value.as_string());
  to.working_dir = text_of(from, "working_dir");
  return to;
}

Spec read_spec(const json::object& from) {
  Spec spec;
  spec.kind = text_of(from, "kind") == "generic" ? Kind::kGeneric : Kind::kFinal;
  spec.id = text_of(from, "id");
  spec.argv = json::value_to<std::vector<std::string>>(from.at("argv"));
  for (const auto& [name, value] : from.at("env").as_object()) spec.env[name] = std::string(value.as_string());
  spec.working_dir = text_of(from, "working_dir");
  spec.root = text_of(from, "root");
  spec.read_only = read_mounts(from);
  spec.memory_bytes = number_of<std::uint64_t>(from, "memory_bytes");
  spec.cpu_millis = number_of<std::uint32_t>(from, "cpu_millis");
  spec.cpu_share = number_of<std::uint32_t>(from, "cpu_share");
  spec.max_pids = number_of<std::uint32_t>(from, "max_pids");
  spec.tmp_bytes = number_of<std::uint64_t>(from, "tmp_bytes");
  spec.egress = text_of(from, "egress") == "internet" ? Egress::kInternet : Egress::kNone;
  spec.listen_ports = json::value_to<std::vector<std::uint16_t>>(from.at("listen_ports"));
  spec.datagram_ports = json::value_to<std::vector<std::uint16_t>>(from.at("datagram_ports"));
  return spec;
}

json::object write_usage(const Usage& usage) {
  return {{"memory_peak_bytes", usage.memory_peak_bytes}, {"cpu_us", usage.cpu_us}};
}

Usage read_usage(const json::object& from) {
  return {number_of<std::uint64_t>(from, "memory_peak_bytes"), number_of<std::uint64_t>(from, "cpu_us")};
}

constexpr std::array<std::string_view, 5> kUsageFiles = {"bytes", "cpu.stat", "nanoseconds", "cgroup.freeze",
                                                         "freezer.state"};

json::array write_usage_files(const std::vector<UsageFile>& files) {
  json::array names;
  for (const auto file : files) names.push_back(json::value(kUsageFiles.at(static_cast<std::size_t>(file))));
  return names;
}

std::vector<UsageFile> read_usage_files(const json::array& names) {
  std::vector<UsageFile> files;
  for (const auto& name : names) {
    const auto found = std::ranges::find(kUsageFiles, std::string_view(name.as_string()));
    if (found == kUsageFiles.end()) throw std::invalid_argument("unknown usage file " + json::serialize(name));
    files.push_back(static_cast<UsageFile>(found - kUsageFiles.begin()));
  }
  return files;
}

json::object write_capabilities(const Capabilities& from) {
  return {{"privilege", from.privilege},
          {"cgroup", from.cgroup},
          {"memory", from.memory == Limit::kEnforced},
          {"pids", from.pids == Limit::kEnforced},
          {"cpu", from.cpu == Limit::kEnforced},
          {"notes", json::value_from(from.notes)}};
}

Limit read_limit(const json::object& from, std::string_view name) {
  return from.at(name).as_bool() ? Limit::kEnforced : Limit::kMissing;
}

Capabilities read_capabilities(const json::object& from) {
  return {text_of(from, "privilege"),
          text_of(from, "cgroup"),
          read_limit(from, "memory"),
          read_limit(from, "pids"),
          read_limit(from, "cpu"),
          json::value_to<std::vector<std::string>>(from.at("notes"))};
}

json::object write_exited(const Exited& exited) {
  return {{"event", "exited"},
          {"id", exited.id},
          {"code", exited.exit.code},
          {"signal", exited.exit.signal},
          {"out_of_memory", exited.exit.out_of_memory},
          {"usage", write_usage(exited.usage)}};
}

Request read_request(const json::object& from) {
  const auto op = text_of(from, "op");
  if (op == "start") return StartRequest{number_of<std::uint64_t>(from, "seq"), read_spec(from.at("spec").as_object())};
  if (op == "kill") return KillRequest{text_of(from, "id")};
  if (op == "specialise") {
    return SpecialiseRequest{number_of<std::uint64_t>(from, "seq"), text_of(from, "id"),
                             read_specialisation(from.at("to").as_object())};
  }
  if (op == "usage") return UsageRequest{number_of<std::uint64_t>(from, "seq"), text_of(from, "id")};
  throw std::invalid_argument("unknown op " + op);
}

// Codes travel as their number: both ends are built together.
Error read_error(const json::object& from) {
  return {static_cast<Code>(number_of<int>(from, "code")), text_of(from, "message"), {}};
}

Event read_event(const json::object& from) {
  const auto name = text_of(from, "event");
  if (name == "hello") return Hello{read_capabilities(from.at("capabilities").as_object())};
  if (name == "started") {
    return Started{number_of<std::uint64_t>(from, "seq"), number_of<std::int64_t>(from, "pid"),
                   read_usage_files(from.at("usage").as_array())};
  }
  if (name == "failed") return Failed{number_of<std::uint64_t>(from, "seq"), read_error(from)};
  if (name == "exited") {
    const Exit exit{number_of<int>(from, "code"), number_of<int>(from, "signal"), from.at("out_of_memory").as_bool()};
    return Exited{text_of(from, "id"), exit, read_usage(from.at("usage").as_object())};
  }
  if (name == "usage") {
    return UsageAnswer{number_of<std::uint64_t>(from, "seq"), read_usage(from.at("usage").as_object())};
  }
  if (name == "specialised") return Specialised{number_of<std::uint64_t>(from, "seq")};
  throw std::invalid_argument("unknown event " + name);
}

template <typename F>
auto decode(std::string_view text, F read) -> Result<decltype(read(json::object()))> {
  try {
    return read(json::parse(text).as_object());
  } catch (const std::exception& e) {
    return fail(Code::kInvalid, fmt::format("not a message of the launcher protocol: {}", e.what()));
  }
}

}  // namespace

std::string encode_program(const Specialisation& to) { return json::serialize(write_specialisation(to)); }
Result<Specialisation> decode_program(std::string_view text) { return decode(text, read_specialisation); }

std::string encode(const Request& request) {
  const auto object = std::visit(
      Overload{[](const StartRequest& r) {
                 return json::object{{"op", "start"}, {"seq", r.seq}, {"spec", write_spec(r.spec)}};
               },
               [](const KillRequest& r) { return json::object{{"op", "kill"}, {"id", r.id}}; },
               [](const UsageRequest& r) { return json::object{{"op", "usage"}, {"seq", r.seq}, {"id", r.id}}; },
               [](const SpecialiseRequest& r) {
                 return json::object{
                     {"op", "specialise"}, {"seq", r.seq}, {"id", r.id}, {"to", write_specialisation(r.to)}};
               }},
      request);
  return json::serialize(object);
}

std::string encode(const Event& event) {
  const auto object = std::visit(
      Overload{[](const Hello& e) {
                 return json::object{{"event", "hello"}, {"capabilities", write_capabilities(e.capabilities)}};
               },
               [](const Started& e) {
                 return json::object{
                     {"event", "started"}, {"seq", e.seq}, {"pid", e.pid}, {"usage", write_usage_files(e.usage)}};
               },
               [](const Failed& e) {
                 return json::object{{"event", "failed"},
                                     {"seq", e.seq},
                                     {"code", static_cast<int>(e.error.code)},
                                     {"message", e.error.message}};
               },
               [](const Exited& e) { return write_exited(e); },
               [](const UsageAnswer& e) {
                 return json::object{{"event", "usage"}, {"seq", e.seq}, {"usage", write_usage(e.usage)}};
               },
               [](const Specialised& e) { return json::object{{"event", "specialised"}, {"seq", e.seq}}; }},
      event);
  return json::serialize(object);
}

Result<void> parse_usage(UsageFile kind, std::string_view text, Usage& usage) {
  constexpr std::string_view kKey = "usage_usec ";
  if (kind == UsageFile::kCpuStat) {
    const auto at = text.find(kKey);
    text = at == std::string_view::npos ? std::string_view() : text.substr(at + kKey.size());
  }
  std::uint64_t number = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc()) {
    return fail(Code::kInvalid, fmt::format("'{}' is not a file of a cgroup's usage", text));
  }
  if (kind == UsageFile::kBytes) usage.memory_peak_bytes = number;
  if (kind == UsageFile::kCpuStat) usage.cpu_us = number;
  if (kind == UsageFile::kNanoseconds) usage.cpu_us = number / 1000;
  return {};
}

Result<Request> decode_request(std::string_view text) { return decode(text, read_request); }
Result<Event> decode_event(std::string_view text) { return decode(text, read_event); }

}  // namespace gust::sandbox
