#include "springald/worker/worker_process_main.h"

#include <csignal>
#include <cstdio>
#include <string>
#include <utility>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "springald/python/py_ref.h"
#include "springald/worker/standard_streams.h"
#include "springald/worker/worker_loop.h"

namespace springald::worker {

namespace {

constexpr int kControlFd = 3;
/// Of a worker that ended because it and its owner did not understand each other.
constexpr int kProtocolExitStatus = 70;

/// Puts the ends in the place of the server's streams and socket, and closes all else.
bool TakeDescriptors(const WorkerEnds& ends) {
  if (dup2(ends.standard_output.get(), STDOUT_FILENO) < 0 ||
      dup2(ends.standard_error.get(), STDERR_FILENO) < 0 ||
      dup2(ends.control.get(), kControlFd) < 0) {
    return false;
  }
  syscall(SYS_close_range, kControlFd + 1, ~0U, 0);
  // Programs that functions start must not hold it.
  return fcntl(kControlFd, F_SETFD, FD_CLOEXEC) == 0;
}

/// Ends the process with its threads, as `sys.exit` does but for taking the interpreter
/// down, in which threads of native code may be.
[[noreturn]] void EndProcess(int exit_status) {
  const auto module = python::PyRef::Steal(PyImport_ImportModule("atexit"));
  if (module) {
    const auto done = python::PyRef::Steal(
        PyObject_CallMethod(module.get(), "_run_exitfuncs", nullptr));
  }
  PyErr_Clear();
  FlushStandardStreams();
  _exit(exit_status);
}

}  // namespace

void RunWorkerProcess(pid_t server, WorkerEnds ends) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != server) {
    _exit(kProtocolExitStatus);
  }
  prctl(PR_SET_CHILD_SUBREAPER, 0);
  // A Ctrl-C at the terminal is for the owner, who cancels what is to be cancelled; and
  // what the worker starts is ended by its group.
  setpgid(0, 0);
  if (!TakeDescriptors(ends)) {
    _exit(kProtocolExitStatus);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  prctl(PR_SET_NAME, "springald-work");
  PyOS_AfterFork_Child();
  WorkerLoop loop{wire::FrameSocket(UniqueFd(kControlFd))};
  const arrow::Status status = loop.Run();
  if (!status.ok()) {
    std::fprintf(stderr, "springald.worker: %s\n", status.ToString().c_str());
    EndProcess(kProtocolExitStatus);
  }
  EndProcess(0);
}

}  // namespace springald::worker
