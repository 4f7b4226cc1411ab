#pragma once

#include <memory>

#include <arrow/status.h>

#include "springald/base/cancel_token.h"
#include "springald/python/py_ref.h"

namespace springald::worker {

/// Takes SIGINT, by which the owner of a worker cancels a call: raises KeyboardInterrupt
/// in the call that is in progress, and does nothing between calls, so that a signal that
/// comes late harms nobody. For the main thread, with the GIL held.
class InterruptHandler {
 public:
  InterruptHandler() = default;
  InterruptHandler(const InterruptHandler&) = delete;
  InterruptHandler& operator=(const InterruptHandler&) = delete;

  /// Takes over the signal. The handler must live as long as the process.
  arrow::Status Install();

  /// While it lives, a call with the token `cancel` is in progress.
  class Scope {
   public:
    Scope(InterruptHandler& handler, CancelToken& cancel) : handler_(handler) {
      handler_.current_ = &cancel;
    }
    ~Scope() { handler_.current_ = nullptr; }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    InterruptHandler& handler_;
  };

 private:
  static PyObject* Handle(PyObject* self, PyObject* arguments);

  CancelToken* current_ = nullptr;
};

}  // namespace springald::worker
