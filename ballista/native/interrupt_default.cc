#include "interrupt_default.h"

namespace springald::cluster {

InterruptDefault::InterruptDefault() {
  struct sigaction none{};
  none.sa_handler = SIG_DFL;
  sigaction(SIGINT, &none, &before_);
}

InterruptDefault::~InterruptDefault() {
  struct sigaction now{};
  sigaction(SIGINT, nullptr, &now);
  if ((now.sa_flags & SA_SIGINFO) == 0 && now.sa_handler == SIG_DFL) {
    sigaction(SIGINT, &before_, nullptr);
  }
}

}  // namespace springald::cluster
