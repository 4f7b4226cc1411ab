#include "springald/wire/frame_socket.h"

#include <array>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "springald/base/open_fds_testing.h"
#include "springald/wire/refusals_testing.h"

namespace springald::wire {

namespace {

using std::chrono::milliseconds;

struct Ends {
  FrameSocket one;
  FrameSocket other;
};

Ends MakeEnds() {
  auto pair = FrameSocket::MakePair().ValueOrDie();
  return {std::move(pair.first), std::move(pair.second)};
}

/// A frame's header, each field as it is given.
std::string Header(const std::string& magic, int version, int kind) {
  std::string header = magic;
  for (const int number : {version, kind}) {
    header += static_cast<char>(number & 0xff);
    header += static_cast<char>(number >> 8);
  }
  return header;
}

void SendRaw(const FrameSocket& socket, const std::string& packet,
             const std::vector<int>& fds = {}) {
  iovec part{const_cast<char*>(packet.data()), packet.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * 64)> room{};
  if (!fds.empty()) {
    message.msg_control = room.data();
    message.msg_controllen = CMSG_SPACE(sizeof(int) * fds.size());
    cmsghdr* const control = CMSG_FIRSTHDR(&message);
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(sizeof(int) * fds.size());
    std::memcpy(CMSG_DATA(control), fds.data(), sizeof(int) * fds.size());
  }
  ASSERT_EQ(sendmsg(socket.fd(), &message, 0), static_cast<ssize_t>(packet.size()));
}

void ExpectRefused(const std::string& packet, const std::string& piece) {
  auto ends = MakeEnds();
  SendRaw(ends.one, packet);
  ExpectInvalid(ends.other.TryReceive(), piece);
}

TEST(FrameSocket, SendsFramesInTheirOrder) {
  auto ends = MakeEnds();
  ASSERT_TRUE(ends.one.Send(FrameKind::kCall, "first").ok());
  ASSERT_TRUE(ends.one.Send(FrameKind::kFork, "").ok());
  const auto first = ends.other.TryReceive().ValueOrDie();
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->kind, FrameKind::kCall);
  EXPECT_EQ(first->body, "first");
  EXPECT_TRUE(first->fds.empty());
  const auto second = ends.other.TryReceive().ValueOrDie();
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->kind, FrameKind::kFork);
  EXPECT_EQ(second->body, "");
  EXPECT_EQ(ends.other.TryReceive().ValueOrDie(), std::nullopt);
}

TEST(FrameSocket, SendsInBothDirections) {
  auto ends = MakeEnds();
  ASSERT_TRUE(ends.other.Send(FrameKind::kResult, "r").ok());
  EXPECT_EQ(ends.one.TryReceive().ValueOrDie()->body, "r");
}

TEST(FrameSocket, SendsTheLongestBody) {
  auto ends = MakeEnds();
  const std::string body(FrameSocket::kMaxBodyBytes, 'x');
  ASSERT_TRUE(ends.one.Send(FrameKind::kFailed, body).ok());
  EXPECT_EQ(ends.other.TryReceive().ValueOrDie()->body, body);
}

TEST(FrameSocket, SendsDescriptorsAndLeaksNone) {
  const int before = NumOpenFds();
  {
    auto ends = MakeEnds();
    auto pipe = MakePipe().ValueOrDie();
    const std::array<int, 3> fds{pipe.read_end.get(), pipe.write_end.get(),
                                 pipe.write_end.get()};
    ASSERT_TRUE(ends.one.Send(FrameKind::kFork, "", fds).ok());
    const auto frame = ends.other.TryReceive().ValueOrDie();
    ASSERT_EQ(frame->fds.size(), 3u);
    struct stat sent{};
    struct stat received{};
    ASSERT_EQ(fstat(fds[0], &sent), 0);
    ASSERT_EQ(fstat(frame->fds[0].get(), &received), 0);
    EXPECT_EQ(sent.st_ino, received.st_ino);
    for (const auto& fd : frame->fds) {
      EXPECT_EQ(fcntl(fd.get(), F_GETFD), FD_CLOEXEC);
    }
    // One that nobody receives.
    ASSERT_TRUE(ends.one.Send(FrameKind::kFork, "", fds).ok());
  }
  EXPECT_EQ(NumOpenFds(), before);
}

