// Layers: zips that functions share, in numbered versions that never change. Which function uses which is the
// registry's. Errors name their thing in Error::source: "layer", "zip". Loop thread only.
#pragma once

#include "async/task.h"
#include "env/clock.h"
#include "functions/code_store.h"
#include "kv/store.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gust::functions {

struct LayerKey {
  AccountId account;
  std::string name;
  std::uint64_t version = 0;
};

struct Layer {
  LayerKey key;
  std::string region;
  std::string description;
  std::string license;
  std::vector<std::string> runtimes;  // that it says it is for; empty: not said
  std::vector<std::string> architectures;
  Package package;
  WallTime created_at{};

  std::string arn() const;          // arn:aws:lambda:REGION:ACCOUNT:layer:NAME
  std::string version_arn() const;  // ...:VERSION
};

class Layers {
 public:
  static constexpr std::size_t kMaxOfFunction = 5;

  Layers(kv::Store& store, CodeStore& code, env::Clock& clock) : store_(store), code_(code), clock_(clock) {}

  // Stores and unpacks `zip` as the layer's next version; numbers are never used twice. kInvalid, kTooLarge "zip".
  async::Task<Layer> publish(Layer layer, std::string zip);
  async::Task<Layer> get(LayerKey key);  // kNotFound "layer"
  // Functions that use it go on with it.
  async::Task<void> remove(LayerKey key);
  // The versions of a layer, the newest first; of every layer of the account when the name is empty, by name.
  async::Task<std::vector<Layer>> list(AccountId account, std::string name);
  async::Task<std::string> zip(LayerKey key);

  // What a function with these layers mounts. kInvalid "layer" when one is not there or is named twice, or when there
  // are too many; kDenied "layer" for another account's.
  struct Stack {
    std::vector<LayerUse> layers;
    std::string folder;
  };
  async::Task<Stack> stack(AccountId account, std::vector<std::string> arns);

  static Result<std::vector<Layer>> every(kv::Reader& reader);

 private:
  kv::Store& store_;
  CodeStore& code_;
  env::Clock& clock_;
};

// arn:...:layer:NAME:VERSION. kInvalid "layer".
Result<LayerKey> parse_layer_version(std::string_view arn);

}  // namespace gust::functions
