#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include <sys/socket.h>

#include "springald/wire/messages_testing.h"

namespace {

using springald::wire::FrameSocket;

struct Ends {
  FrameSocket sender;
  FrameSocket receiver;
};

Ends MakeEnds() {
  auto pair = FrameSocket::MakePair().ValueOrDie();
  return {std::move(pair.first), std::move(pair.second)};
}

void Require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

}  // namespace

/// Receives what it is given as a packet, decodes the message in it, encodes that,
/// decodes it again and compares.
///
/// The first time may change something: texts that are together longer than a frame are
/// cut, and zeros are taken out of them.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  static Ends ends = MakeEnds();
  if (size == 0 || size > FrameSocket::kMaxBodyBytes + 1000) {
    return 0;
  }
  Require(send(ends.sender.fd(), data, size, 0) == static_cast<ssize_t>(size));
  const auto frame = ends.receiver.TryReceive();
  if (!frame.ok()) {
    Require(frame.status().IsInvalid() && !frame.status().message().empty());
    return 0;
  }
  Require(frame->has_value() && (*frame)->fds.empty());
  const auto once = DecodedAndEncoded((*frame)->kind, (*frame)->body);
  if (!once.ok()) {
    Require(once.status().IsInvalid() && !once.status().message().empty());
    return 0;
  }
  Require(once->size() <= FrameSocket::kMaxBodyBytes);
  const auto again = DecodedAndEncoded((*frame)->kind, *once);
  Require(again.ok() && *again == *once);
  return 0;
}
