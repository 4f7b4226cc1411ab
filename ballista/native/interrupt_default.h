#pragma once

#include <csignal>

namespace springald::cluster {

/// Takes SIGINT away from Python while it lives: the handler that the glue installs calls
/// the one before it, and Python's would raise KeyboardInterrupt after a clean stop.
/// Puts Python's back unless another was installed meanwhile. For the one thread that
/// decides about the signals of the process.
class InterruptDefault {
 public:
  InterruptDefault();
  ~InterruptDefault();
  InterruptDefault(const InterruptDefault&) = delete;
  InterruptDefault& operator=(const InterruptDefault&) = delete;

 private:
  struct sigaction before_{};
};

}  // namespace springald::cluster
