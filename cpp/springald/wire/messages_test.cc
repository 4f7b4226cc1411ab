#include "springald/wire/messages.h"

#include <string>

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "springald/base/byte_writer.h"
#include "springald/wire/messages_testing.h"
#include "springald/wire/protocol_page_testing.h"
#include "springald/wire/refusals_testing.h"

namespace springald::wire {

namespace {

TEST(Messages, OfEveryKindComeBack) {
  for (const auto& [name, kind, body] : SampleFrames()) {
    const auto again = DecodedAndEncoded(kind, body);
    ASSERT_TRUE(again.ok()) << name << ": " << again.status().ToString();
    EXPECT_EQ(*again, body) << name;
  }
}

TEST(Messages, ServerReadyComesBack) {
  EXPECT_EQ(ServerReady::Decode(ServerReady{"1.2.3"}.Encode())->version, "1.2.3");
}

TEST(Messages, ServerFailedIsCutToWhatIsAccepted) {
  const ServerFailed failed{std::string(1 << 20, 'x')};
  EXPECT_EQ(ServerFailed::Decode(failed.Encode())->message.size(), kMaxTextBytes);
}

TEST(Messages, ForkedComesBack) {
  EXPECT_EQ(Forked::Decode(Forked{4711}.Encode())->pid, 4711);
  EXPECT_EQ(Forked::Decode(Forked{-1}.Encode())->pid, -1);
}

TEST(Messages, ExitStatusComesBackWithAndWithoutAnAnswer) {
  EXPECT_EQ(ExitStatus::Decode(ExitStatus{7, {}}.Encode())->wait_status, std::nullopt);
  EXPECT_EQ(ExitStatus::Decode(ExitStatus{7, 0}.Encode())->wait_status, 0);
  EXPECT_EQ(ExitStatus::Decode(ExitStatus{7, 139}.Encode())->wait_status, 139);
}

TEST(Messages, LoadComesBack) {
  const auto hash = ContentHash::Of("x");
  const auto load = Load::Decode(Load{~uint64_t{0}, hash, 235}.Encode()).ValueOrDie();
  EXPECT_EQ(load.request_id, ~uint64_t{0});
  EXPECT_EQ(load.hash, hash);
  EXPECT_EQ(load.definition_bytes, 235u);
}

TEST(Messages, LoadedComesBack) {
  const auto loaded = Loaded::Decode(Loaded{2, "calls g", {}}.Encode()).ValueOrDie();
  EXPECT_EQ(loaded.request_id, 2u);
  EXPECT_EQ(loaded.not_inlined_reason, "calls g");
  EXPECT_EQ(loaded.not_distinct_reason, std::nullopt);
}

TEST(Messages, LoadedIsCutToWhatIsAccepted) {
  const std::string text(1 << 20, 'x');
  const auto loaded = Loaded::Decode(Loaded{2, text, text}.Encode());
  ASSERT_TRUE(loaded.ok()) << loaded.status().ToString();
  EXPECT_LE(Loaded({2, text, text}).Encode().size(), FrameSocket::kMaxBodyBytes);
}

TEST(Messages, CallComesBack) {
  const auto hash = ContentHash::Of("x");
  const Call sent{.request_id = 1,
                  .hash = hash,
                  .num_rows = 2,
                  .stream_id = -3,
                  .is_constant = {true, false},
                  .columns = {4, 5},
                  .constants = {6, 7},
                  .memory_bytes = 8,
                  .max_open_files = 9,
                  .max_result_bytes = 10};
  const auto call = Call::Decode(sent.Encode()).ValueOrDie();
  EXPECT_EQ(call.request_id, 1u);
  EXPECT_EQ(call.hash, hash);
  EXPECT_EQ(call.num_rows, 2);
  EXPECT_EQ(call.stream_id, -3);
  EXPECT_EQ(call.is_constant, (std::vector<bool>{true, false}));
  EXPECT_EQ(call.columns, (ColumnsPlace{4, 5}));
  EXPECT_EQ(call.constants, (ColumnsPlace{6, 7}));
  EXPECT_EQ(call.memory_bytes, 8);
  EXPECT_EQ(call.max_open_files, 9);
  EXPECT_EQ(call.max_result_bytes, 10);
}

TEST(Messages, CallHasRoomForAllArguments) {
  Call sent;
  sent.is_constant.assign(kMaxArguments, true);
  EXPECT_EQ(Call::Decode(sent.Encode())->is_constant.size(), kMaxArguments);
  sent.is_constant.push_back(true);
  ExpectInvalid(Call::Decode(sent.Encode()), "too many flags: 8193");
}

TEST(Messages, CallRefusesANegativeNumberOfRows) {
  Call sent;
  sent.num_rows = -1;
  ExpectInvalid(Call::Decode(sent.Encode()), "a call has -1 rows");
}

TEST(Messages, CallRefusesMoreFlagsThanBytes) {
  ByteWriter body;
  body.WriteBytes(Call{}.Encode().substr(0, 8 + 32 + 8 + 8));
  body.WriteVarint(4096);
  ExpectInvalid(Call::Decode(body.bytes()), "too many flags: 4096");
}

TEST(Messages, ResultComesBack) {
  const auto result = Result::Decode(Result{1, true, {2, 3}, 4, 5}.Encode()).ValueOrDie();
  EXPECT_EQ(result.request_id, 1u);
  EXPECT_TRUE(result.keeps_segment);
  EXPECT_EQ(result.column, (ColumnsPlace{2, 3}));
  EXPECT_EQ(result.num_inlined_rows, 4);
  EXPECT_EQ(result.num_repeated_rows, 5);
}

TEST(Messages, EndStreamComesBack) {
  const auto hash = ContentHash::Of("x");
  const auto end = EndStream::Decode(EndStream{1, hash, -2, true}.Encode()).ValueOrDie();
  EXPECT_EQ(end.request_id, 1u);
  EXPECT_EQ(end.hash, hash);
  EXPECT_EQ(end.stream_id, -2);
  EXPECT_TRUE(end.failed);
}

TEST(Messages, FailedComesBackWithoutTheException) {
  UdfErrorInfo info;
  info.code = UdfErrorCode::kExecution;
  info.udf_name = "f";
  info.exception_type = "KeyError";
  info.message = "'a'";
  info.traceback = "Traceback:\n";
  info.row = 0;
  info.arguments = "('a',)";
  info.retryable = true;
  info.exception = std::make_shared<int>(1);
  const auto failed = Failed::Decode(Failed{7, true, info}.Encode()).ValueOrDie();
  EXPECT_EQ(failed.request_id, 7u);
  EXPECT_TRUE(failed.keeps_segment);
  EXPECT_EQ(failed.info.code, UdfErrorCode::kExecution);
  EXPECT_EQ(failed.info.udf_name, "f");
  EXPECT_EQ(failed.info.exception_type, "KeyError");
  EXPECT_EQ(failed.info.message, "'a'");
  EXPECT_EQ(failed.info.traceback, "Traceback:\n");
  EXPECT_EQ(failed.info.row, 0);
  EXPECT_EQ(failed.info.arguments, "('a',)");
  EXPECT_TRUE(failed.info.retryable);
  EXPECT_EQ(failed.info.exception, nullptr);
}

TEST(Messages, FailedOfEveryCodeComesBackAndNoOther) {
  for (int32_t code = -1; code <= kMaxUdfErrorCode + 1; ++code) {
    Failed sent;
    sent.info.code = static_cast<UdfErrorCode>(code);
    const auto failed = Failed::Decode(sent.Encode());
    if (code >= 1 && code <= kMaxUdfErrorCode) {
      EXPECT_EQ(static_cast<int32_t>(failed->info.code), code);
    } else {
      ExpectInvalid(failed, "an error has the unknown code " + std::to_string(code));
    }
  }
}

TEST(Messages, FailedIsCutToWhatAFrameHolds) {
  const std::string text(1 << 20, 'x');
  Failed sent;
  for (auto* field : {&sent.info.udf_name, &sent.info.exception_type, &sent.info.message,
                      &sent.info.traceback, &sent.info.arguments}) {
    *field = text;
    const std::string body = sent.Encode();
    EXPECT_LE(body.size(), FrameSocket::kMaxBodyBytes);
    const auto failed = Failed::Decode(body);
    ASSERT_TRUE(failed.ok()) << failed.status().ToString();
    EXPECT_EQ(failed->info.udf_name.size(), kMaxTextBytes);
  }
}

TEST(Messages, FailedLosesZeroBytes) {
  Failed sent;
  sent.info.message = std::string("a\0b\0", 4);
  EXPECT_EQ(Failed::Decode(sent.Encode())->info.message, "ab");
}

TEST(Messages, RefuseTruncationAtEveryLength) {
  for (const auto& [name, kind, body] : SampleFrames()) {
    for (std::size_t length = 0; length < body.size(); ++length) {
      const auto again = DecodedAndEncoded(kind, body.substr(0, length));
      EXPECT_TRUE(again.status().IsInvalid()) << name << " with " << length << " bytes";
      EXPECT_FALSE(again.status().message().empty());
    }
  }
}

TEST(Messages, RefuseBytesAfterThem) {
  for (const auto& [name, kind, body] : SampleFrames()) {
    SCOPED_TRACE(name);
    ExpectInvalid(DecodedAndEncoded(kind, body + std::string(3, '\0')),
                  "a message has 3 bytes too many");
  }
}

TEST(Messages, RefuseLongTexts) {
  ByteWriter body;
  body.WriteLengthDelimited(std::string(kMaxTextBytes + 1, 'x'));
  ExpectInvalid(ServerReady::Decode(body.bytes()),
                "98305 bytes, at most 98304 are accepted");
  ExpectInvalid(ServerFailed::Decode(body.bytes()), "at most 98304 are accepted");
}

TEST(Messages, RefuseTextsLongerThanWhatIsLeft) {
  ByteWriter body;
  body.WriteVarint(90'000);
  ExpectInvalid(ServerReady::Decode(body.bytes()), "90000 announced, 0 left");
}

TEST(Messages, RefuseFlagsThatAreNeither0Nor1) {
  std::string result = Result{1, true, {}, 0, 0}.Encode();
  result[8] = 2;
  ExpectInvalid(Result::Decode(result), "a flag is 2");
  std::string status = ExitStatus{1, {}}.Encode();
  status[4] = '\xff';
  ExpectInvalid(ExitStatus::Decode(status), "a flag is 255");
  Call call;
  call.is_constant = {true};
  std::string body = call.Encode();
  body[8 + 32 + 8 + 8 + 1] = 7;
  ExpectInvalid(Call::Decode(body), "a flag is 7");
}

TEST(Messages, WithAnyByteChangedAreRefusedOrComeBack) {
  for (const auto& [name, kind, body] : SampleFrames()) {
    for (std::size_t place = 0; place < body.size(); ++place) {
      for (int change = 1; change < 256; ++change) {
        std::string broken = body;
        broken[place] = static_cast<char>(broken[place] ^ change);
        const auto once = DecodedAndEncoded(kind, broken);
        if (once.ok()) {
          EXPECT_EQ(DecodedAndEncoded(kind, *once).ValueOrDie(), *once) << name;
        } else {
          EXPECT_TRUE(once.status().IsInvalid()) << once.status().ToString();
        }
      }
    }
  }
}

TEST(Messages, AreAsThePageShowsThem) {
  const std::string shown = BytesOfPage(0);
  auto ends = FrameSocket::MakePair().ValueOrDie();
  ASSERT_EQ(send(ends.first.fd(), shown.data(), shown.size(), 0),
            static_cast<ssize_t>(shown.size()));
  const auto frame = ends.second.TryReceive().ValueOrDie();
  ASSERT_TRUE(frame.has_value());
  EXPECT_EQ(frame->kind, FrameKind::kCall);
  const auto call = Call::Decode(frame->body).ValueOrDie();
  EXPECT_EQ(call.request_id, 7u);
  EXPECT_EQ(call.hash.ToHex(),
            "999bef7e89566530e14fee80eddff5a21e0b2b48e1abdf919aa04a70dccda751");
  EXPECT_EQ(call.num_rows, 3);
  EXPECT_EQ(call.stream_id, 0);
  EXPECT_EQ(call.is_constant, (std::vector<bool>{false, true}));
  EXPECT_EQ(call.columns, (ColumnsPlace{0, 192}));
  EXPECT_EQ(call.constants, (ColumnsPlace{192, 128}));
  EXPECT_EQ(call.memory_bytes, int64_t{2} << 30);
  EXPECT_EQ(call.max_open_files, 64);
  EXPECT_EQ(call.max_result_bytes, int64_t{1} << 30);
  ASSERT_TRUE(ends.first.Send(FrameKind::kCall, call.Encode()).ok());
  std::string sent(shown.size() + 1, '\0');
  ASSERT_EQ(recv(ends.second.fd(), sent.data(), sent.size(), 0),
            static_cast<ssize_t>(shown.size()));
  EXPECT_EQ(sent.substr(0, shown.size()), shown);
}

}  // namespace

}  // namespace springald::wire
