#include "springald/base/cancel_token.h"

#include <utility>
#include <vector>

namespace springald {

int32_t CancelToken::Cancel() {
  cancelled_.store(true, std::memory_order_relaxed);
  std::vector<Interrupter> interrupters;
  {
    const std::lock_guard lock(mutex_);
    for (auto& [key, interrupter] : interrupters_) {
      interrupters.push_back(std::move(interrupter));
    }
    interrupters_.clear();
  }
  for (const auto& interrupter : interrupters) {
    interrupter();
  }
  return static_cast<int32_t>(interrupters.size());
}

uint64_t CancelToken::Add(Interrupter interrupter) {
  const std::lock_guard lock(mutex_);
  const uint64_t key = next_key_++;
  interrupters_.emplace(key, std::move(interrupter));
  return key;
}

void CancelToken::Remove(uint64_t key) {
  const std::lock_guard lock(mutex_);
  interrupters_.erase(key);
}

}  // namespace springald
