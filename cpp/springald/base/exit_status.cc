#include "springald/base/exit_status.h"

#include <csignal>
#include <cstring>

#include <sys/wait.h>

namespace springald {

std::string DescribeExit(int wait_status) {
  if (WIFEXITED(wait_status)) {
    return "exited with status " + std::to_string(WEXITSTATUS(wait_status));
  }
  if (WIFSIGNALED(wait_status)) {
    const int signal = WTERMSIG(wait_status);
    const char* const name = sigabbrev_np(signal);
    return "was ended by signal " + std::to_string(signal) +
           (name == nullptr ? "" : " (SIG" + std::string(name) + ")");
  }
  return "ended with the wait status " + std::to_string(wait_status);
}

}  // namespace springald
