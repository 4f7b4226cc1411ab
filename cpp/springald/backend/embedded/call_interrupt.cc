#include "springald/backend/embedded/call_interrupt.h"

#include "springald/python/gil.h"

namespace springald {

struct CallInterrupt::Call {
  const unsigned long thread_id = PyThread_get_thread_ident();
  bool is_running = true;
  bool is_interrupted = false;
};

CallInterrupt::CallInterrupt(CancelToken& cancel)
    : call_(std::make_shared<Call>()), registration_(cancel, [call = call_] {
        if (!python::IsPythonRunning()) {
          return;
        }
        const python::GilEnter gil;
        if (call->is_running) {
          call->is_interrupted = true;
          PyThreadState_SetAsyncExc(call->thread_id, PyExc_KeyboardInterrupt);
        }
      }) {}

CallInterrupt::~CallInterrupt() {
  call_->is_running = false;
  if (call_->is_interrupted) {
    // The call may have ended before the exception was raised in it.
    PyThreadState_SetAsyncExc(call_->thread_id, nullptr);
  }
}

}  // namespace springald