TEST(FrameSocket, ClosesItsEndsOnExec) {
  const auto ends = MakeEnds();
  EXPECT_EQ(fcntl(ends.one.fd(), F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(fcntl(ends.other.fd(), F_GETFD), FD_CLOEXEC);
}

TEST(FrameSocket, DoesNotSendWhatIsTooLarge) {
  const auto ends = MakeEnds();
  const std::string body(FrameSocket::kMaxBodyBytes + 1, 'x');
  arrow::Status sent = ends.one.Send(FrameKind::kFailed, body);
  EXPECT_TRUE(sent.IsInvalid());
  EXPECT_NE(sent.message().find("163841 bytes and 0 descriptors, at most 163840 and 3"),
            std::string::npos)
      << sent.message();
  const std::array<int, 4> fds{0, 1, 2, 0};
  sent = ends.one.Send(FrameKind::kFork, "", fds);
  EXPECT_TRUE(sent.IsInvalid());
  EXPECT_NE(sent.message().find("4 descriptors"), std::string::npos) << sent.message();
}

TEST(FrameSocket, RefusesALongerPacket) {
  ExpectRefused(Header("SPRL", 1, 33) + std::string(FrameSocket::kMaxBodyBytes + 1, 'x'),
                "a frame is longer than 163840 bytes");
}

TEST(FrameSocket, RefusesWhatIsNoFrame) {
  ExpectRefused(Header("SPRK", 1, 33), "what came is no frame");
  ExpectRefused("GET / HTTP/1.1\r\n", "what came is no frame: it begins with 542393671");
}

TEST(FrameSocket, RefusesAnotherVersionByItsNumber) {
  ExpectRefused(Header("SPRL", 2, 33), "a frame is of version 2, and this is 1");
  ExpectRefused(Header("SPRL", 513, 33), "a frame is of version 513");
}

TEST(FrameSocket, RefusesACutHeader) {
  const std::string header = Header("SPRL", 1, 33);
  for (std::size_t length = 1; length < header.size(); ++length) {
    ExpectRefused(header.substr(0, length), "needs");
  }
}

TEST(FrameSocket, HandsOverKindsThatItDoesNotKnow) {
  auto ends = MakeEnds();
  SendRaw(ends.one, Header("SPRL", 1, 999));
  EXPECT_EQ(static_cast<int>(ends.other.TryReceive().ValueOrDie()->kind), 999);
}

TEST(FrameSocket, RefusesMoreDescriptorsAndClosesThem) {
  for (const std::size_t num_fds : {std::size_t{4}, std::size_t{5}, std::size_t{60}}) {
    auto ends = MakeEnds();
    auto pipe = MakePipe().ValueOrDie();
    const int before = NumOpenFds();
    SendRaw(ends.one, Header("SPRL", 1, 3),
            std::vector<int>(num_fds, pipe.read_end.get()));
    ExpectInvalid(ends.other.TryReceive(), "more than 3 descriptors");
    EXPECT_EQ(NumOpenFds(), before);
  }
}

TEST(FrameSocket, ClosesTheDescriptorsOfWhatItRefuses) {
  auto ends = MakeEnds();
  auto pipe = MakePipe().ValueOrDie();
  const int before = NumOpenFds();
  SendRaw(ends.one, Header("SPRL", 7, 3), {pipe.read_end.get(), pipe.write_end.get()});
  ExpectInvalid(ends.other.TryReceive(), "version 7");
  EXPECT_EQ(NumOpenFds(), before);
}

TEST(FrameSocket, RefusesAFrameWhoseDescriptorsFindNoRoomInThisProcess) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "UBSan looks at memory through a pipe of its own";
#endif
  auto ends = MakeEnds();
  auto pipe = MakePipe().ValueOrDie();
  const std::array<int, 2> fds{pipe.read_end.get(), pipe.write_end.get()};
  ASSERT_TRUE(ends.one.Send(FrameKind::kFork, "", fds).ok());
  const int before = NumOpenFds();
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  // One more than the largest number that is open: there is room for one.
  const UniqueFd next(fcntl(0, F_DUPFD, pipe.write_end.get() + 1));
  rlimit lower{static_cast<rlim_t>(next.get()) + 2, limit.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &lower), 0);
  const auto received = ends.other.TryReceive();
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  ExpectInvalid(received, "descriptors");
  EXPECT_EQ(NumOpenFds(), before + 1);
}

TEST(FrameSocket, SaysThatTheOtherEndIsClosed) {
  auto ends = MakeEnds();
  ASSERT_TRUE(ends.one.Send(FrameKind::kResult, "last words").ok());
  ends.one.Close();
  // What was sent before is there.
  EXPECT_EQ(ends.other.TryReceive().ValueOrDie()->body, "last words");
  const auto closed = ends.other.TryReceive();
  EXPECT_TRUE(IsClosed(closed.status())) << closed.status().ToString();
  EXPECT_TRUE(IsClosed(ends.other.Receive().status()));
  const arrow::Status sent = ends.other.Send(FrameKind::kCall, "");
  EXPECT_TRUE(sent.IsIOError()) << sent.ToString();
  EXPECT_FALSE(IsClosed(sent));
}

TEST(FrameSocket, SaysThatTheOtherEndIsClosedWhichHasNotReadWhatItGot) {
  auto ends = MakeEnds();
  ASSERT_TRUE(ends.other.Send(FrameKind::kCall, "unread").ok());
  ends.one.Close();
  EXPECT_TRUE(IsClosed(ends.other.Receive().status()));
}

TEST(FrameSocket, TakesAnEmptyPacketForTheEnd) {
  auto ends = MakeEnds();
  SendRaw(ends.one, "");
  EXPECT_TRUE(IsClosed(ends.other.TryReceive().status()));
}

TEST(FrameSocket, FailsRatherThanWaitWhereNobodyReceives) {
  const auto ends = MakeEnds();
  const std::string body(FrameSocket::kMaxBodyBytes, 'x');
  arrow::Status sent;
  int num_sent = 0;
  while (sent.ok() && num_sent < 10'000) {
    sent = ends.one.Send(FrameKind::kCall, body);
    ++num_sent;
  }
  EXPECT_GT(num_sent, 1);
  EXPECT_TRUE(sent.IsIOError()) << sent.ToString();
  EXPECT_NE(sent.message().find("cannot send a frame"), std::string::npos);
}

TEST(FrameSocket, WaitsNoLongerThanItsTime) {
  auto ends = MakeEnds();
  EXPECT_EQ(ends.other.Receive(milliseconds(10)).ValueOrDie(), std::nullopt);
  ASSERT_TRUE(ends.one.Send(FrameKind::kCall, "a").ok());
  EXPECT_EQ(ends.other.Receive(milliseconds(10)).ValueOrDie()->body, "a");
}

TEST(FrameSocket, FailsWhereItIsClosed) {
  FrameSocket none;
  EXPECT_TRUE(none.TryReceive().status().IsIOError());
  EXPECT_TRUE(none.Send(FrameKind::kCall, "").IsIOError());
}

}  // namespace

}  // namespace springald::wire
