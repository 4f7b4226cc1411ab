// Compiled only: abi.h needs nothing before it, and stands being included twice.
#include "springald/abi.h"
