#include "expression_binding.h"

#include <cstdint>
#include <vector>

#include <nanobind/stl/vector.h>

#include "encoded_definitions.h"
#include "glue_call.h"
#include "springald/ballista.h"

namespace nb = nanobind;

namespace springald::cluster {

namespace {

/// Bytes of the glue that release themselves.
struct GlueBytes : springald_bytes {
  GlueBytes() : springald_bytes{} {}
  ~GlueBytes() {
    if (release != nullptr) {
      release(this);
    }
  }
  GlueBytes(const GlueBytes&) = delete;
  GlueBytes& operator=(const GlueBytes&) = delete;
};

nb::bytes RewriteExpression(nb::bytes expression,
                            const std::vector<nb::bytes>& definitions) {
  const EncodedDefinitions known(definitions);
  const auto* encoded = static_cast<const uint8_t*>(expression.data());
  const std::size_t size = expression.size();
  GlueBytes out;
  CallGlue([&](springald_error* error) {
    return springald_ballista_rewrite_expression(encoded, size, known.data.data(),
                                                 known.sizes.data(), known.data.size(),
                                                 &out, error);
  });
  return nb::bytes(out.data, out.size);
}

}  // namespace

void BindExpression(nb::module_& module) {
  module.def("rewrite_expression", RewriteExpression, nb::arg("expression"),
             nb::arg("definitions"),
             "Return the expression with placeholders instead of the wheel's own Python "
             "functions.\n\n"
             "`expression` is what `Expr.to_bytes` gives; the pickle of each of its "
             "functions holds the text \"springald:\" and the hexadecimal hash of one of "
             "`definitions`, which are encoded.");
}

}  // namespace springald::cluster
