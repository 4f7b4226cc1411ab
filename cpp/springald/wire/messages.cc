#include "springald/wire/messages.h"

#include <algorithm>
#include <array>
#include <utility>

#include "springald/base/byte_reader.h"
#include "springald/base/byte_writer.h"
#include "springald/wire/frame_socket.h"

namespace springald::wire {

namespace {

/// Writes the fields of a message, each as what it is.
class MessageWriter {
 public:
  void Put(bool value) { bytes_.WriteUint8(value ? 1 : 0); }
  void Put(int32_t value) { bytes_.WriteUint32(static_cast<uint32_t>(value)); }
  void Put(int64_t value) { bytes_.WriteUint64(static_cast<uint64_t>(value)); }
  void Put(uint64_t value) { bytes_.WriteUint64(value); }
  void Put(std::string_view text) { bytes_.WriteLengthDelimited(text); }
  void Put(const ContentHash& hash) {
    bytes_.WriteBytes(
        {reinterpret_cast<const char*>(hash.bytes().data()), ContentHash::kNumBytes});
  }
  void Put(const ColumnsPlace& place) {
    Put(place.offset);
    Put(place.num_bytes);
  }
  void Put(const std::vector<bool>& flags) {
    bytes_.WriteVarint(flags.size());
    for (const bool flag : flags) {
      Put(flag);
    }
  }
  template <typename Value>
  void Put(const std::optional<Value>& value) {
    Put(value.has_value());
    if (value.has_value()) {
      Put(*value);
    }
  }
  std::string Finish() { return bytes_.Finish(); }

 private:
  ByteWriter bytes_;
};

/// Reads what MessageWriter wrote. The first failure stays.
class MessageReader {
 public:
  explicit MessageReader(std::string_view body) : bytes_(body) {}

  void Get(bool* value) {
    const uint8_t byte = Take(bytes_.ReadUint8());
    if (byte > 1) {
      Fail(arrow::Status::Invalid("a flag is ", static_cast<int>(byte)));
    }
    *value = byte == 1;
  }
  void Get(int32_t* value) { *value = static_cast<int32_t>(Take(bytes_.ReadUint32())); }
  void Get(int64_t* value) { *value = static_cast<int64_t>(Take(bytes_.ReadUint64())); }
  void Get(uint64_t* value) { *value = Take(bytes_.ReadUint64()); }
  void Get(std::string* text) { *text = Take(bytes_.ReadLengthDelimited(kMaxTextBytes)); }
  void Get(ContentHash* hash) {
    const std::string_view read =
        Take(bytes_.ReadBytes(ContentHash::kNumBytes, ContentHash::kNumBytes));
    std::array<uint8_t, ContentHash::kNumBytes> bytes{};
    std::copy(read.begin(), read.end(), bytes.begin());
    *hash = ContentHash(bytes);
  }
  void Get(ColumnsPlace* place) {
    Get(&place->offset);
    Get(&place->num_bytes);
  }
  void Get(std::vector<bool>* flags) {
    const uint64_t size = Take(bytes_.ReadVarint());
    if (size > kMaxArguments || size > bytes_.num_bytes_left()) {
      return Fail(arrow::Status::Invalid("a message has too many flags: ", size));
    }
    for (uint64_t i = 0; i < size && status_.ok(); ++i) {
      bool flag = false;
      Get(&flag);
      flags->push_back(flag);
    }
  }
  template <typename Value>
  void Get(std::optional<Value>* value) {
    bool is_there = false;
    Get(&is_there);
    if (is_there && status_.ok()) {
      Get(&value->emplace());
    }
  }

  /// Says what was wrong, also where bytes are left over.
  arrow::Status Finish() {
    if (status_.ok() && !bytes_.AtEnd()) {
      return arrow::Status::Invalid("a message has ", bytes_.num_bytes_left(),
                                    " bytes too many");
    }
    return status_;
  }

  void Fail(arrow::Status status) {
    if (status_.ok()) {
      status_ = std::move(status);
    }
  }

 private:
  template <typename Value>
  Value Take(arrow::Result<Value> value) {
    Fail(value.status());
    return value.ok() && status_.ok() ? *value : Value{};
  }

