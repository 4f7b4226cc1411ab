// A fork server with workers that do one thing wrong, for worker_process_test.cc: what
// they do is named by the variable HOSTILE, "bad_magic,honest" for two workers and all
// after them. With "message_" before it their columns are messages of the Arrow IPC
// format.

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <arrow/array/builder_binary.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/writer.h>
#include <arrow/json/from_string.h>
#include <arrow/record_batch.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "springald/wire/columns_testing.h"
#include "springald/wire/frame_socket.h"
#include "springald/wire/messages.h"
#include "springald/wire/segment.h"

namespace {

using springald::UniqueFd;
using springald::wire::Call;
using springald::wire::ColumnsPlace;
using springald::wire::Failed;
using springald::wire::Frame;
using springald::wire::FrameKind;
using springald::wire::FrameSocket;
using springald::wire::Result;
using springald::wire::WritableSegment;

/// Texts as long as a view cannot hold them inside.
std::shared_ptr<arrow::Array> Texts(int64_t num_rows) {
  arrow::StringBuilder builder;
  for (int64_t row = 0; row < num_rows; ++row) {
    if (!builder.Append("the text of row " + std::to_string(row)).ok()) {
      std::abort();
    }
  }
  return builder.Finish().ValueOrDie();
}

/// A memory file that nobody has sealed, with the seals that are given.
UniqueFd MemoryFile(int64_t num_bytes, int seals) {
  UniqueFd fd(memfd_create("hostile", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (ftruncate(fd.get(), num_bytes) != 0 || fcntl(fd.get(), F_ADD_SEALS, seals) != 0) {
    std::abort();
  }
  return fd;
}

/// Sees that this process ends with its parent, which may have ended by now.
void EndWith(pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) {
    _exit(0);
  }
}

class HostileWorker {
 public:
  HostileWorker(FrameSocket socket, std::string what)
      : socket_(std::move(socket)), what_(std::move(what)) {}

  void Run() {
    for (;;) {
      auto received = socket_.Receive();
      if (!received.ok()) {
        return;
      }
      if (received->has_value()) {
        Answer(**received);
      }
    }
  }

 private:
  static constexpr std::string_view kMessage = "message_";

  bool SendsMessages() const { return what_.starts_with(kMessage); }

  bool Is(std::string_view what) const {
    return std::string_view(what_).substr(SendsMessages() ? kMessage.size() : 0) == what;
  }

  void Answer(const Frame& frame) {
    if (frame.kind == FrameKind::kLoad) {
      AnswerLoad(frame);
    } else if (frame.kind == FrameKind::kEndStream) {
      Send(FrameKind::kStreamEnded, frame.body);
    } else {
      call_ = Call::Decode(frame.body).ValueOrDie();
      AnswerCall();
    }
  }

  void AnswerLoad(const Frame& frame) {
    const auto load = springald::wire::Load::Decode(frame.body).ValueOrDie();
    springald::wire::Loaded loaded{load.request_id, {}, {}};
    loaded.request_id += Is("load_of_another_request") ? 1 : 0;
    Send(Is("load_of_another_kind") ? FrameKind::kResult : FrameKind::kLoaded,
         Is("load_cut_off") ? loaded.Encode().substr(1) : loaded.Encode());
    if (Is("answers_before_it_is_asked")) {
      Send(FrameKind::kResult, Result{load.request_id + 1, false, {}, 0, 0}.Encode());
    }
  }

  void AnswerCall() {
    if (!(AnswerWithoutColumn() || AnswerFromBadSegment())) {
      AnswerWithColumn();
    }
  }

  /// Frames, and none.
  bool AnswerWithoutColumn() {
    const Result result{call_.request_id, false, {0, 64}, 0, 0};
    if (Is("bad_magic")) {
      SendRaw("HTTP/1.1 200 OK\r\n");
    } else if (Is("bad_version")) {
      SendRaw(std::string("SPRL\x09\0\x21\0", 8) + result.Encode());
    } else if (Is("empty_packet")) {
      SendRaw("");
    } else if (Is("too_long")) {
      SendRaw(std::string(FrameSocket::kMaxBodyBytes + 100, 'S'));
    } else if (Is("another_kind")) {
      Send(FrameKind::kLoaded, result.Encode());
    } else if (Is("unknown_kind")) {
      Send(static_cast<FrameKind>(999), "");
    } else if (Is("cut_off")) {
      Send(FrameKind::kResult, result.Encode().substr(0, 20));
    } else if (Is("no_segment")) {
      Send(FrameKind::kResult, result.Encode());
    } else if (Is("unknown_code")) {
      Failed failed{call_.request_id, false, {}};
      failed.info.code = static_cast<springald::UdfErrorCode>(99);
      Send(FrameKind::kFailed, failed.Encode());
    } else if (Is("failure_of_another_request")) {
      Send(FrameKind::kFailed, Failed{call_.request_id + 1, false, {}}.Encode());
    } else if (Is("failure_that_is_no_text")) {
      Failed failed{call_.request_id, false, {}};
      failed.info.code = springald::UdfErrorCode::kExecution;
      failed.info.message = std::string("\xff\xfe\0 no text", 12);
      Send(FrameKind::kFailed, failed.Encode());
    } else if (Is("closes")) {
      socket_.Close();
      pause();
    } else if (Is("never_answers")) {
      pause();
    } else if (Is("exits")) {
      [[maybe_unused]] const ssize_t n = write(2, "my last words\n", 14);
      _exit(3);
    } else if (Is("aborts")) {
      signal(SIGABRT, SIG_DFL);
      abort();
    } else {
      return false;
    }
    return true;
  }

  bool AnswerFromBadSegment() {
    constexpr int kSizeSeals = F_SEAL_SHRINK | F_SEAL_GROW;
    if (Is("not_sealed")) {
      SendResult(MemoryFile(4096, 0), {0, 64});
    } else if (Is("may_shrink")) {
      SendResult(MemoryFile(4096, F_SEAL_GROW), {0, 64});
    } else if (Is("no_memory_file")) {
      SendResult(UniqueFd(open("/proc/self/exe", O_RDONLY | O_CLOEXEC)), {0, 64});
    } else if (Is("a_pipe")) {
      SendResult(std::move(springald::MakePipe().ValueOrDie().read_end), {0, 64});
    } else if (Is("zeros")) {
      SendResult(MemoryFile(4096, kSizeSeals), {0, 4096});
    } else if (Is("place_past_end")) {
      SendResult(MemoryFile(4096, kSizeSeals), {4096, 1});
    } else if (Is("place_far_past_end")) {
      SendResult(MemoryFile(4096, kSizeSeals), {~uint64_t{0}, 64});
    } else if (Is("place_that_wraps_around")) {
      SendResult(MemoryFile(4096, kSizeSeals), {~uint64_t{0} - 7, 16});
    } else if (Is("too_many_bytes")) {
      SendResult(MemoryFile(4096, kSizeSeals), {0, ~uint64_t{0}});
    } else if (Is("as_many_bytes_as_it_likes")) {
      const int64_t num_bytes = int64_t{1} << 40;  // of which none is there
      SendResult(MemoryFile(num_bytes, kSizeSeals), {0, uint64_t{1} << 40});
    } else {
      return false;
    }
    return true;
  }

  void AnswerWithColumn() {
    auto column =
        Texts(call_.num_rows + (Is("more_rows") ? 1 : 0) - (Is("fewer_rows") ? 1 : 0));
    if (Is("another_type")) {
      column =
          arrow::json::ArrayFromJSONString(arrow::list(arrow::int64()), "[[1], [2], []]")
              .ValueOrDie();
    } else if (Is("nulls") || Is("nulls_that_it_counts_wrong")) {
      column = arrow::json::ArrayFromJSONString(arrow::utf8(), R"(["a", null, "c"])")
                   .ValueOrDie();
    }
    auto segment = SegmentOf(column);
    uint8_t* const end = segment.data() + num_bytes_;
    if (Is("offsets_past_end")) {
      ReplaceLast<int32_t>(segment, 17, 0x7fffff00);
    } else if (Is("offsets_that_fall")) {
      ReplaceLast<int32_t>(segment, 34, 3);
    } else if (Is("nulls_that_it_counts_wrong")) {
      ReplaceLast<int64_t>(segment, 1, 2);  // in the metadata
    } else if (Is("no_utf8")) {
      std::replace(end - 64, end, uint8_t{'t'}, uint8_t{0xff});
    } else if (Is("keeps_writing") && fork() == 0) {
      // Shares the mapping.
      EndWith(worker_);
      for (unsigned i = 0;; i = (i * 1103515245 + 12345) & 0x7fffffff) {
        segment.data()[i % static_cast<unsigned>(num_bytes_)] ^= static_cast<uint8_t>(i);
      }
    } else if (Is("overwrites") && previous_.has_value()) {
      std::memset(previous_->data(), 0xff, 1000);
    }
    const auto num_bytes = static_cast<uint64_t>(num_bytes_);
    SendResult(UniqueFd(dup(segment.fd())),
               {0, Is("cut_column") ? num_bytes - 8 : num_bytes});
    if (Is("answers_twice")) {
      SendResult(UniqueFd(dup(segment.fd())), {0, num_bytes});
    }
    previous_ = std::move(segment);
  }

  WritableSegment SegmentOf(const std::shared_ptr<arrow::Array>& column) {
    const auto bytes =
        SendsMessages()
            ? MessageOf(column)
            : springald::wire::WrittenBytes({column}, {springald::wire::FieldOf(*column)},
                                            column->length());
    num_bytes_ = bytes->size();
    auto segment = WritableSegment::Create(num_bytes_).ValueOrDie();
    std::memcpy(segment.data(), bytes->data(), static_cast<std::size_t>(num_bytes_));
    return segment;
  }

  static std::shared_ptr<arrow::Buffer> MessageOf(
      const std::shared_ptr<arrow::Array>& column) {
    const auto batch = arrow::RecordBatch::Make(
        arrow::schema({springald::wire::FieldOf(*column)}), column->length(), {column});
    return arrow::ipc::SerializeRecordBatch(*batch,
                                            arrow::ipc::IpcWriteOptions::Defaults())
        .ValueOrDie();
  }

  /// Replaces the last number of the column that is `from`.
  template <typename Number>
  void ReplaceLast(WritableSegment& segment, Number from, Number to) const {
    for (int64_t place = num_bytes_ - 8; place >= 0; place -= 4) {
      if (std::memcmp(segment.data() + place, &from, sizeof(from)) == 0) {
        std::memcpy(segment.data() + place, &to, sizeof(to));
        return;
      }
    }
    std::abort();
  }

  void SendResult(UniqueFd segment, ColumnsPlace place) {
    Result result{call_.request_id, false, place, 0, 0};
    result.request_id += Is("another_request") ? 1 : 0;
    std::vector<int> fds(Is("many_descriptors") ? 3 : 1, segment.get());
    if (!socket_.Send(FrameKind::kResult, result.Encode(), fds).ok()) {
      _exit(1);
    }
  }

  void Send(FrameKind kind, std::string_view body) {
    if (!socket_.Send(kind, body).ok()) {
      _exit(1);
    }
  }

  void SendRaw(std::string_view packet) {
    if (send(socket_.fd(), packet.data(), packet.size(), MSG_NOSIGNAL) < 0) {
      _exit(1);
    }
  }

  FrameSocket socket_;
  const std::string what_;
  const pid_t worker_ = getpid();
  Call call_;
  int64_t num_bytes_ = 0;  // of the last column
  std::optional<WritableSegment> previous_;
};

/// Takes the next word of the list, and leaves the last one.
std::string NextWord(std::string* words) {
  const std::size_t comma = words->find(',');
  std::string word = words->substr(0, comma);
  if (comma != std::string::npos) {
    words->erase(0, comma + 1);
  }
  return word;
}

[[noreturn]] void RunWorker(std::vector<UniqueFd> fds, std::string what, pid_t server) {
  EndWith(server);
  dup2(fds[1].get(), STDOUT_FILENO);
  dup2(fds[2].get(), STDERR_FILENO);
  FrameSocket control(std::move(fds[0]));
  fds.clear();
  HostileWorker(std::move(control), std::move(what)).Run();
  _exit(0);
}

}  // namespace

int main() {
  FrameSocket socket{UniqueFd(3)};
  std::string words = std::getenv("HOSTILE");
  if (!socket
           .Send(FrameKind::kServerReady,
                 springald::wire::ServerReady{SPRINGALD_VERSION}.Encode())
           .ok()) {
    return 1;
  }
  for (;;) {
    auto received = socket.Receive();
    if (!received.ok()) {
      return 0;
    }
    if (!received->has_value()) {
      continue;
    }
    Frame& frame = **received;
    if (frame.kind == FrameKind::kFork) {
      std::string what = NextWord(&words);
      const pid_t server = getpid();
      const pid_t pid = fork();
      if (pid == 0) {
        socket.Close();
        RunWorker(std::move(frame.fds), std::move(what), server);
      }
      const UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
      const int fd = process.get();
      (void)socket.Send(FrameKind::kForked, springald::wire::Forked{pid}.Encode(),
                        {&fd, 1});
    } else {
      auto status = springald::wire::ExitStatus::Decode(frame.body).ValueOrDie();
      int wait_status = 0;
      if (waitpid(status.pid, &wait_status, 0) == status.pid) {
        status.wait_status = wait_status;
      }
      (void)socket.Send(FrameKind::kExitStatus, status.Encode());
    }
  }
}
