# One call per target: springald_library, springald_test and springald_python_test.

include("${CMAKE_CURRENT_LIST_DIR}/CompileOptions.cmake")
target_include_directories(springald_options INTERFACE
  "${PROJECT_SOURCE_DIR}/cpp" "${PROJECT_SOURCE_DIR}/include")

# springald_library(NAME sources... LINK libraries...): an internal static library.
function(springald_library name)
  cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
  add_library(springald_${name} STATIC ${arg_UNPARSED_ARGUMENTS})
  target_link_libraries(springald_${name} PUBLIC springald_options Arrow::arrow
    ${arg_LINK})
endfunction()

# springald_test(NAME sources... LINK libraries...): a GoogleTest program without Python.
function(springald_test name)
  if(NOT SPRINGALD_TESTS)
    return()
  endif()
  cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
  add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE ${arg_LINK} GTest::gtest_main)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT 300)
endfunction()

# springald_python_test(NAME sources... LINK libraries...): a GoogleTest suite that runs
# inside the building interpreter, so that no libpython is needed.
function(springald_python_test name)
  if(NOT SPRINGALD_TESTS)
    return()
  endif()
  cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
  add_library(${name} MODULE ${arg_UNPARSED_ARGUMENTS}
    "${PROJECT_SOURCE_DIR}/cpp/springald/python/gtest_entry.cc")
  target_link_libraries(${name} PRIVATE ${arg_LINK} GTest::gtest)
  add_test(NAME ${name}
    COMMAND "${Python_EXECUTABLE}" "${PROJECT_SOURCE_DIR}/tools/run_gtest.py"
            $<TARGET_FILE:${name}>)
  set(environment "PYTHONDONTWRITEBYTECODE=1")
  if(SPRINGALD_SANITIZE)
    # The interpreter itself is not instrumented and leaks at exit by design.
    if(SPRINGALD_SANITIZE STREQUAL "thread")
      set(runtime libtsan.so)
    else()
      set(runtime libasan.so)
      list(APPEND environment "ASAN_OPTIONS=detect_leaks=0")
    endif()
    execute_process(COMMAND ${CMAKE_CXX_COMPILER} -print-file-name=${runtime}
      OUTPUT_VARIABLE sanitizer OUTPUT_STRIP_TRAILING_WHITESPACE)
    execute_process(COMMAND ${CMAKE_CXX_COMPILER} -print-file-name=libstdc++.so
      OUTPUT_VARIABLE stdcxx OUTPUT_STRIP_TRAILING_WHITESPACE)
    list(APPEND environment "LD_PRELOAD=${sanitizer} ${stdcxx}")
  endif()
  set_tests_properties(${name} PROPERTIES TIMEOUT 300 ENVIRONMENT "${environment}")
endfunction()

# springald_shared_library(NAME sources... LINK libraries...): lib<NAME>.so as it is
# shipped in the wheel, where it finds pyarrow's libraries beside its own package.
function(springald_shared_library name)
  cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
  set(target ${name}_shared)
  set(symbols "${PROJECT_SOURCE_DIR}/cpp/springald/abi/springald.map")
  add_library(${target} SHARED ${arg_UNPARSED_ARGUMENTS})
  target_link_libraries(${target} PRIVATE ${arg_LINK})
  target_compile_definitions(${target} PRIVATE SPRINGALD_VERSION="${SPRINGALD_VERSION}")
  target_include_directories(${target} INTERFACE "${PROJECT_SOURCE_DIR}/include")
  target_link_options(${target} PRIVATE "-Wl,--version-script=${symbols}")
  set_target_properties(${target} PROPERTIES
    OUTPUT_NAME ${name}
    LINK_DEPENDS "${symbols}"
    INSTALL_RPATH "$ORIGIN:$ORIGIN/../pyarrow")
  install(TARGETS ${target} LIBRARY DESTINATION springald)
endfunction()
