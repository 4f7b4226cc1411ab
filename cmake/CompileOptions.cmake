# springald_options: how all C++ of the project is compiled.

add_library(springald_options INTERFACE)
# -Wno-restrict: g++ 12 warns of std::string's own code (GCC bug 105651).
target_compile_options(springald_options INTERFACE -Wall -Wextra -Werror
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
if(SPRINGALD_SANITIZE)
  target_compile_options(springald_options INTERFACE
    -fsanitize=${SPRINGALD_SANITIZE} -fno-sanitize-recover=undefined
    -fno-omit-frame-pointer -g)
  target_link_options(springald_options INTERFACE -fsanitize=${SPRINGALD_SANITIZE})
endif()
