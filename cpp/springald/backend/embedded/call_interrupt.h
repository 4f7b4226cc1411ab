#pragma once

#include <memory>

#include "springald/base/cancel_token.h"

namespace springald {

/// While it lives, cancelling the token raises KeyboardInterrupt in the Python code
/// that this thread runs, so that a loop in a user's function ends too.
///
/// Made and destroyed by the thread that runs the call, with the GIL held.
class CallInterrupt {
 public:
  explicit CallInterrupt(CancelToken& cancel);
  ~CallInterrupt();
  CallInterrupt(const CallInterrupt&) = delete;
  CallInterrupt& operator=(const CallInterrupt&) = delete;

 private:
  // Shared with the interrupter, which may come late. Read and written under the GIL.
  struct Call;

  const std::shared_ptr<Call> call_;
  const CancelRegistration registration_;
};

}  // namespace springald
