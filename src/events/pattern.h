// Pattern: which JSON documents are meant: what rules of an event bus and filters of event sources are written in.
// Any thread. Source: "Event patterns" and "Comparison operators" of the EventBridge user guide; the Lambda guide's
// "Control which events Lambda sends to your function" has the same language.
#pragma once

#include "codec/json.h"
#include "events/pattern_leaf.h"

#include <memory>
#include <string_view>

namespace gust::events {

class Pattern {
 public:
  // kInvalid "pattern" with the reason.
  static Result<Pattern> parse(std::string_view text);

  // Every field of the pattern has a value in the event that one of its conditions holds for. Of an array one element
  // must do; of fields within an object within an array, all by the same element.
  bool matches(const codec::json::value& event) const;

  struct Node;  // of the tree that patterns are kept as

 private:
  explicit Pattern(std::shared_ptr<const Node> root) : root_(std::move(root)) {}
  std::shared_ptr<const Node> root_;
};

}  // namespace gust::events
