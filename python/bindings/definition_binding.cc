#include "definition_binding.h"

#include <memory>
#include <string>
#include <vector>

#include <arrow/c/bridge.h>
#include <arrow/type.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include "arrow_exchange.h"
#include "error_binding.h"

namespace nb = nanobind;

namespace springald::bindings {

namespace {

using Source = std::tuple<std::string, int32_t, std::string>;

Definition Decode(nb::bytes data) {
  Definition definition;
  springald_definition* handle = nullptr;
  Error error;
  if (springald_definition_decode(static_cast<const uint8_t*>(data.data()), data.size(),
                                  &handle, &error) != 0) {
    Raise(error);
  }
  definition.handle.reset(handle);
  return definition;
}

Definition Create(const std::string& name, int32_t mode, nb::handle arguments,
                  nb::handle result, int32_t volatility, int32_t null_handling,
                  const std::string& python_implementation,
                  const std::string& python_version,
                  const std::string& cloudpickle_version,
                  const std::string& pyarrow_version,
                  const std::vector<std::pair<std::string, std::string>>& requirements,
                  const std::optional<Source>& source, nb::bytes payload,
                  const std::string& payload_reference, int64_t timeout_ms,
                  int64_t memory_limit_bytes, int64_t cpu_limit_ms,
                  int64_t max_open_files, int64_t max_result_bytes) {
  std::vector<springald_requirement> required;
  for (const auto& [module, version] : requirements) {
    required.push_back({module.c_str(), version.c_str()});
  }
  springald_definition_fields fields{};
  fields.struct_size = sizeof(fields);
  fields.name = name.c_str();
  fields.mode = mode;
  fields.volatility = volatility;
  fields.null_handling = null_handling;
  fields.python_implementation = python_implementation.c_str();
  fields.python_version = python_version.c_str();
  fields.cloudpickle_version = cloudpickle_version.c_str();
  fields.pyarrow_version = pyarrow_version.c_str();
  fields.requirements = required.data();
  fields.num_requirements = required.size();
  if (source.has_value()) {
    fields.source_file = std::get<0>(*source).c_str();
    fields.source_first_line = std::get<1>(*source);
    fields.source_text = std::get<2>(*source).c_str();
  }
  if (payload.size() > 0) {
    fields.payload = static_cast<const uint8_t*>(payload.data());
    fields.payload_size = payload.size();
  }
  fields.payload_reference = payload_reference.c_str();
  fields.timeout_ms = timeout_ms;
  fields.memory_limit_bytes = memory_limit_bytes;
  fields.cpu_limit_ms = cpu_limit_ms;
  fields.max_open_files = max_open_files;
  fields.max_result_bytes = max_result_bytes;
  ArrowSchema argument_schema{};
  ArrowSchema result_schema{};
  ExportSchema(arguments, &argument_schema);
  ExportField(result, &result_schema);
  springald_definition* handle = nullptr;
  Error error;
  if (springald_definition_create(&fields, &argument_schema, &result_schema, &handle,
                                  &error) != 0) {
    Raise(error);
  }
  Definition definition;
  definition.handle.reset(handle);
  return definition;
}

springald_definition_fields Describe(const Definition& definition) {
  springald_definition_fields fields{};
  fields.struct_size = sizeof(fields);
  Error error;
  if (springald_definition_describe(definition.handle.get(), &fields, &error) != 0) {
    Raise(error);
  }
  return fields;
}

nb::bytes ToBytes(const Definition& definition) {
  const uint8_t* bytes = nullptr;
  std::size_t size = 0;
  springald_definition_bytes(definition.handle.get(), &bytes, &size, nullptr);
  return nb::bytes(bytes, size);
}

std::vector<std::pair<std::string, std::string>> Requirements(
    const Definition& definition) {
  const auto fields = Describe(definition);
  std::vector<std::pair<std::string, std::string>> requirements;
  for (std::size_t i = 0; i < fields.num_requirements; ++i) {
    requirements.emplace_back(fields.requirements[i].module,
                              fields.requirements[i].version);
  }
  return requirements;
}

std::optional<Source> SourceOf(const Definition& definition) {
  const auto fields = Describe(definition);
  if (fields.source_text == nullptr) {
    return std::nullopt;
  }
  return Source(fields.source_file, fields.source_first_line, fields.source_text);
}

nb::bytes Payload(const Definition& definition) {
  const auto fields = Describe(definition);
  return nb::bytes(fields.payload, fields.payload_size);
}

/// A getter for one text or number of the description.
template <auto kMember>
auto Get(const Definition& definition) {
  const auto value = Describe(definition).*kMember;
  if constexpr (std::is_same_v<std::remove_const_t<decltype(value)>, const char*>) {
    return std::string(value == nullptr ? "" : value);
  } else {
    return value;
  }
}

/// The types that a definition promises.
struct Signature {
  std::shared_ptr<arrow::Schema> arguments;
  std::shared_ptr<arrow::Field> result;
};

Signature SignatureOf(const Definition& definition) {
  ArrowSchema arguments{};
  ArrowSchema result{};
  Error error;
  if (springald_definition_signature(definition.handle.get(), &arguments, &result,
                                     &error) != 0) {
    Raise(error);
  }
  auto schema = arrow::ImportSchema(&arguments);
  auto field = arrow::ImportField(&result);
  ThrowNotOk(schema.status());
  ThrowNotOk(field.status());
  return {*schema, *field};
}

}  // namespace

std::string NameOf(const Definition& definition) { return Describe(definition).name; }

std::shared_ptr<arrow::DataType> ResultTypeOf(const Definition& definition) {
  return SignatureOf(definition).result->type();
}

std::string HashOf(const Definition& definition) {
  const uint8_t* hash = nullptr;
  springald_definition_bytes(definition.handle.get(), nullptr, nullptr, &hash);
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (int i = 0; i < 32; ++i) {
    hex += kDigits[hash[i] >> 4];
    hex += kDigits[hash[i] & 15];
  }
  return hex;
}

void BindDefinition(nb::module_& module) {
  using Fields = springald_definition_fields;
  nb::class_<Definition>(
      module, "Definition",
      "A function as it travels: signature, environment and payload. Immutable.")
      .def_static("decode", Decode, nb::arg("data"),
                  "Read the bytes that `to_bytes` made. Runs no code of the function.")
      .def_static(
          "create", Create, nb::kw_only(), nb::arg("name"), nb::arg("mode"),
          nb::arg("arguments"), nb::arg("result"), nb::arg("volatility"),
          nb::arg("null_handling"), nb::arg("python_implementation"),
          nb::arg("python_version"), nb::arg("cloudpickle_version"),
          nb::arg("pyarrow_version"), nb::arg("requirements"), nb::arg("source").none(),
          nb::arg("payload"), nb::arg("payload_reference"), nb::arg("timeout_ms") = 0,
          nb::arg("memory_limit_bytes") = 0, nb::arg("cpu_limit_ms") = 0,
          nb::arg("max_open_files") = 0, nb::arg("max_result_bytes") = 0,
          "Make a definition; the numbers are those of proto/springald.proto, and 0 "
          "sets no limit.")
      .def("to_bytes", ToBytes)
      .def_prop_ro("hash", HashOf)
      .def_prop_ro("name", NameOf)
      .def_prop_ro("mode", Get<&Fields::mode>)
      .def_prop_ro("volatility", Get<&Fields::volatility>)
      .def_prop_ro("null_handling", Get<&Fields::null_handling>)
      .def_prop_ro("python_implementation", Get<&Fields::python_implementation>)
      .def_prop_ro("python_version", Get<&Fields::python_version>)
      .def_prop_ro("cloudpickle_version", Get<&Fields::cloudpickle_version>)
      .def_prop_ro("pyarrow_version", Get<&Fields::pyarrow_version>)
      .def_prop_ro("payload_reference", Get<&Fields::payload_reference>)
      .def_prop_ro("timeout_ms", Get<&Fields::timeout_ms>)
      .def_prop_ro("memory_limit_bytes", Get<&Fields::memory_limit_bytes>)
      .def_prop_ro("cpu_limit_ms", Get<&Fields::cpu_limit_ms>)
      .def_prop_ro("max_open_files", Get<&Fields::max_open_files>)
      .def_prop_ro("max_result_bytes", Get<&Fields::max_result_bytes>)
      .def_prop_ro("requirements", Requirements)
      .def_prop_ro("source", SourceOf)
      .def_prop_ro("payload", Payload)
      .def_prop_ro(
          "arguments",
          [](const Definition& self) { return WrapSchema(SignatureOf(self).arguments); },
          nb::for_getter(nb::sig("def arguments(self, /) -> typing.Any")))
      .def_prop_ro(
          "result",
          [](const Definition& self) { return WrapField(SignatureOf(self).result); },
          nb::for_getter(nb::sig("def result(self, /) -> typing.Any")));
}

}  // namespace springald::bindings
