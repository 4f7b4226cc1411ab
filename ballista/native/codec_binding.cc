#include "codec_binding.h"

#include <string>
#include <utility>

#include <nanobind/stl/string.h>

#include "capsule.h"
#include "glue_call.h"

namespace nb = nanobind;

namespace springald::cluster {

namespace {

/// Immutable; makes a new capsule for every session that asks.
class Codec {
 public:
  explicit Codec(std::string options) : options_(std::move(options)) {}

  nb::object LogicalCapsule(nb::handle session) const {
    const TaskContextProvider provider(session);
    FFI_LogicalExtensionCodec* codec = nullptr;
    CallGlue([&](springald_error* error) {
      return springald_ballista_logical_codec_create(provider.get(), options_.c_str(),
                                                     &codec, error);
    });
    return OwningCapsule<springald_ballista_logical_codec_release>(
        codec, "datafusion_logical_extension_codec");
  }

  nb::object PhysicalCapsule(nb::handle session) const {
    const TaskContextProvider provider(session);
    FFI_PhysicalExtensionCodec* codec = nullptr;
    CallGlue([&](springald_error* error) {
      return springald_ballista_physical_codec_create(provider.get(), options_.c_str(),
                                                      &codec, error);
    });
    return OwningCapsule<springald_ballista_physical_codec_release>(
        codec, "datafusion_physical_extension_codec");
  }

 private:
  const std::string options_;
};

}  // namespace

void BindCodec(nb::module_& module) {
  nb::class_<Codec>(module, "Codec",
                    "The logical and the physical codec of a session, which carry "
                    "definitions in plans. `options` is JSON.")
      .def(nb::init<std::string>(), nb::arg("options"))
      .def_prop_ro(
          "__datafusion_codec_id__", [](const Codec&) { return "springald"; },
          "The name under which the session's chain of codecs knows this one.")
      .def("__datafusion_logical_extension_codec__", &Codec::LogicalCapsule,
           nb::arg("session"), "Return a capsule that the session can take over.")
      .def("__datafusion_physical_extension_codec__", &Codec::PhysicalCapsule,
           nb::arg("session"), "Return a capsule that the session can take over.");
}

}  // namespace springald::cluster
