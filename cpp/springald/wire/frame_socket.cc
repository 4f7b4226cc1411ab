#include "springald/wire/frame_socket.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <poll.h>
#include <sys/socket.h>

#include "springald/base/byte_reader.h"
#include "springald/base/byte_writer.h"

namespace springald::wire {

namespace {

constexpr uint32_t kMagic = 0x4c525053;  // "SPRL"
constexpr std::size_t kHeaderBytes = 8;
/// Of the socket's buffer, so that the longest frame fits.
constexpr int kBufferBytes = 512 << 10;

/// Room for control messages with the descriptors, aligned as they want it.
struct alignas(cmsghdr) ControlRoom {
  std::array<char, CMSG_SPACE(sizeof(int) * FrameSocket::kMaxFds)> bytes;
};

std::vector<UniqueFd> TakeFds(msghdr* message) {
  std::vector<UniqueFd> fds;
  for (cmsghdr* header = CMSG_FIRSTHDR(message); header != nullptr;
       header = CMSG_NXTHDR(message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) {
      continue;
    }
    const std::size_t num_fds = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < num_fds; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof(int));
      fds.emplace_back(fd);
    }
  }
  return fds;
}

arrow::Result<FrameKind> ReadHeader(std::string_view packet) {
  ByteReader reader(packet);
  ARROW_ASSIGN_OR_RAISE(const uint32_t magic, reader.ReadUint32());
  ARROW_ASSIGN_OR_RAISE(const uint16_t version, reader.ReadUint16());
  ARROW_ASSIGN_OR_RAISE(const uint16_t kind, reader.ReadUint16());
  if (magic != kMagic) {
    return arrow::Status::Invalid("what came is no frame: it begins with ", magic);
  }
  if (version != kWireVersion) {
    return arrow::Status::Invalid("a frame is of version ", version, ", and this is ",
                                  kWireVersion);
  }
  return static_cast<FrameKind>(kind);
}

}  // namespace

arrow::Result<std::pair<FrameSocket, FrameSocket>> FrameSocket::MakePair() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return ErrnoError(errno, "cannot make a socket");
  }
  std::pair pair{FrameSocket(UniqueFd(ends[0])), FrameSocket(UniqueFd(ends[1]))};
  for (const int end : ends) {
    if (setsockopt(end, SOL_SOCKET, SO_SNDBUF, &kBufferBytes, sizeof(kBufferBytes)) !=
        0) {
      return ErrnoError(errno, "cannot make a socket");
    }
  }
  return pair;
}

arrow::Status FrameSocket::Send(FrameKind kind, std::string_view body,
                                std::span<const int> fds) const {
  if (body.size() > kMaxBodyBytes || fds.size() > kMaxFds) {
    return arrow::Status::Invalid("a frame is too large: ", body.size(), " bytes and ",
                                  fds.size(), " descriptors, at most ", kMaxBodyBytes,
                                  " and ", kMaxFds, " are sent");
  }
  ByteWriter header;
  header.WriteUint32(kMagic);
  header.WriteUint16(kWireVersion);
  header.WriteUint16(static_cast<uint16_t>(kind));
  iovec parts[] = {{const_cast<char*>(header.bytes().data()), kHeaderBytes},
                   {const_cast<char*>(body.data()), body.size()}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  ControlRoom room{};
  if (!fds.empty()) {
    message.msg_control = room.bytes.data();
    message.msg_controllen = CMSG_SPACE(sizeof(int) * fds.size());
    cmsghdr* const control = CMSG_FIRSTHDR(&message);
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(sizeof(int) * fds.size());
    std::memcpy(CMSG_DATA(control), fds.data(), sizeof(int) * fds.size());
  }
  while (sendmsg(fd_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
    if (errno != EINTR) {
      return ErrnoError(errno, "cannot send a frame");
    }
  }
  return arrow::Status::OK();
}

arrow::Result<std::optional<Frame>> FrameSocket::TryReceive() {
  return ReceiveWith(MSG_DONTWAIT);
}

arrow::Result<std::optional<Frame>> FrameSocket::ReceiveWith(int flags) {
  buffer_.resize(kHeaderBytes + kMaxBodyBytes);
  iovec part{buffer_.data(), buffer_.size()};
  ControlRoom room{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = room.bytes.data();
  message.msg_controllen = room.bytes.size();
  const ssize_t n = recvmsg(fd_.get(), &message, flags | MSG_CMSG_CLOEXEC);
  if (n < 0) {
    if (errno == EAGAIN || errno == EINTR) {
      return std::nullopt;
    }
    if (errno == ECONNRESET) {
      return arrow::Status::Cancelled("the other end of a socket is closed");
    }
    return ErrnoError(errno, "cannot receive a frame");
  }
  std::vector<UniqueFd> fds = TakeFds(&message);
  if (n == 0) {
    return arrow::Status::Cancelled("the other end of a socket is closed");
  }
  if ((message.msg_flags & MSG_TRUNC) != 0) {
    return arrow::Status::Invalid("a frame is longer than ", kMaxBodyBytes, " bytes");
  }
  // Control messages are padded, so that there was room for one more.
  if ((message.msg_flags & MSG_CTRUNC) != 0 || fds.size() > kMaxFds) {
    return arrow::Status::Invalid("a frame has more than ", kMaxFds,
                                  " descriptors, or more than this process may open");
  }
  const std::string_view packet(buffer_.data(), static_cast<std::size_t>(n));
  ARROW_ASSIGN_OR_RAISE(const FrameKind kind, ReadHeader(packet));
  return Frame{kind, std::string(packet.substr(kHeaderBytes)), std::move(fds)};
}

arrow::Result<std::optional<Frame>> FrameSocket::Receive(
    std::optional<std::chrono::milliseconds> timeout) {
  if (!timeout.has_value()) {
    return ReceiveWith(0);
  }
  pollfd waited{fd_.get(), POLLIN, 0};
  const int num_ready = poll(&waited, 1, static_cast<int>(timeout->count()));
  if (num_ready < 0 && errno != EINTR) {
    return ErrnoError(errno, "cannot wait for a frame");
  }
  if (num_ready <= 0) {
    return std::nullopt;
  }
  return TryReceive();
}

}  // namespace springald::wire