  ByteReader bytes_;
  arrow::Status status_;
};

template <typename... Fields>
std::string Encoded(const Fields&... fields) {
  MessageWriter writer;
  (writer.Put(fields), ...);
  return writer.Finish();
}

template <typename Message, typename... Fields>
arrow::Result<Message> Decoded(std::string_view body, Message message,
                               Fields Message::*... fields) {
  MessageReader reader(body);
  (reader.Get(&(message.*fields)), ...);
  ARROW_RETURN_NOT_OK(reader.Finish());
  return message;
}

}  // namespace

std::string ServerReady::Encode() const { return Encoded(std::string_view(version)); }

arrow::Result<ServerReady> ServerReady::Decode(std::string_view body) {
  return Decoded(body, ServerReady{}, &ServerReady::version);
}

std::string ServerFailed::Encode() const {
  return Encoded(std::string_view(message).substr(0, kMaxTextBytes));
}

arrow::Result<ServerFailed> ServerFailed::Decode(std::string_view body) {
  return Decoded(body, ServerFailed{}, &ServerFailed::message);
}

std::string Forked::Encode() const { return Encoded(pid); }

arrow::Result<Forked> Forked::Decode(std::string_view body) {
  return Decoded(body, Forked{}, &Forked::pid);
}

std::string ExitStatus::Encode() const { return Encoded(pid, wait_status); }

arrow::Result<ExitStatus> ExitStatus::Decode(std::string_view body) {
  return Decoded(body, ExitStatus{}, &ExitStatus::pid, &ExitStatus::wait_status);
}

std::string Load::Encode() const { return Encoded(request_id, hash, definition_bytes); }

arrow::Result<Load> Load::Decode(std::string_view body) {
  return Decoded(body, Load{}, &Load::request_id, &Load::hash, &Load::definition_bytes);
}

std::string Loaded::Encode() const {
  // Both fit together.
  const auto cut = [](const std::optional<std::string>& reason) {
    return reason.has_value()
               ? std::optional<std::string_view>(
                     std::string_view(*reason).substr(0, kMaxTextBytes / 2))
               : std::nullopt;
  };
  return Encoded(request_id, cut(not_inlined_reason), cut(not_distinct_reason));
}

arrow::Result<Loaded> Loaded::Decode(std::string_view body) {
  return Decoded(body, Loaded{}, &Loaded::request_id, &Loaded::not_inlined_reason,
                 &Loaded::not_distinct_reason);
}

std::string Call::Encode() const {
  return Encoded(request_id, hash, num_rows, stream_id, is_constant, columns, constants,
                 memory_bytes, max_open_files, max_result_bytes);
}

arrow::Result<Call> Call::Decode(std::string_view body) {
  ARROW_ASSIGN_OR_RAISE(
      auto call,
      Decoded(body, Call{}, &Call::request_id, &Call::hash, &Call::num_rows,
              &Call::stream_id, &Call::is_constant, &Call::columns, &Call::constants,
              &Call::memory_bytes, &Call::max_open_files, &Call::max_result_bytes));
  if (call.num_rows < 0) {
    return arrow::Status::Invalid("a call has ", call.num_rows, " rows");
  }
  return call;
}

std::string Result::Encode() const {
  return Encoded(request_id, keeps_segment, column, num_inlined_rows, num_repeated_rows);
}

arrow::Result<Result> Result::Decode(std::string_view body) {
  return Decoded(body, Result{}, &Result::request_id, &Result::keeps_segment,
                 &Result::column, &Result::num_inlined_rows, &Result::num_repeated_rows);
}

std::string EndStream::Encode() const {
  return Encoded(request_id, hash, stream_id, failed);
}

arrow::Result<EndStream> EndStream::Decode(std::string_view body) {
  return Decoded(body, EndStream{}, &EndStream::request_id, &EndStream::hash,
                 &EndStream::stream_id, &EndStream::failed);
}

std::string Failed::Encode() const {
  std::size_t room = FrameSocket::kMaxBodyBytes - 256;
  const auto fitting = [&room](const std::string& text) {
    const auto cut = std::string_view(text).substr(0, std::min(room, kMaxTextBytes));
    room -= cut.size();
    return cut;
  };
  const auto name = fitting(info.udf_name);
  const auto type = fitting(info.exception_type);
  const auto message = fitting(info.message);
  const auto traceback = fitting(info.traceback);
  const auto arguments = fitting(info.arguments);
  return Encoded(request_id, keeps_segment, static_cast<int32_t>(info.code), name, type,
                 message, traceback, info.row, arguments, info.retryable);
}

arrow::Result<Failed> Failed::Decode(std::string_view body) {
  Failed failed;
  int32_t code = 0;
  MessageReader reader(body);
  reader.Get(&failed.request_id);
  reader.Get(&failed.keeps_segment);
  reader.Get(&code);
  for (auto* text : {&failed.info.udf_name, &failed.info.exception_type,
                     &failed.info.message, &failed.info.traceback}) {
    reader.Get(text);
  }
  reader.Get(&failed.info.row);
  reader.Get(&failed.info.arguments);
  reader.Get(&failed.info.retryable);
  ARROW_RETURN_NOT_OK(reader.Finish());
  if (code < 1 || code > kMaxUdfErrorCode) {
    return arrow::Status::Invalid("an error has the unknown code ", code);
  }
  failed.info.code = static_cast<UdfErrorCode>(code);
  for (auto* text :
       {&failed.info.udf_name, &failed.info.exception_type, &failed.info.message,
        &failed.info.traceback, &failed.info.arguments}) {
    // Cut anywhere, and by anybody: what the host passes on as C text has no zeros.
    text->erase(std::remove(text->begin(), text->end(), '\0'), text->end());
  }
  return failed;
}

}  // namespace springald::wire
