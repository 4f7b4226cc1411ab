#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include <sys/socket.h>

#include "springald/wire/columns_testing.h"
#include "springald/wire/messages_testing.h"

// Writes the seeds of frame_fuzz and columns_fuzz: what our own writers write, and a few
// things that a reader has to refuse.
//
//   build/dev/fuzz/make_wire_seeds fuzz/seeds

namespace {

using std::filesystem::path;

void Write(const path& folder, const std::string& name, std::string_view bytes) {
  std::filesystem::create_directories(folder);
  std::ofstream file(folder / (name + ".bin"), std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

/// The packet that a socket sends.
std::string PacketOf(const springald::wire::SampleFrame& frame) {
  const auto ends = springald::wire::FrameSocket::MakePair().ValueOrDie();
  ARROW_CHECK_OK(ends.first.Send(frame.kind, frame.body));
  std::string packet(springald::wire::FrameSocket::kMaxBodyBytes, '\0');
  packet.resize(
      static_cast<std::size_t>(recv(ends.second.fd(), packet.data(), packet.size(), 0)));
  return packet;
}

void WriteFrames(const path& folder) {
  for (const auto& frame : springald::wire::SampleFrames()) {
    Write(folder, frame.name, PacketOf(frame));
  }
  const auto call = PacketOf(springald::wire::SampleFrames()[8]);
  Write(folder, "cut_in_header", call.substr(0, 5));
  Write(folder, "cut_in_hash", call.substr(0, 30));
  Write(folder, "longer", call + "x");
  Write(folder, "no_frame", "X" + call.substr(1));
  Write(folder, "of_version_2", call.substr(0, 4) + "\x02" + call.substr(5));
  Write(folder, "of_unknown_kind", call.substr(0, 6) + "\x7f" + call.substr(7));
  const auto server = PacketOf({"", springald::wire::FrameKind::kServerReady, ""});
  Write(folder, "text_past_end", server + "\xff\xff\x05");
  Write(folder, "text_of_all_memory", server + std::string(9, '\xff') + "\x01");
}

void WriteColumns(const path& folder) {
  const auto samples = springald::wire::SampleColumns();
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const auto& [name, column] = samples[i];
    const auto seed = [&, i = i](const std::shared_ptr<arrow::Array>& part) {
      const auto bytes = springald::wire::WrittenBytes(
          {part}, {springald::wire::FieldOf(*part)}, part->length());
      return std::string{static_cast<char>(i), static_cast<char>(part->length())} +
             bytes->ToString();
    };
    Write(folder, name, seed(column));
    Write(folder, name + "_slice", seed(column->Slice(1, 1)));
    Write(folder, name + "_empty", seed(column->Slice(0, 0)));
    const std::string whole = seed(column);
    Write(folder, name + "_cut", whole.substr(0, whole.size() - 8));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
    return 2;
  }
  WriteFrames(path(argv[1]) / "frame");
  WriteColumns(path(argv[1]) / "columns");
  return 0;
}
