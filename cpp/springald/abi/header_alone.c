/* Compiled only: abi.h needs nothing before it, and stands being included twice. */
#include "springald/abi.h"

/* ISO C wants a file to declare something. */
extern int header_alone;
