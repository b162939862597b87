#include "functions/event_record.h"

#include "codec/crc.h"

#include <cstring>
#include <span>

namespace gust::functions {
namespace {

constexpr std::size_t kPrefix = 8;  // length and checksum of the body
constexpr std::size_t kMaxText = 0xffff, kMaxError = 1024;
constexpr std::uint32_t kMaxBody = 8 << 20;

template <typename T>
void put(std::string& out, T number) {
  for (std::size_t i = 0; i < sizeof(T); ++i) out += static_cast<char>(number >> (8 * i) & 0xff);
}

void put_text(std::string& out, std::string_view text) {
  text = text.substr(0, kMaxText);
  put(out, static_cast<std::uint16_t>(text.size()));
  out += text;
}

template <typename T>
T number_at(const char* at) {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) out |= std::uint64_t{static_cast<unsigned char>(at[i])} << (8 * i);
  return static_cast<T>(out);
}

std::uint32_t crc_of(std::string_view text) {
  return codec::crc32(0, std::as_bytes(std::span(text.data(), text.size())));
}

void set_number(std::string& out, std::size_t at, std::uint32_t number) {
  for (std::size_t i = 0; i < 4; ++i) out[at + i] = static_cast<char>(number >> (8 * i) & 0xff);
}

// Reads what put() and put_text() wrote; after the first failure everything is empty.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  template <typename T>
  T number() {
    if (rest_.size() < sizeof(T)) return broken<T>();
    const auto out = number_at<T>(rest_.data());
    rest_.remove_prefix(sizeof(T));
    return out;
  }
  std::string_view text() {
    const auto size = number<std::uint16_t>();
    if (rest_.size() < size) return broken<std::string_view>();
    const auto out = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return out;
  }
  std::string_view rest() const { return rest_; }
  bool good() const { return good_; }

 private:
  template <typename T>
  T broken() {
    good_ = false;
    rest_ = {};
    return T{};
  }
  std::string_view rest_;
  bool good_ = true;
};

std::unexpected<Error> damaged() {
  return fail(Code::kCorrupt, "a kept event is not what was written; its disk may be failing", "event");
}

// Opens a record; close_record() writes its length.
std::size_t open_record(std::string& out, RecordView::Kind kind) {
  const auto at = out.size();
  out.append(kPrefix, '\0');
  out += static_cast<char>(kind);
  return at;
}

void close_record(std::string& out, std::size_t at) {
  set_number(out, at, static_cast<std::uint32_t>(out.size() - at - kPrefix));
}

}  // namespace

void append_record(std::string& out, const KeptEvent& event, std::string_view payload) {
  const auto at = open_record(out, RecordView::Kind::kEvent);
  put(out, static_cast<std::uint64_t>(to_epoch_ms(event.at)));
  put(out, static_cast<std::uint8_t>(event.arrival));
  put(out, static_cast<std::uint32_t>(event.bytes));
  put_text(out, event.id);
  put_text(out, event.function.key.account.str());
  put_text(out, event.function.key.name.str());
  put_text(out, event.function.qualifier);
  put_text(out, event.trace_id);
  put_text(out, event.client_context);
  put_text(out, event.replay_of);
  out += payload;
  close_record(out, at);
}

void append_record(std::string& out, const KeptOutcome& outcome) {
  const auto at = open_record(out, RecordView::Kind::kOutcome);
  put(out, static_cast<std::uint64_t>(to_epoch_ms(outcome.at)));
  put(out, static_cast<std::uint8_t>(outcome.fate));
  put(out, outcome.duration_us);
  put_text(out, outcome.id);
  put_text(out, outcome.version);
  put_text(out, std::string_view(outcome.error).substr(0, kMaxError));
  close_record(out, at);
}

void seal_records(std::string& bytes) {
  for (std::size_t at = 0; at + kPrefix <= bytes.size();) {
    const auto size = number_at<std::uint32_t>(bytes.data() + at);
    set_number(bytes, at + 4, crc_of(std::string_view(bytes).substr(at + kPrefix, size)));
    at += kPrefix + size;
  }
}

bool next_record(std::string_view& bytes, RecordView& out) {
  if (bytes.size() < kPrefix + 1) return false;
  const auto size = number_at<std::uint32_t>(bytes.data());
  if (size == 0 || size > kMaxBody || bytes.size() - kPrefix < size) return false;
  const auto kind = static_cast<RecordView::Kind>(bytes[kPrefix]);
  if (kind != RecordView::Kind::kEvent && kind != RecordView::Kind::kOutcome) return false;
  out = {kind, bytes.substr(kPrefix + 1, size - 1), number_at<std::uint32_t>(bytes.data() + 4)};
  bytes.remove_prefix(kPrefix + size);
  return true;
}

// The kind lies right before the body.
bool RecordView::sound() const { return crc == crc_of({body.data() - 1, body.size() + 1}); }

bool read_head(const RecordView& record, EventHead& out) {
  if (record.kind != RecordView::Kind::kEvent) return false;
  Reader in(record.body);
  out.at_ms = static_cast<std::int64_t>(in.number<std::uint64_t>());
  in.number<std::uint8_t>();
  in.number<std::uint32_t>();
  out.id = in.text();
  out.account = in.text();
  out.name = in.text();
  return in.good();
}

Result<KeptEvent> read_event(const RecordView& record) {
  if (record.kind != RecordView::Kind::kEvent || !record.sound()) return damaged();
  Reader in(record.body);
  KeptEvent out;
  out.at = from_epoch_ms(static_cast<std::int64_t>(in.number<std::uint64_t>()));
  out.arrival = static_cast<Arrival>(in.number<std::uint8_t>());
  out.bytes = in.number<std::uint32_t>();
  out.id = in.text();
  out.function.key.account = AccountId(std::string(in.text()));
  out.function.key.name = FunctionName(std::string(in.text()));
  out.function.qualifier = in.text();
  out.trace_id = in.text();
  out.client_context = in.text();
  out.replay_of = in.text();
  out.payload = in.rest();
  if (!in.good()) return damaged();
  return out;
}

Result<KeptOutcome> read_outcome(const RecordView& record) {
  if (record.kind != RecordView::Kind::kOutcome || !record.sound()) return damaged();
  Reader in(record.body);
  KeptOutcome out;
  out.at = from_epoch_ms(static_cast<std::int64_t>(in.number<std::uint64_t>()));
  out.fate = static_cast<Fate>(in.number<std::uint8_t>());
  out.duration_us = in.number<std::uint64_t>();
  out.id = in.text();
  out.version = in.text();
  out.error = in.text();
  if (!in.good()) return damaged();
  return out;
}

}  // namespace gust::functions
