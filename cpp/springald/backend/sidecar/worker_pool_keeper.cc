// What the pool's own thread does.

#include <algorithm>
#include <array>
#include <csignal>
#include <utility>

#include <poll.h>
#include <unistd.h>

#include "springald/backend/sidecar/worker_pool.h"

namespace springald {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kEndingLook{10};
/// How long the kernel takes to end a worker whose server was killed.
constexpr milliseconds kServerLossWait{100};
constexpr milliseconds kMaxIdleLook{5'000};

}  // namespace

void WorkerPool::StartServer(std::unique_lock<std::mutex>* lock) {
  const auto facts = *facts_;
  lock->unlock();
  auto started = ForkServerClient::Start(facts, options_);
  lock->lock();
  if (started.ok()) {
    server_ = started.MoveValueUnsafe();
  } else {
    server_failure_ = started.status();
  }
  is_server_wanted_ = false;
  changed_.notify_all();
}

void WorkerPool::EndUnused() {
  if (options_.idle_timeout.count() == 0) {
    return;
  }
  const auto least = Clock::now() - options_.idle_timeout;
  while (!idle_.empty() && idle_.back()->last_used <= least) {
    auto worker = std::move(idle_.back());
    idle_.pop_back();
    End(std::move(worker));
  }
}

/// Destroys the workers whose processes have ended, or will not by themselves.
void WorkerPool::BuryEnded(std::unique_lock<std::mutex>* lock) {
  std::vector<Ending> over;
  const auto now = Clock::now();
  for (auto i = ending_.begin(); i != ending_.end();) {
    if (i->worker->HasEnded(milliseconds(0)) || i->kill_at <= now || is_shut_down_) {
      over.push_back(std::move(*i));
      i = ending_.erase(i);
    } else {
      ++i;
    }
  }
  lock->unlock();
  over.clear();
  lock->lock();
}

/// Nothing is left of a server that was killed, and its workers end with it.
void WorkerPool::BuryServer() {
  if (server_ == nullptr) {
    return;
  }
  server_->Bury();
  if (server_->pid() == 0) {
    server_.reset();
    for (auto i = idle_.begin(); i != idle_.end();) {
      if ((*i)->HasEnded(kServerLossWait)) {
        auto worker = *i;
        i = idle_.erase(i);
        End(std::move(worker));
      } else {
        ++i;
      }
    }
  }
}

int WorkerPool::KeeperTimeoutMs() const {
  if (!ending_.empty()) {
    return static_cast<int>(kEndingLook.count());
  }
  if (options_.idle_timeout.count() == 0 || (idle_.empty() && busy_.empty())) {
    return -1;
  }
  const auto quarter = options_.idle_timeout / 4 + milliseconds(1);
  return static_cast<int>(std::min(quarter, kMaxIdleLook).count());
}

void WorkerPool::WakeKeeper() { NotifyEventFd(keeper_wake_); }

void WorkerPool::RunKeeper() {
  // Signals are for the user's threads.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  std::unique_lock lock(mutex_);
  while (!is_keeper_done_) {
    if (is_server_wanted_ && !is_shut_down_) {
      StartServer(&lock);
    }
    EndUnused();
    BuryServer();
    BuryEnded(&lock);
    std::array<pollfd, 2> waited{
        pollfd{keeper_wake_.get(), POLLIN, 0},
        pollfd{server_ == nullptr ? -1 : server_->process_fd(), POLLIN, 0}};
    const int timeout_ms = KeeperTimeoutMs();
    lock.unlock();
    // A descriptor that is closed meanwhile ends the wait, or is somebody else's: then
    // this looks once for nothing.
    poll(waited.data(), waited.size(), timeout_ms);
    ClearEventFd(keeper_wake_);
    lock.lock();
  }
}

}  // namespace springald
