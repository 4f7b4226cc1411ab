#include "abi_table.h"

namespace springald::cluster {

springald_abi CodecAbiTable() {
  springald_abi table{};
  table.struct_size = sizeof(table);
  table.version = springald_version;
  table.definition_decode = springald_definition_decode;
  table.definition_bytes = springald_definition_bytes;
  table.definition_describe = springald_definition_describe;
  table.definition_signature = springald_definition_signature;
  table.definition_release = springald_definition_release;
  return table;
}

}  // namespace springald::cluster
