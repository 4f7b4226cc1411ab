#include "springald/backend/payload_check.h"

#include "springald/base/udf_error.h"

namespace springald {

arrow::Status CheckHasPayload(const UdfDefinition& definition) {
  if (!definition.payload.empty()) {
    return arrow::Status::OK();
  }
  return MakeUdfError(UdfErrorCode::kInvalidDefinition,
                      "the definition carries no payload but refers to " +
                          definition.payload_reference +
                          ", which this process does not have");
}

}  // namespace springald
