#pragma once

namespace springald::worker {

/// Has Python write what it has kept of `sys.stdout` and `sys.stderr`, so that it arrives
/// before the answer that it belongs to. Streams that the user has closed or replaced by
/// something else are left alone. REQUIRES: the GIL; keeps no exception set.
void FlushStandardStreams();

}  // namespace springald::worker
