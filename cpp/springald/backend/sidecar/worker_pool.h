#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include <arrow/result.h>

#include "springald/backend/sidecar/fork_server_client.h"
#include "springald/backend/sidecar/pool_options.h"
#include "springald/backend/sidecar/worker_process.h"
#include "springald/base/cancel_token.h"

namespace springald {

/// The workers of a runtime: at most as many as the options say, started when they are
/// needed, used again, and replaced. Safe for use from many threads.
///
/// A thread of its own starts the fork server, which lives as long as that thread, and
/// ends workers that nobody needs. It never runs Python.
class WorkerPool : public std::enable_shared_from_this<WorkerPool> {
 public:
  /// What the pool has now, and since it was made; see springald_worker_figures of abi.h.
  struct Figures {
    int64_t max_workers = 0;
    int64_t num_workers = 0;
    int64_t num_busy = 0;
    int64_t num_started = 0;
    int64_t num_retired = 0;
    int64_t num_lost = 0;
    int64_t num_killed = 0;
    int64_t num_retried = 0;
    int64_t shared_bytes = 0;
    int64_t last_start_us = 0;
    int64_t fork_server_pid = 0;
  };

  /// A worker that belongs to the holder. Comes back to the pool with the lease's end, or
  /// is ended where it is of no use any more.
  class Lease {
   public:
    Lease(WorkerPool* pool, std::shared_ptr<WorkerProcess> worker)
        : pool_(pool), worker_(std::move(worker)) {}
    ~Lease();
    Lease(Lease&& other) noexcept = default;
    Lease& operator=(Lease&&) = delete;

    WorkerProcess* operator->() const { return worker_.get(); }

   private:
    WorkerPool* pool_;
    std::shared_ptr<WorkerProcess> worker_;
  };

  /// Makes a pool, which starts nothing yet. Its last owner may hold the GIL.
  static std::shared_ptr<WorkerPool> Make(PoolOptions options);
  /// REQUIRES: no leases. Shuts down.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// Waits for a worker, in the order of those who wait, and starts one where there may
  /// be more. One that has loaded `hash` is preferred.
  ///
  /// \param[in] worker_id The worker that it has to be, where one is given.
  ///
  /// Fails with kCancelled where the token is fired or the pool is shut down, with
  /// kWorkerLost where no worker can be started, or the one that it has to be has ended.
  /// REQUIRES: SetInterpreter, and that this thread does not hold the GIL.
  arrow::Result<Lease> Acquire(const ContentHash& hash, std::optional<int64_t> worker_id,
                               CancelToken& cancel);

  /// Says of which interpreter workers are like; the first time counts.
  void SetInterpreter(python::InterpreterFacts facts);
  bool has_interpreter();

  /// Ends all workers and the fork server, and has all who wait fail, for good. Waits for
  /// workers that are in use no longer than a cancelled call takes.
  void Shutdown();

  const PoolOptions& options() const { return options_; }
  Figures figures();
  void CountRetry();

 private:
  using WorkerPointer = std::shared_ptr<WorkerProcess>;
  struct Waiting {
    std::optional<int64_t> worker_id;
  };
  struct Ending {
    WorkerPointer worker;
    std::chrono::steady_clock::time_point kill_at;
  };

  explicit WorkerPool(PoolOptions options);
  static void Delete(WorkerPool* pool);

  arrow::Result<Lease> WaitForWorker(const ContentHash& hash,
                                     std::optional<int64_t> worker_id,
                                     CancelToken& cancel,
                                     std::unique_lock<std::mutex>* lock);
  /// Fails in a fork of the process that made the pool. Needs no lock.
  arrow::Status CheckOwner() const;
  arrow::Status CheckUsable(const CancelToken& cancel) const;
  bool IsTurnOf(std::list<Waiting>::const_iterator place) const;
  WorkerPointer TakeIdle(const ContentHash& hash, std::optional<int64_t> worker_id);
  bool IsBusy(int64_t worker_id) const;
  bool IsWaitedFor(int64_t worker_id) const;
  arrow::Result<WorkerPointer> StartWorker(const CancelToken& cancel,
                                           std::unique_lock<std::mutex>* lock);
  arrow::Result<std::shared_ptr<ForkServerClient>> Server(
      const CancelToken& cancel, std::unique_lock<std::mutex>* lock);
  void Return(WorkerPointer worker);
  void End(WorkerPointer worker);

  void RunKeeper();
  void WakeKeeper();
  void StartServer(std::unique_lock<std::mutex>* lock);
  void EndUnused();
  void BuryServer();
  void BuryEnded(std::unique_lock<std::mutex>* lock);
  /// How long the keeper may sleep, in milliseconds; -1 for as long as nobody wakes it.
  int KeeperTimeoutMs() const;

  const PoolOptions options_;
  const pid_t owner_pid_;
  std::mutex mutex_;
  std::condition_variable changed_;  // for who waits for a worker or the server
  // Guarded by mutex_:
  std::list<Waiting> waiting_;     // first come, first served
  std::list<WorkerPointer> idle_;  // most recently used first
  std::list<WorkerPointer> busy_;
  std::vector<Ending> ending_;  // their processes are on their way out
  int64_t num_starting_ = 0;
  std::optional<python::InterpreterFacts> facts_;
  std::shared_ptr<ForkServerClient> server_;
  bool is_server_wanted_ = false;
  arrow::Status server_failure_;
  bool is_shut_down_ = false;
  bool is_keeper_done_ = false;
  int64_t next_worker_id_ = 1;
  Figures figures_;
  UniqueFd keeper_wake_;  // an eventfd
  std::thread keeper_;
};

}  // namespace springald
