// The scheduler's program. It links neither Python nor the runtime: it plans with the
// signatures that definitions carry.
#include <cstdio>

#include "abi_table.h"

int main(int argc, char** argv) {
  const springald_abi table = springald::cluster::CodecAbiTable();
  springald_error error{};
  if (springald_ballista_init(&table, &error) != 0) {
    std::fprintf(stderr, "springald scheduler: %s\n", error.message);
    if (error.release != nullptr) {
      error.release(&error);
    }
    return 1;
  }
  return springald_ballista_run_scheduler(argc, argv);
}
