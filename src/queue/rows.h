// The rows of a queue as bytes (docs/formats/queue.md). Any thread.
#pragma once

#include "queue/queue.h"

#include <string>
#include <string_view>

namespace gust::queue {

std::string encode_message(const Message& message, WallTime available_at);
// kCorrupt when the bytes are not such a row.
struct StoredMessage {
  Message message;
  WallTime available_at{};
};
Result<StoredMessage> decode_message(std::string_view row);

std::string encode_dead(const DeadLetter& letter);
Result<DeadLetter> decode_dead(std::string_view row);

}  // namespace gust::queue
