#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include <arrow/result.h>

#include "springald/codec/content_hash.h"

namespace springald {

class Function;

/// Maps a definition's content hash to a loaded function.
///
/// Safe for use from many threads. A definition that two threads ask for at the
/// same time is loaded once; the other thread waits. The least recently used
/// functions are forgotten when the definitions together are over the capacity.
///
/// Never global: the Runtime owns one and hands it to what needs it.
class FunctionRegistry {
 public:
  using Loader = std::function<arrow::Result<std::shared_ptr<const Function>>()>;

  /// \param capacity_bytes Limit on the encoded size of cached definitions. One that
  ///   is larger by itself is kept alone.
  explicit FunctionRegistry(std::size_t capacity_bytes);
  ~FunctionRegistry();

  FunctionRegistry(const FunctionRegistry&) = delete;
  FunctionRegistry& operator=(const FunctionRegistry&) = delete;

  /// Returns the loaded function, running `load` on first use.
  ///
  /// The result stays valid after eviction: the caller shares its ownership. Where
  /// `load` fails, those who waited get its error and the next caller tries again.
  /// REQUIRES: the calling thread does not hold the GIL, because `load` may need it
  /// in another thread; `load` does not ask for the same hash.
  arrow::Result<std::shared_ptr<const Function>> GetOrLoad(const ContentHash& hash,
                                                           std::size_t size_bytes,
                                                           const Loader& load);

 private:
  struct State;
  const std::unique_ptr<State> state_;
};

}  // namespace springald
