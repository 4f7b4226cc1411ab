#include "springald/backend/sidecar/worker_pool.h"

#include <algorithm>
#include <utility>

#include <unistd.h>

#include "springald/base/udf_error.h"
#include "springald/python/gil.h"

namespace springald {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// How long a worker that was told to end may take for it.
constexpr milliseconds kEndGrace{500};
/// How long those who shut down wait for calls in progress, which are cancelled.
constexpr milliseconds kShutdownWait{1'500};

template <typename Pointers>
auto WithId(const Pointers& workers, int64_t id) {
  return std::find_if(workers.begin(), workers.end(),
                      [id](const auto& worker) { return worker->id() == id; });
}

}  // namespace

WorkerPool::Lease::~Lease() {
  if (worker_ != nullptr) {
    pool_->Return(std::move(worker_));
  }
}

WorkerPool::WorkerPool(PoolOptions options)
    : options_(std::move(options)), owner_pid_(getpid()) {
  figures_.max_workers = options_.max_workers;
}

std::shared_ptr<WorkerPool> WorkerPool::Make(PoolOptions options) {
  return std::shared_ptr<WorkerPool>(new WorkerPool(std::move(options)), Delete);
}

void WorkerPool::Delete(WorkerPool* pool) {
  // A fork of the owner has neither the thread nor the processes: destroying its copy
  // would end the owner's, and wait for ever.
  if (pool->CheckOwner().ok()) {
    const python::GilRelease release;
    delete pool;
  }
}

WorkerPool::~WorkerPool() { Shutdown(); }

void WorkerPool::SetInterpreter(python::InterpreterFacts facts) {
  const std::lock_guard lock(mutex_);
  if (!facts_.has_value()) {
    facts_ = std::move(facts);
  }
}

bool WorkerPool::has_interpreter() {
  const std::lock_guard lock(mutex_);
  return facts_.has_value();
}

void WorkerPool::CountRetry() {
  const std::lock_guard lock(mutex_);
  ++figures_.num_retried;
}

WorkerPool::Figures WorkerPool::figures() {
  if (!CheckOwner().ok()) {
    return {};
  }
  const std::lock_guard lock(mutex_);
  Figures figures = figures_;
  figures.num_busy = static_cast<int64_t>(busy_.size());
  figures.num_workers = figures.num_busy + static_cast<int64_t>(idle_.size());
  for (const auto* workers : {&idle_, &busy_}) {
    for (const auto& worker : *workers) {
      figures.shared_bytes += worker->shared_bytes.load();
    }
  }
  figures.fork_server_pid = server_ == nullptr ? 0 : server_->pid();
  return figures;
}

arrow::Status WorkerPool::CheckOwner() const {
  if (owner_pid_ == getpid()) {
    return arrow::Status::OK();
  }
  return MakeUdfError(UdfErrorCode::kInternal,
                      "worker processes belong to the process " +
                          std::to_string(owner_pid_) +
                          ", of which this one is a fork: make a new context here");
}

arrow::Status WorkerPool::CheckUsable(const CancelToken& cancel) const {
  if (is_shut_down_) {
    return MakeUdfError(UdfErrorCode::kCancelled,
                        "its worker processes were shut down, as by close()");
  }
  return cancel.is_cancelled() ? MakeCancelledError() : arrow::Status::OK();
}

bool WorkerPool::IsWaitedFor(int64_t worker_id) const {
  return std::any_of(waiting_.begin(), waiting_.end(), [worker_id](const auto& waiting) {
    return waiting.worker_id == worker_id;
  });
}

bool WorkerPool::IsTurnOf(std::list<Waiting>::const_iterator place) const {
  return std::none_of(waiting_.begin(), place, [place](const auto& before) {
    return before.worker_id == place->worker_id;
  });
}

bool WorkerPool::IsBusy(int64_t worker_id) const {
  return WithId(busy_, worker_id) != busy_.end();
}

WorkerPool::WorkerPointer WorkerPool::TakeIdle(const ContentHash& hash,
                                               std::optional<int64_t> worker_id) {
  while (!idle_.empty()) {
    auto chosen = idle_.end();
    if (worker_id.has_value()) {
      chosen = std::find_if(idle_.begin(), idle_.end(), [&](const auto& worker) {
        return worker->id() == *worker_id;
      });
    } else {
      for (auto i = idle_.begin(); i != idle_.end(); ++i) {
        if (IsWaitedFor((*i)->id())) {
          continue;
        }
        if ((*i)->loaded.contains(hash)) {
          chosen = i;
          break;
        }
        chosen = chosen == idle_.end() ? i : chosen;
      }
    }
    if (chosen == idle_.end()) {
      return nullptr;
    }
    WorkerPointer worker = *chosen;
    idle_.erase(chosen);
    if (worker->HasEnded(milliseconds(0))) {
      End(std::move(worker));
      continue;
    }
    busy_.push_back(worker);
    return worker;
  }
  return nullptr;
}

arrow::Result<WorkerPool::Lease> WorkerPool::Acquire(const ContentHash& hash,
                                                     std::optional<int64_t> worker_id,
                                                     CancelToken& cancel) {
  // Before the lock, which a fork may have found in another thread's hands.
  ARROW_RETURN_NOT_OK(CheckOwner());
  std::unique_lock lock(mutex_);
  ARROW_RETURN_NOT_OK(CheckUsable(cancel));
  if (waiting_.empty()) {
    if (auto worker = TakeIdle(hash, worker_id); worker != nullptr) {
      return Lease(this, std::move(worker));
    }
  }
  const CancelRegistration woken(cancel, [weak = weak_from_this()] {
    if (const auto pool = weak.lock(); pool != nullptr) {
      const std::lock_guard held(pool->mutex_);
      pool->changed_.notify_all();
    }
  });
  return WaitForWorker(hash, worker_id, cancel, &lock);
}

arrow::Result<WorkerPool::Lease> WorkerPool::WaitForWorker(
    const ContentHash& hash, std::optional<int64_t> worker_id, CancelToken& cancel,
    std::unique_lock<std::mutex>* lock) {
  const auto place = waiting_.insert(waiting_.end(), Waiting{worker_id});
  const auto leave = [this, place] {
    waiting_.erase(place);
    changed_.notify_all();  // it may be somebody else's turn
  };
  for (;;) {
    if (const auto usable = CheckUsable(cancel); !usable.ok()) {
      leave();
      return usable;
    }
    if (IsTurnOf(place)) {
      if (auto worker = TakeIdle(hash, worker_id); worker != nullptr) {
        leave();
        return Lease(this, std::move(worker));
      }
      if (worker_id.has_value() && !IsBusy(*worker_id)) {
        leave();
        return MakeUdfError(UdfErrorCode::kWorkerLost,
                            "the worker process that ran the batches before has ended");
      }
      const auto num_workers = static_cast<int64_t>(idle_.size() + busy_.size());
      if (!worker_id.has_value() && num_workers + num_starting_ < options_.max_workers) {
        ++num_starting_;
        leave();
        auto started = StartWorker(cancel, lock);
        --num_starting_;
        changed_.notify_all();
        ARROW_RETURN_NOT_OK(started);
        if (const auto usable = CheckUsable(cancel); !usable.ok()) {
          End(started.MoveValueUnsafe());
          return usable;
        }
        busy_.push_back(*started);
        return Lease(this, started.MoveValueUnsafe());
      }
    }
    changed_.wait(*lock);
  }
}

arrow::Result<WorkerPool::WorkerPointer> WorkerPool::StartWorker(
    const CancelToken& cancel, std::unique_lock<std::mutex>* lock) {
  arrow::Status failure;
  // Twice, because the server may have been lost since it was last used.
  for (int attempt = 0; attempt < 2; ++attempt) {
    ARROW_ASSIGN_OR_RAISE(const auto server, Server(cancel, lock));
    const int64_t id = next_worker_id_++;
    lock->unlock();
    const auto start = Clock::now();
    auto parts = server->Fork();
    auto wake = MakeEventFd();
    WorkerPointer worker;
    if (parts.ok() && wake.ok()) {
      worker = std::make_shared<WorkerProcess>(id, parts.MoveValueUnsafe(),
                                               wake.MoveValueUnsafe(), server);
    }
    const auto elapsed = Clock::now() - start;
    lock->lock();
    if (worker != nullptr) {
      ++figures_.num_started;
      figures_.last_start_us =
          std::chrono::duration_cast<std::chrono::microseconds>(elapsed).count();
      WakeKeeper();
      return worker;
    }
    failure = parts.ok() ? wake.status() : parts.status();
  }
  return failure;
}

arrow::Result<std::shared_ptr<ForkServerClient>> WorkerPool::Server(
    const CancelToken& cancel, std::unique_lock<std::mutex>* lock) {
  if (server_ != nullptr && server_->is_usable()) {
    return server_;
  }
  if (!keeper_.joinable()) {
    ARROW_ASSIGN_OR_RAISE(keeper_wake_, MakeEventFd());
    keeper_ = std::thread([this] { RunKeeper(); });
  }
  if (!is_server_wanted_) {
    server_.reset();
    server_failure_ = arrow::Status::OK();
    is_server_wanted_ = true;
  }
  WakeKeeper();
  changed_.wait(*lock, [&] { return !is_server_wanted_ || !CheckUsable(cancel).ok(); });
  ARROW_RETURN_NOT_OK(CheckUsable(cancel));
  ARROW_RETURN_NOT_OK(server_failure_);
  return server_ != nullptr
             ? server_
             : arrow::Result<std::shared_ptr<ForkServerClient>>(MakeCancelledError());
}

void WorkerPool::Return(WorkerPointer worker) {
  const std::lock_guard lock(mutex_);
  busy_.remove(worker);
  const bool is_worn = options_.max_batches_per_worker > 0 &&
                       worker->num_batches >= options_.max_batches_per_worker;
  if (worker->is_usable() && !is_worn && !is_shut_down_) {
    idle_.push_front(std::move(worker));
  } else {
    End(std::move(worker));
  }
  changed_.notify_all();
}

void WorkerPool::End(WorkerPointer worker) {
  if (worker->was_killed()) {
    ++figures_.num_killed;
  } else if (worker->HasEnded(milliseconds(0))) {
    ++figures_.num_lost;
  } else {
    ++figures_.num_retired;
    worker->Retire();
  }
  ending_.push_back({std::move(worker), Clock::now() + kEndGrace});
  WakeKeeper();
}

void WorkerPool::Shutdown() {
  if (!CheckOwner().ok()) {
    return;
  }
  std::unique_lock lock(mutex_);
  is_shut_down_ = true;
  changed_.notify_all();
  for (const auto& worker : busy_) {
    worker->Stop();
  }
  changed_.wait_for(lock, kShutdownWait,
                    [this] { return busy_.empty() && num_starting_ == 0; });
  while (!idle_.empty()) {
    auto worker = std::move(idle_.front());
    idle_.pop_front();
    End(std::move(worker));
  }
  auto ending = std::move(ending_);
  ending_.clear();
  auto server = std::move(server_);
  lock.unlock();
  for (const Ending& one : ending) {
    const auto left = one.kill_at - Clock::now();
    one.worker->HasEnded(
        std::max(std::chrono::duration_cast<milliseconds>(left), milliseconds(0)));
  }
  ending.clear();
  server.reset();
  lock.lock();
  is_keeper_done_ = true;
  WakeKeeper();
  lock.unlock();
  if (keeper_.joinable()) {
    keeper_.join();
  }
  lock.lock();
  keeper_wake_.Reset();
}

}  // namespace springald
