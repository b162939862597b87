#include "queue/rows.h"

#include "kv/key.h"

namespace gust::queue {
namespace {

constexpr char kVersion = 1;

void append_message(std::string& row, const Message& message) {
  kv::append_text(row, message.id);
  kv::append_number(row, static_cast<std::uint64_t>(to_epoch_ms(message.enqueued_at)));
  kv::append_number(row, message.attempts);
  kv::append_number(row, message.body.size());
  row += message.body;
}

bool take_message(std::string_view& row, Message& message) {
  std::uint64_t enqueued = 0, attempts = 0, size = 0;
  if (!kv::take_text(row, message.id) || !kv::take_number(row, enqueued) || !kv::take_number(row, attempts) ||
      !kv::take_number(row, size) || row.size() < size) {
    return false;
  }
  message.enqueued_at = from_epoch_ms(static_cast<std::int64_t>(enqueued));
  message.attempts = static_cast<std::uint32_t>(attempts);
  message.body = row.substr(0, size);
  row.remove_prefix(size);
  return true;
}

bool take_version(std::string_view& row) {
  if (row.empty() || row[0] != kVersion) return false;
  row.remove_prefix(1);
  return true;
}

}  // namespace

std::string encode_message(const Message& message, WallTime available_at) {
  std::string row(1, kVersion);
  kv::append_number(row, static_cast<std::uint64_t>(to_epoch_ms(available_at)));
  append_message(row, message);
  return row;
}

Result<StoredMessage> decode_message(std::string_view row) {
  StoredMessage stored;
  std::uint64_t available = 0;
  if (!take_version(row) || !kv::take_number(row, available) || !take_message(row, stored.message)) {
    return fail(Code::kCorrupt, "a row of a queue is not a message");
  }
  stored.available_at = from_epoch_ms(static_cast<std::int64_t>(available));
  return stored;
}

std::string encode_dead(const DeadLetter& letter) {
  std::string row(1, kVersion);
  kv::append_number(row, static_cast<std::uint64_t>(to_epoch_ms(letter.buried_at)));
  kv::append_text(row, letter.reason);
  append_message(row, letter.message);
  return row;
}

Result<DeadLetter> decode_dead(std::string_view row) {
  DeadLetter letter;
  std::uint64_t buried = 0;
  if (!take_version(row) || !kv::take_number(row, buried) || !kv::take_text(row, letter.reason) ||
      !take_message(row, letter.message)) {
    return fail(Code::kCorrupt, "a row of a queue is not a dead letter");
  }
  letter.buried_at = from_epoch_ms(static_cast<std::int64_t>(buried));
  return letter;
}

}  // namespace gust::queue
