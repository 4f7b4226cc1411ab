#include "springald/base/byte_writer.h"

namespace springald {

void ByteWriter::WriteVarint(uint64_t value) {
  while (value >= 0x80) {
    WriteUint8(static_cast<uint8_t>(value | 0x80));
    value >>= 7;
  }
  WriteUint8(static_cast<uint8_t>(value));
}

void ByteWriter::WriteLengthDelimited(std::string_view bytes) {
  WriteVarint(bytes.size());
  WriteBytes(bytes);
}

}  // namespace springald
