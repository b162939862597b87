// Any bytes as a journal, and as a block whose checksums are taken for right: what is read of it stays within it.
#include "fuzz/fuzz.h"
#include "logs/bytes.h"
#include "logs/block.h"
#include "logs/journal.h"

#include "codec/crc.h"

#include <span>

namespace logs = gust::logs;

static std::uint32_t crc_of(std::string_view bytes) {
  return gust::codec::crc32c(0, std::as_bytes(std::span(bytes.data(), bytes.size())));
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(as_text(data, size));
  const auto content = logs::decode_journal(input);
  GUST_ASSERT(content.sound_bytes <= input.size());
  std::string frames;
  for (const auto& batch : content.batches) frames += logs::encode_frame(*batch);
  GUST_ASSERT(logs::decode_journal(frames).batches.size() == content.batches.size());
  // The first byte says how much of the rest is the header.
  if (input.size() < 2) return 0;
  const auto split = std::min<std::size_t>(static_cast<unsigned char>(input[0]), input.size() - 1);
  const auto header = input.substr(1, split), payload = input.substr(1 + split);
  std::string head = "GLB1";
  logs::append_fixed32(head, static_cast<std::uint32_t>(header.size()));
  logs::append_fixed32(head, crc_of(header));
  logs::append_fixed32(head, 0);
  logs::append_fixed32(head, static_cast<std::uint32_t>(payload.size()));
  logs::append_fixed32(head, crc_of(payload));
  logs::append_fixed32(head, crc_of(head));
  const auto decoded = logs::decode_header(head, header);
  if (!decoded || decoded->raw_bytes > 1 << 20) return 0;
  const auto block = logs::BlockContent::open(*decoded, payload);
  for (std::size_t i = 0; block && i < block->size(); ++i) (void)block->event(*decoded, i);
  return 0;
}
