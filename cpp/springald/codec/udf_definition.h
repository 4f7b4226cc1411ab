#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <arrow/type.h>

#include "springald/codec/content_hash.h"
#include "springald/codec/udf_limits.h"

namespace springald {

// The numbers of these enumerations are those of proto/springald.proto and of
// include/springald/abi.h. 0 is "unspecified" there and never valid here.

enum class UdfKind : int32_t { kScalar = 1 };

/// What the function is given and returns.
enum class UdfMode : int32_t {
  kArrow = 1,  ///< one pyarrow.Array per argument in, one array out
  kRow = 2,    ///< one Python value per argument in, one Python value out
  // To the runtime these are arrow mode: the callable is a form that converts.
  kPandas = 3,    ///< one Series or DataFrame per argument in, one out
  kNumpy = 4,     ///< one NumPy array per argument in, one out
  kIterator = 5,  ///< an iterator of batches in, an iterator of columns out
};

enum class Volatility : int32_t { kImmutable = 1, kStable = 2, kVolatile = 3 };

/// What happens to a row that has a null argument. kSkip is not for arrow and iterator.
enum class NullHandling : int32_t {
  kCall = 1,  ///< the function is called with None
  /// A null in an argument whose field is not nullable gives a null result
  /// without a call; in a nullable one the function is called with None.
  kSkip = 2,
};

/// A module that the function needs, with the version seen at definition.
struct Requirement {
  std::string module;
  std::string version;

  bool operator==(const Requirement&) const = default;
};

/// The Python that the payload was made by.
struct PythonEnvironment {
  std::string implementation;  ///< as in `sys.implementation.name`
  std::string version;         ///< "3.11.7"
  std::string cloudpickle_version;
  std::string pyarrow_version;

  bool operator==(const PythonEnvironment&) const = default;
};

/// Where the function's source stands, so that a traceback can show its lines
/// on a machine that does not have the file.
struct SourceText {
  std::string file_name;
  int32_t first_line = 0;  ///< line number of the first line of `text`; 0: unknown
  std::string text;

  bool operator==(const SourceText&) const = default;
};

/// How a payload_reference starts that names an object of this process. Such a
/// definition needs no payload_hash; any other reference does.
inline constexpr std::string_view kLiveReferencePrefix = "live:";

/// A Python function as it travels: everything needed to plan with it, and the
/// pickled function itself. A value type; shared between threads as const.
struct UdfDefinition {
  UdfKind kind = UdfKind::kScalar;
  std::string name;
  UdfMode mode = UdfMode::kArrow;
  /// One field per argument, in order. A field that is not nullable is one
  /// that the function cannot be given a null for; see NullHandling.
  std::shared_ptr<arrow::Schema> arguments;
  /// The type of the result. Not nullable: the function must not return null.
  std::shared_ptr<arrow::Field> result;
  Volatility volatility = Volatility::kImmutable;
  NullHandling null_handling = NullHandling::kCall;
  PythonEnvironment environment;
  std::vector<Requirement> requirements;
  std::optional<SourceText> source;
  /// cloudpickle bytes. Empty where the function is a live object of this
  /// process, which is then told apart by `payload_reference`.
  std::string payload;
  /// Names a payload that is not inside the definition.
  std::string payload_reference;
  /// SHA-256 of the payload, inline or referenced. Zero for a live object.
  ContentHash payload_hash;
  /// The function's own; the tighter ones of these and the runtime's hold.
  UdfLimits limits;

  /// Compares everything, also the metadata of the fields.
  bool Equals(const UdfDefinition& other) const;
};

}  // namespace springald
