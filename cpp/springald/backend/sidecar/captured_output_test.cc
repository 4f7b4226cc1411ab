#include "springald/backend/sidecar/captured_output.h"

#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

namespace springald {

namespace {

class CapturedOutputTest : public testing::Test {
 protected:
  CapturedOutputTest() : CapturedOutputTest(MakePipe().ValueOrDie()) {}

  void Write(const std::string& text) {
    for (std::size_t done = 0; done < text.size();) {
      const ssize_t n = write(write_end_.get(), text.data() + done, text.size() - done);
      ASSERT_GT(n, 0);
      done += static_cast<std::size_t>(n);
    }
  }
  void WriteAndDrain(const std::string& text) {
    Write(text);
    output_.Drain(sink_);
  }
  /// Writes from a thread until `body` returns, and drains until the pipe is closed.
  template <typename Body>
  void DrainWhile(Body&& body) {
    std::thread writer([&] {
      body();
      write_end_.Reset();
    });
    while (output_.fd() >= 0) {
      pollfd waited{output_.fd(), POLLIN, 0};
      poll(&waited, 1, 1000);
      output_.Drain(sink_);
    }
    writer.join();
  }

  UniqueFd write_end_;
  CapturedOutput output_;
  std::vector<std::string> lines_;
  const LineSink sink_ = [this](OutputStream stream, std::string_view line) {
    EXPECT_EQ(stream, OutputStream::kStandardError);
    lines_.emplace_back(line);
  };

