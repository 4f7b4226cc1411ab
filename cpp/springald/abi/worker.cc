#include "springald/abi/boundary.h"
#include "springald/worker/fork_server.h"

int32_t springald_worker_serve(int32_t control_fd, springald_error* error) {
  return springald::abi::AtBoundary(error, [&] {
    springald::worker::ForkServer server{
        springald::wire::FrameSocket(springald::UniqueFd(control_fd))};
    return server.Serve();
  });
}
