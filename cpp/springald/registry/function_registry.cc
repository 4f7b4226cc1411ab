#include "springald/registry/function_registry.h"

#include <future>
#include <list>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

namespace springald {

namespace {

using Loaded = arrow::Result<std::shared_ptr<const Function>>;

struct Entry {
  std::shared_future<Loaded> function;
  std::size_t size_bytes = 0;
  std::list<ContentHash>::iterator use;
  bool is_loading = true;
};

}  // namespace

struct FunctionRegistry::State {
  /// Ends a load when it is destroyed, so that one that an exception leaves fails like
  /// any other. Those who wait are told last: they may ask again at once.
  struct Load {
    ~Load() {
      const std::vector<Entry> forgotten = state.EndLoad(hash, result.ok());
      promise.set_value(result);
    }

    State& state;
    const ContentHash& hash;
    std::promise<Loaded> promise;
    Loaded result = arrow::Status::UnknownError("an exception ended the load");
  };

  explicit State(std::size_t capacity) : capacity_bytes(capacity) {}

  Entry Take(std::map<ContentHash, Entry>::iterator found) {
    Entry entry = std::move(found->second);
    total_bytes -= entry.size_bytes;
    uses.erase(entry.use);
    entries.erase(found);
    return entry;
  }

  /// Takes out old functions; never the newest, nor one that is loading, because who
  /// asks for that one must wait and not load it again.
  std::vector<Entry> Evict() {
    std::vector<Entry> evicted;
    auto use = uses.end();
    while (total_bytes > capacity_bytes && use != uses.begin() && --use != uses.begin()) {
      auto found = entries.find(*use);
      if (!found->second.is_loading) {
        ++use;  // Take ends the life of the place before
        evicted.push_back(Take(found));
      }
    }
    return evicted;
  }

  /// Keeps what was loaded, forgets what failed, and returns what is no longer kept.
  std::vector<Entry> EndLoad(const ContentHash& hash, bool is_loaded) {
    const std::lock_guard lock(mutex);
    auto found = entries.find(hash);
    if (is_loaded) {
      found->second.is_loading = false;
      return Evict();
    }
    std::vector<Entry> failed;
    failed.push_back(Take(found));
    return failed;
  }

  const std::size_t capacity_bytes;
  std::mutex mutex;
  // Guarded by mutex:
  std::map<ContentHash, Entry> entries;
  std::list<ContentHash> uses;  // most recent first
  std::size_t total_bytes = 0;
};

FunctionRegistry::FunctionRegistry(std::size_t capacity_bytes)
    : state_(std::make_unique<State>(capacity_bytes)) {}

FunctionRegistry::~FunctionRegistry() = default;

arrow::Result<std::shared_ptr<const Function>> FunctionRegistry::GetOrLoad(
    const ContentHash& hash, std::size_t size_bytes, const Loader& load) {
  std::promise<Loaded> promise;
  // Destroyed after the lock is given back, because that may run Python code.
  std::vector<Entry> forgotten;
  {
    std::unique_lock lock(state_->mutex);
    auto found = state_->entries.find(hash);
    if (found != state_->entries.end()) {
      state_->uses.splice(state_->uses.begin(), state_->uses, found->second.use);
      const std::shared_future<Loaded> function = found->second.function;
      lock.unlock();
      return function.get();
    }
    state_->uses.push_front(hash);
    state_->entries.emplace(
        hash, Entry{promise.get_future().share(), size_bytes, state_->uses.begin()});
    state_->total_bytes += size_bytes;
    forgotten = state_->Evict();
  }
  State::Load loading{*state_, hash, std::move(promise)};
  loading.result = load();
  return loading.result;
}

}  // namespace springald