 private:
  explicit CapturedOutputTest(Pipe pipe)
      : write_end_(std::move(pipe.write_end)),
        output_(OutputStream::kStandardError, std::move(pipe.read_end)) {}
};

using Lines = std::vector<std::string>;

TEST_F(CapturedOutputTest, HandsOverLinesWithoutTheirEnds) {
  WriteAndDrain("one\ntwo\n\nfour\n");
  EXPECT_EQ(lines_, (Lines{"one", "two", "", "four"}));
  EXPECT_EQ(output_.Tail(), "one\ntwo\n\nfour\n");
}

TEST_F(CapturedOutputTest, JoinsLinesThatArriveInParts) {
  for (const char* part : {"o", "n", "e\nt", "wo", "\n"}) {
    WriteAndDrain(part);
  }
  EXPECT_EQ(lines_, (Lines{"one", "two"}));
}

TEST_F(CapturedOutputTest, KeepsALineThatHasNotEnded) {
  WriteAndDrain("one\nbegun");
  EXPECT_EQ(lines_, (Lines{"one"}));
  EXPECT_EQ(output_.Tail(), "one\nbegun");
  output_.EndBatch(sink_);
  EXPECT_EQ(lines_, (Lines{"one", "begun"}));
  output_.EndBatch(sink_);
  EXPECT_EQ(lines_.size(), 2u);
  WriteAndDrain("next\n");
  EXPECT_EQ(lines_.back(), "next");
}

TEST_F(CapturedOutputTest, WaitsForNothing) {
  output_.Drain(sink_);
  output_.EndBatch(sink_);
  EXPECT_TRUE(lines_.empty());
  EXPECT_EQ(output_.Tail(), "");
}

TEST_F(CapturedOutputTest, CutsLongLines) {
  const std::string line(CapturedOutput::kMaxLineBytes, 'x');
  WriteAndDrain(line + "\n" + line + "y\n" + line);
  WriteAndDrain(std::string(10'000, 'z') + "\nshort\n");
  EXPECT_EQ(lines_, (Lines{line, line, line, "short"}));
}

TEST_F(CapturedOutputTest, HandsOverEveryLineAndKeepsTheLast) {
  std::string text;
  for (int i = 0; i < 1000; ++i) {
    text += "line " + std::to_string(i) + "\n";
  }
  WriteAndDrain(text);
  ASSERT_EQ(lines_.size(), 1000u);
  EXPECT_EQ(lines_[199], "line 199");
  const std::string tail = output_.Tail();
  EXPECT_TRUE(tail.ends_with("line 998\nline 999\n")) << tail;
}

TEST_F(CapturedOutputTest, ForgetsTheBatchBefore) {
  WriteAndDrain("of the batch before\n");
  lines_.clear();
  output_.BeginBatch();
  EXPECT_EQ(output_.Tail(), "");
  WriteAndDrain("of the next batch\n");
  EXPECT_EQ(lines_, (Lines{"of the next batch"}));
  EXPECT_EQ(output_.Tail(), "of the next batch\n");
}

TEST_F(CapturedOutputTest, KeepsABoundedTail) {
  for (int i = 0; i < 100; ++i) {
    WriteAndDrain(std::string(1000, 'x') + std::to_string(i) + "\n");
  }
  const std::string tail = output_.Tail();
  EXPECT_LE(tail.size(), CapturedOutput::kMaxTailBytes);
  EXPECT_GT(tail.size(), CapturedOutput::kMaxTailBytes - 1100);
  EXPECT_TRUE(tail.ends_with("x99\n"));
}

TEST_F(CapturedOutputTest, KeepsBytesThatAreNoText) {
  WriteAndDrain(std::string("\xff\0\xfe\n", 4));
  EXPECT_EQ(lines_, (Lines{std::string("\xff\0\xfe", 3)}));
}

TEST_F(CapturedOutputTest, ClosesThePipeAtItsEnd) {
  Write("last\nbegun");
  write_end_.Reset();
  output_.Drain(sink_);
  EXPECT_EQ(output_.fd(), -1);
  EXPECT_EQ(lines_, (Lines{"last"}));
  output_.EndBatch(sink_);
  EXPECT_EQ(lines_, (Lines{"last", "begun"}));
  output_.Drain(sink_);
  EXPECT_EQ(lines_.size(), 2u);
}

TEST_F(CapturedOutputTest, SurvivesAFloodOfLines) {
  constexpr int kNumBytes = 100 << 20;
  const std::string block = [] {
    std::string text;
    for (int i = 0; i < 1000; ++i) {
      text += std::string(99, 'x') + "\n";
    }
    return text;
  }();
  DrainWhile([&] {
    for (std::size_t written = 0; written < kNumBytes; written += block.size()) {
      Write(block);
    }
    Write("the last line\n");
  });
  EXPECT_EQ(lines_.size(), 1'049'001u);
  EXPECT_LE(output_.Tail().size(), CapturedOutput::kMaxTailBytes);
  EXPECT_TRUE(output_.Tail().ends_with("x\nthe last line\n"));
}

TEST_F(CapturedOutputTest, SurvivesAFloodWithoutLines) {
  const std::string block(1 << 20, 'x');
  DrainWhile([&] {
    for (int i = 0; i < 100; ++i) {
      Write(block);
    }
  });
  EXPECT_TRUE(lines_.empty());
  EXPECT_EQ(output_.Tail(), std::string(CapturedOutput::kMaxLineBytes, 'x'));
  output_.EndBatch(sink_);
  EXPECT_EQ(lines_.size(), 1u);
}

TEST_F(CapturedOutputTest, ComesBackFromAWriterWithoutEnd) {
  // One call reads no more than some MiB, so that its caller keeps its deadlines.
  std::atomic<bool> is_done = false;
  std::thread writer([&] {
    const std::string block(1 << 16, '\n');
    while (!is_done) {
      Write(block);
    }
  });
  while (lines_.size() < 201) {
    output_.Drain(sink_);
  }
  is_done = true;
  while (true) {
    pollfd waited{output_.fd(), POLLIN, 0};
    if (poll(&waited, 1, 100) == 0) {
      break;
    }
    output_.Drain(sink_);
  }
  writer.join();
  EXPECT_GE(lines_.size(), 201u);
}

}  // namespace

}  // namespace springald
