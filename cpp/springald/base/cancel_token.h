#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace springald {

/// Tells running calls to stop. Safe for use from many threads.
///
/// A call polls `is_cancelled` where it can, and registers an interrupter for
/// where it cannot.
class CancelToken {
 public:
  /// Asks one running call to stop. Called at most once, from the thread that
  /// cancels and without a lock of the token held; it may run after the call has
  /// ended, and must then do nothing.
  using Interrupter = std::function<void()>;

  bool is_cancelled() const { return cancelled_.load(std::memory_order_relaxed); }

  /// Cancels for good, runs the interrupters, and returns how many there were.
  int32_t Cancel();

  /// Makes is_cancelled() true and interrupts nothing: for who interrupts the calls
  /// itself.
  void SetCancelled() { cancelled_.store(true, std::memory_order_relaxed); }

  /// Registers a running call and returns the key for Remove. On a token that is
  /// cancelled already the interrupter is not run: look at is_cancelled() afterwards.
  uint64_t Add(Interrupter interrupter);

  /// Forgets a call that has ended.
  void Remove(uint64_t key);

 private:
  std::atomic<bool> cancelled_{false};
  std::mutex mutex_;
  uint64_t next_key_ = 1;                                   // guarded by mutex_
  std::unordered_map<uint64_t, Interrupter> interrupters_;  // guarded by mutex_
};

/// A running call that a token can interrupt, for as long as this lives.
class CancelRegistration {
 public:
  /// See CancelToken::Add. `token` has to outlive this.
  CancelRegistration(CancelToken& token, CancelToken::Interrupter interrupter)
      : token_(token), key_(token.Add(std::move(interrupter))) {}
  ~CancelRegistration() { token_.Remove(key_); }
  CancelRegistration(const CancelRegistration&) = delete;
  CancelRegistration& operator=(const CancelRegistration&) = delete;

 private:
  CancelToken& token_;
  const uint64_t key_;
};

}  // namespace springald
