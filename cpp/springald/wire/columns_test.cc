#include "springald/wire/columns.h"

#include <cstring>
#include <limits>
#include <random>
#include <string>

#include <arrow/builder.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/writer.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <arrow/util/compression.h>
#include <arrow/util/key_value_metadata.h>
#include <gtest/gtest.h>

#include "springald/wire/column_messages.h"
#include "springald/wire/columns_testing.h"
#include "springald/wire/refusals_testing.h"

namespace springald::wire {

namespace {

std::vector<SampleColumn> AllColumns() {
  auto samples = SampleColumns();
  for (auto& sample : MoreColumns()) {
    samples.push_back(std::move(sample));
  }
  return samples;
}

std::shared_ptr<arrow::Buffer> BytesOf(const std::shared_ptr<arrow::Array>& column) {
  return WrittenBytes({column}, {FieldOf(*column)}, column->length());
}

/// Reads one column as it was, extension types included.
arrow::Result<std::shared_ptr<arrow::Array>> ReadOne(
    const std::shared_ptr<arrow::Buffer>& bytes,
    const std::shared_ptr<arrow::Field>& field, int64_t num_rows) {
  ARROW_ASSIGN_OR_RAISE(auto columns, ReadColumns(bytes, {field}, num_rows));
  ARROW_RETURN_NOT_OK(columns[0]->ValidateFull());
  ARROW_ASSIGN_OR_RAISE(columns, WithExtensions(std::move(columns), {field}));
  ARROW_RETURN_NOT_OK(columns[0]->ValidateFull());
  return columns[0];
}

void ExpectComesBack(const std::shared_ptr<arrow::Array>& column) {
  const auto read = ReadOne(BytesOf(column), FieldOf(*column), column->length());
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_TRUE((*read)->type()->Equals(*column->type(), /*check_metadata=*/true))
      << (*read)->type()->ToString(true);
  EXPECT_TRUE((*read)->Equals(*column)) << (*read)->ToString();
}

/// The message that Arrow makes of a batch with one column, as our writer frames it.
std::shared_ptr<arrow::Buffer> MessageOf(
    const std::shared_ptr<arrow::Array>& column,
    const std::shared_ptr<const arrow::KeyValueMetadata>& metadata = nullptr,
    arrow::Compression::type compression = arrow::Compression::UNCOMPRESSED) {
  auto options = arrow::ipc::IpcWriteOptions::Defaults();
  options.alignment = 64;
  if (compression != arrow::Compression::UNCOMPRESSED) {
    options.codec = arrow::util::Codec::Create(compression).ValueOrDie();
  }
  const auto batch = arrow::RecordBatch::Make(arrow::schema({FieldOf(*column)}),
                                              column->length(), {column});
  arrow::ipc::IpcPayload payload;
  ARROW_CHECK_OK(arrow::ipc::GetRecordBatchPayload(*batch, metadata, options, &payload));
  const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  int32_t metadata_bytes = 0;
  ARROW_CHECK_OK(
      arrow::ipc::WriteIpcPayload(payload, options, sink.get(), &metadata_bytes));
  return sink->Finish().ValueOrDie();
}

TEST(Columns, OfEveryTypeComeBack) {
  for (const auto& [name, column] : AllColumns()) {
    SCOPED_TRACE(name);
    ASSERT_TRUE(column->ValidateFull().ok());
    ExpectComesBack(column);
  }
}

TEST(Columns, ComeBackFromSlices) {
  for (const auto& [name, column] : AllColumns()) {
    SCOPED_TRACE(name);
    for (int64_t offset = 0; offset <= column->length(); ++offset) {
      for (int64_t length = 0; length <= column->length() - offset; ++length) {
        ExpectComesBack(column->Slice(offset, length));
      }
    }
  }
}

TEST(Columns, ComeBackEmpty) {
  for (const auto& [name, column] : AllColumns()) {
    SCOPED_TRACE(name);
    // Arrow makes none of a few types; zero rows of those are among the slices.
    const auto empty = arrow::MakeEmptyArray(column->type());
    if (empty.ok()) {
      ExpectComesBack(*empty);
    }
  }
}

TEST(Columns, ComeBackTogether) {
  arrow::ArrayVector columns;
  arrow::FieldVector fields;
  for (int i = 0; i < 20; ++i) {
    for (const auto& sample : AllColumns()) {
      columns.push_back(sample.column->Slice(1, 1));
      fields.push_back(FieldOf(*sample.column));
    }
  }
  const auto bytes = WrittenBytes(columns, fields, 1);
  const auto read =
      WithExtensions(ReadColumns(bytes, fields, 1).ValueOrDie(), fields).ValueOrDie();
  ASSERT_EQ(read.size(), columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    EXPECT_TRUE(read[i]->ValidateFull().ok());
    EXPECT_TRUE(read[i]->Equals(*columns[i])) << fields[i]->ToString();
  }
}

TEST(Columns, NeedNoBytesWhereThereAreNone) {
  const auto written = ColumnsToWrite::Of({}, {}, 5).ValueOrDie();
  EXPECT_EQ(written.num_bytes(), 0);
  EXPECT_TRUE(written.WriteTo(nullptr).ok());
}

TEST(Columns, ComeBackOfTypesThatAreNestedAsDeepAsTheyMayBe) {
  auto type = arrow::int32();
  for (int depth = 1; depth < 64; ++depth) {
    type = arrow::list(type);
  }
  ExpectComesBack(arrow::MakeArrayOfNull(type, 3).ValueOrDie());
}

TEST(Columns, ReferToTheirBytes) {
  for (const auto& [name, column] : AllColumns()) {
    const auto bytes = BytesOf(column);
    auto* const pool = arrow::default_memory_pool();
    const int64_t before = pool->total_bytes_allocated();
    ASSERT_TRUE(ReadColumns(bytes, {FieldOf(*column)}, column->length()).ok()) << name;
    EXPECT_EQ(pool->total_bytes_allocated(), before) << name;
  }
}

TEST(Columns, OutliveWhoeverReadThem) {
  std::shared_ptr<arrow::Array> read;
  const auto column = FromJson(arrow::utf8(), R"(["abc", null])");
  {
    const auto bytes = BytesOf(column);
    read = ReadOne(bytes, FieldOf(*column), 2).ValueOrDie();
  }
  EXPECT_TRUE(read->Equals(*column));
}

TEST(Columns, TravelAsTheirStorage) {
  const auto uuids = Uuids();
  const auto storage = static_cast<const arrow::ExtensionArray&>(*uuids).storage();
  // Written by who knows the type, read by who does not, and the other way round.
  const auto field = FieldOf(*storage);
  EXPECT_TRUE(ReadOne(BytesOf(uuids), field, 5).ValueOrDie()->Equals(*storage));
  EXPECT_TRUE(ReadOne(BytesOf(storage), FieldOf(*uuids), 5).ValueOrDie()->Equals(*uuids));
  const auto mixed = WrittenBytes({storage}, {FieldOf(*uuids)}, 5);
  EXPECT_TRUE(ReadOne(mixed, field, 5).ValueOrDie()->Equals(*storage));
}

TEST(Columns, TravelBetweenFieldsThatNameAnExtensionTypeAndThoseThatHaveIt) {
  // What Arrow makes of list<uuid> in a process that does not know the type.
  const auto named = arrow::field(
      "item", arrow::fixed_size_binary(16), true,
      arrow::key_value_metadata({"ARROW:extension:name", "ARROW:extension:metadata"},
                                {"arrow.uuid", ""}));
  const auto with = DictionaryOf(arrow::int8(), "[1, 0]", ListsOf(Uuids()));
  const auto without =
      arrow::field("column", arrow::dictionary(arrow::int8(), arrow::list(named)));
  const auto there = ReadOne(BytesOf(with), without, 2).ValueOrDie();
  EXPECT_TRUE(there->type()->Equals(*without->type(), /*check_metadata=*/true));
  EXPECT_TRUE(ReadOne(BytesOf(there), FieldOf(*with), 2).ValueOrDie()->Equals(*with));
}

TEST(Columns, RefuseToBeWrittenAsAnotherType) {
  const auto column = FromJson(arrow::int64(), "[1]");
  ExpectInvalid(ColumnsToWrite::Of({column}, {arrow::field("", arrow::int32())}, 1),
                "a column is of another type: int64, expected int32");
}

TEST(Columns, RefuseMoreBuffersThanTheirMetadataHolds) {
  arrow::BufferVector buffers{nullptr, arrow::AllocateBuffer(0).ValueOrDie()};
  // None has unused bytes, so that the column is not written anew.
  buffers.insert(buffers.end(), 1'100'000, buffers[1]);
  const auto column =
      arrow::MakeArray(arrow::ArrayData::Make(arrow::binary_view(), 0, buffers, 0));
  const auto refused = ColumnsToWrite::Of({column}, {FieldOf(*column)}, 0);
  EXPECT_TRUE(refused.status().IsCapacityError());
  EXPECT_NE(refused.status().message().find("too many buffers"), std::string::npos);
}

TEST(Columns, RefuseTruncationAtEveryLength) {
  for (const auto& [name, column] : AllColumns()) {
    const auto bytes = BytesOf(column);
    for (int64_t length = 0; length < bytes->size(); ++length) {
      const auto read =
          ReadColumns(CopyOf(*bytes, length), {FieldOf(*column)}, column->length());
      ASSERT_FALSE(read.ok()) << name << " with " << length << " bytes";
      EXPECT_FALSE(read.status().message().empty());
    }
  }
}

TEST(Columns, RefuseBytesAfterThem) {
  const auto column = FromJson(arrow::int64(), "[1]");
  const auto bytes = BytesOf(column);
  const auto longer = arrow::AllocateBuffer(bytes->size() + 8).ValueOrDie();
  std::memset(longer->mutable_data(), 0, static_cast<std::size_t>(longer->size()));
  std::memcpy(longer->mutable_data(), bytes->data(),
              static_cast<std::size_t>(bytes->size()));
  ExpectInvalid(ReadColumns(arrow::SliceBuffer(CopyOf(*longer, longer->size()), 0),
                            {FieldOf(*column)}, 1),
                "the columns are followed by 8 bytes");
}

TEST(Columns, RefuseAnotherNumberOfRows) {
  const auto column = FromJson(arrow::int64(), "[1, 2, 3]");
  for (const int64_t num_rows : {int64_t{0}, int64_t{2}, int64_t{4}, int64_t{-1},
                                 std::numeric_limits<int64_t>::max()}) {
    ExpectInvalid(ReadColumns(BytesOf(column), {FieldOf(*column)}, num_rows),
                  "wrong length: 3 rows, expected " + std::to_string(num_rows));
  }
}

TEST(Columns, RefuseAnotherNumberOfColumns) {
  const auto column = FromJson(arrow::int64(), "[1, 2, 3]");
  const auto field = FieldOf(*column);
  EXPECT_FALSE(ReadColumns(BytesOf(column), {field, field}, 3).ok());
}

TEST(Columns, RefuseTypesOfAnotherShape) {
  const auto samples = SampleColumns();
  for (const auto& [name, column] : samples) {
    const auto bytes = BytesOf(column);
    for (const auto& [other_name, other] : samples) {
      // Where the buffers are alike the bytes cannot tell; that they do no harm is what
      // ValidateFull is for.
      const auto read = ReadColumns(bytes, {FieldOf(*other)}, column->length());
      if (read.ok()) {
        (void)(*read)[0]->ValidateFull();
      }
    }
  }
  const auto texts = FromJson(arrow::utf8(), R"(["a"])");
  EXPECT_FALSE(
      ReadColumns(BytesOf(texts), {arrow::field("", arrow::list(arrow::int8()))}, 1)
          .ok());
  const auto words = DictionaryOf(arrow::int8(), "[0]", texts);
  const auto indices = FromJson(arrow::int8(), "[0]");
  ExpectInvalid(ReadColumns(BytesOf(indices), {FieldOf(*words)}, 1),
                "of another form than those of dictionary");
  ExpectInvalid(ReadColumns(MessageOf(indices), {FieldOf(*words)}, 1),
                "not in the form that is accepted here");
  ExpectInvalid(ReadColumns(BytesOf(words), {arrow::field("", arrow::int8())}, 1),
                "the columns are followed by");
}

TEST(Columns, RefuseACompressedBody) {
  const auto column =
      arrow::MakeArrayFromScalar(arrow::Int64Scalar(7), 100'000).ValueOrDie();
  int num_tried = 0;
  for (const auto compression :
       {arrow::Compression::LZ4_FRAME, arrow::Compression::ZSTD}) {
    if (!arrow::util::Codec::IsAvailable(compression)) {
      continue;
    }
    ++num_tried;
    const auto bytes = MessageOf(column, nullptr, compression);
    EXPECT_LT(bytes->size(), 100'000);
    const int64_t before = arrow::default_memory_pool()->total_bytes_allocated();
    ExpectInvalid(ReadColumns(bytes, {FieldOf(*column)}, column->length()),
                  "not in the form that is accepted here");
    EXPECT_EQ(arrow::default_memory_pool()->total_bytes_allocated(), before);
  }
  if (num_tried == 0) {
    GTEST_SKIP() << "this build of Arrow compresses nothing";
  }
}

TEST(Columns, RefuseMetadataOfTheirOwn) {
  const auto column = FromJson(arrow::int64(), "[1]");
  ASSERT_TRUE(ReadColumns(MessageOf(column), {FieldOf(*column)}, 1).ok());
  ExpectInvalid(ReadColumns(MessageOf(column, arrow::key_value_metadata({"a"}, {"b"})),
                            {FieldOf(*column)}, 1),
                "they have metadata of their own");
}

TEST(Columns, RefuseAMessageOfAnotherKind) {
  const auto column = FromJson(arrow::int64(), "[1]");
  const auto schema = arrow::schema({FieldOf(*column)});
  const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  const auto writer = arrow::ipc::MakeStreamWriter(sink, schema).ValueOrDie();
  ASSERT_TRUE(
      writer->WriteRecordBatch(*arrow::RecordBatch::Make(schema, 1, {column})).ok());
  ASSERT_TRUE(writer->Close().ok());
  ExpectInvalid(ReadColumns(sink->Finish().ValueOrDie(), {FieldOf(*column)}, 1),
                "they are in a message of another kind");
}

TEST(Columns, RefuseNumbersOfViewBuffersThatAreNotThere) {
  const auto column =
      FromJson(arrow::utf8_view(), R"(["a text of more than twelve bytes"])");
  const auto bytes = BytesOf(column);
  int num_refused = 0;
  for (int64_t place = 8; place < bytes->size() - 48; place += 4) {
    int64_t number = 0;
    std::memcpy(&number, bytes->data() + place, sizeof(number));
    if (number != 1) {
      continue;
    }
    for (const int64_t wrong : {int64_t{std::numeric_limits<int32_t>::max()}, int64_t{4},
                                int64_t{-1}, std::numeric_limits<int64_t>::min()}) {
      const auto broken = CopyOf(*bytes, bytes->size());
      std::memcpy(broken->mutable_data() + place, &wrong, sizeof(wrong));
      const auto read = ReadColumns(broken, {FieldOf(*column)}, 1);
      num_refused +=
          read.status().message().find("variadic") != std::string::npos ? 1 : 0;
    }
  }
  EXPECT_EQ(num_refused, 4);
}

TEST(Columns, RefuseTooMuchMetadata) {
  auto bytes = arrow::AllocateBuffer(64).ValueOrDie();
  std::memset(bytes->mutable_data(), 0, 64);
  const uint32_t prefix[] = {0xffffffff, kMaxMetadataBytes + 8};
  std::memcpy(bytes->mutable_data(), prefix, sizeof(prefix));
  ExpectInvalid(ReadColumns(std::move(bytes), {arrow::field("", arrow::int8())}, 1),
                "at most 16777216 are accepted");
}

TEST(Columns, RefuseMessagesAtAnOddAddress) {
  const auto column = FromJson(arrow::int64(), "[1, 2]");
  const auto bytes = MessageOf(column);
  const auto moved = arrow::AllocateBuffer(bytes->size() + 4).ValueOrDie();
  std::memcpy(moved->mutable_data() + 4, bytes->data(),
              static_cast<std::size_t>(bytes->size()));
  const auto odd = std::make_shared<arrow::Buffer>(moved->data() + 4, bytes->size());
  ExpectInvalid(ReadColumns(odd, {FieldOf(*column)}, 2),
                "not in the form that is accepted here");
}

TEST(Columns, WithAnyByteChangedDoNoHarm) {
  std::mt19937 random(20240601);
  for (const auto& [name, column] : AllColumns()) {
    const auto bytes = BytesOf(column);
    const auto field = FieldOf(*column);
    for (int64_t place = 0; place < bytes->size(); ++place) {
      for (int i = 0; i < 2; ++i) {
        const auto broken = CopyOf(*bytes, bytes->size());
        broken->mutable_data()[place] ^= static_cast<uint8_t>(1 + random() % 255);
        (void)ReadOne(broken, field, column->length());
      }
    }
  }
}

TEST(Columns, WithManyBytesChangedDoNoHarm) {
  std::mt19937 random(20240602);
  for (const auto& [name, column] : AllColumns()) {
    const auto bytes = BytesOf(column);
    const auto field = FieldOf(*column);
    for (int i = 0; i < 300; ++i) {
      const auto broken = CopyOf(*bytes, bytes->size());
      for (int j = 0; j < 1 + i / 30; ++j) {
        const auto place = static_cast<int64_t>(random() % bytes->size());
        broken->mutable_data()[place] = static_cast<uint8_t>(random());
      }
      (void)ReadOne(broken, field, column->length());
    }
  }
}

TEST(Columns, WithWrongOffsetsAreReadAndNotValid) {
  const auto column = FromJson(arrow::utf8(), R"(["abc", "de"])");
  const int32_t wrong = std::numeric_limits<int32_t>::max();
  const auto bytes = BytesOf(column);
  // The last 128 bytes are the offsets 0, 3, 5 and the text, each up to a multiple of 64;
  // of a message the last 24, each up to a multiple of 8.
  const auto message = MessageOf(column);
  std::memcpy(bytes->mutable_data() + bytes->size() - 128 + 4, &wrong, sizeof(wrong));
  std::memcpy(message->mutable_data() + message->size() - 24 + 4, &wrong, sizeof(wrong));
  for (const auto& broken : {bytes, message}) {
    const auto read = ReadColumns(broken, {FieldOf(*column)}, 2);
    ASSERT_TRUE(read.ok()) << read.status().ToString();
    EXPECT_FALSE((*read)[0]->ValidateFull().ok());
  }
}

}  // namespace

}  // namespace springald::wire
