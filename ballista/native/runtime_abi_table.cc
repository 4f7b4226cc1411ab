// Apart from abi_table.cc, so that the scheduler does not refer to the runtime.
#include "abi_table.h"

namespace springald::cluster {

springald_abi RuntimeAbiTable() {
  springald_abi table = CodecAbiTable();
  table.runtime_create = springald_runtime_create;
  table.runtime_release = springald_runtime_release;
  table.runtime_shutdown = springald_runtime_shutdown;
  table.runtime_workers = springald_runtime_workers;
  table.runtime_load = springald_runtime_load;
  table.function_invoke_batch = springald_function_invoke_batch;
  table.function_end_stream = springald_function_end_stream;
  table.function_metrics = springald_function_metrics;
  table.function_output = springald_function_output;
  table.function_release = springald_function_release;
  table.cancel_token_create = springald_cancel_token_create;
  table.cancel_token_fire = springald_cancel_token_fire;
  table.cancel_token_release = springald_cancel_token_release;
  return table;
}

}  // namespace springald::cluster
