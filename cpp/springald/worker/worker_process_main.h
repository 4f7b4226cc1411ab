#pragma once

#include <sys/types.h>

#include "springald/base/unique_fd.h"

namespace springald::worker {

/// What a worker is connected to.
struct WorkerEnds {
  UniqueFd control;
  UniqueFd standard_output;
  UniqueFd standard_error;
};

/// Makes a worker of the process that was just forked from a fork server, runs it, and
/// ends the process: closes what belongs to the server, gives Python its state back, and
/// sees that the process ends with `server`. REQUIRES: what PyOS_AfterFork_Child
/// requires.
[[noreturn]] void RunWorkerProcess(pid_t server, WorkerEnds ends);

}  // namespace springald::worker
