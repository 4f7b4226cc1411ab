#include <arrow/extension_type.h>
#include <arrow/type.h>

#include "springald/python/box/boxer.h"

namespace springald::python {

namespace {

// Deep enough for anybody, and far from the end of a thread's stack.
constexpr int kMaxDepth = 64;

/// Why values of this type cannot be made, whatever it holds; null where they can.
const char* RefusalOf(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::SPARSE_UNION:
    case arrow::Type::DENSE_UNION:
      return "which is not supported: use one column for each of its types";
    case arrow::Type::INTERVAL_MONTHS:
    case arrow::Type::INTERVAL_DAY_TIME:
      return "which has no Python value: cast it to month_day_nano_interval";
    default:
      return type.id() < arrow::Type::MAX_ID ? nullptr : "which is not known here";
  }
}

/// What was found inside a type that is refused.
struct Refusal {
  const arrow::DataType* type = nullptr;  // null where nothing is refused
  const char* reason = nullptr;
};

Refusal FindRefusal(const arrow::DataType& type, int depth) {
  if (depth > kMaxDepth) {
    return {&type, "which is nested more than 64 deep: flatten it"};
  }
  if (const char* reason = RefusalOf(type)) {
    return {&type, reason};
  }
  if (type.id() == arrow::Type::DICTIONARY) {
    return FindRefusal(*static_cast<const arrow::DictionaryType&>(type).value_type(),
                       depth + 1);
  }
  if (type.id() == arrow::Type::EXTENSION) {
    return FindRefusal(*static_cast<const arrow::ExtensionType&>(type).storage_type(),
                       depth + 1);
  }
  for (const auto& field : type.fields()) {
    const Refusal refusal = FindRefusal(*field->type(), depth + 1);
    if (refusal.type != nullptr) {
      return refusal;
    }
  }
  return {};
}

}  // namespace

bool BoxerSupports(const arrow::DataType& type) {
  return FindRefusal(type, /*depth=*/1).type == nullptr;
}

std::string BoxerRefusal(const arrow::DataType& type) {
  const Refusal refusal = FindRefusal(type, /*depth=*/1);
  if (refusal.type == nullptr) {
    return "";
  }
  if (refusal.type == &type) {
    return "it is a " + type.name() + ", " + refusal.reason;
  }
  return "it holds a " + refusal.type->name() + ", " + refusal.reason;
}

}  // namespace springald::python
